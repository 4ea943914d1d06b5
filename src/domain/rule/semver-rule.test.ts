import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RuleType } from './rule-spec.ts';
import { comparePrecedence, isCandidate } from '../tag/compare-versions.ts';
import { parseVersionTag } from '../tag/version-tag.ts';
import { outcome, ruleOf } from '../../../test/support/domain/rules.ts';
import { buildRule } from './rule-catalogue.ts';
import { InvalidRuleError } from '../tag/invalid-rule-error.ts';

/** What a rule selects, and why. */
const select = (type: RuleType, current: string, tags: readonly string[]) => outcome(ruleOf(type), current, tags);

const WHOAMI = ['v1.9.0', 'v1.9.5', 'v1.10.0', 'v1.10.2', 'v2.0.0', 'latest', `sha256-${'0'.repeat(64)}.sig`];

describe.each<[type: RuleType, rows: [current: string, tags: string, selected: string | undefined][]]>([
  [
    'semver-major',
    [
      ['1.9', '1.9 1.10 2.0 2.1', '2.1'],
      ['1.9', '1.10 10.0 9.0', '10.0'],
      ['1.9', '1.10 1.11', undefined],
      ['2.0', '1.9', undefined],
      ['3', '4 5 20260805 latest', '5'],
      ['v1.9.0', WHOAMI.join(' '), 'v2.0.0'],
      ['2.0.0-rc1', '2.0.0 3.0.0-rc1', undefined],
      ['10.0.6-apache', '11.0.0 11.0.0-apache 12.0.0-fpm', '11.0.0-apache'],
      ['9007199254740991.0', '9007199254740993.0 9007199254740992.0', '9007199254740993.0'],
    ],
  ],
  [
    'semver-minor',
    [
      ['1.9', '1.2 1.10', '1.10'],
      ['1.9', '1.2', undefined],
      ['1.9', '2.10', undefined],
      ['v1.9.0', WHOAMI.join(' '), 'v1.10.2'],
      ['v1.10.2', WHOAMI.join(' '), undefined],
      ['1.9.0', WHOAMI.join(' '), undefined],
      ['1.25', '1.26.3 1.26', '1.26'],
      ['1.25', '1.26.3', undefined],
      ['3', '3.1 4', undefined],
      ['1.9.0', '1.10.0-rc1', undefined],
      ['1.9.0-rc1', '1.10.0-rc1 1.10.0', '1.10.0'],
      ['1.9-alpine3.20', '1.10-alpine3.21 1.10-alpine 1.10 1.10-alpine3.20', '1.10-alpine3.20'],
      ['2024.01', '2024.02 2024.2 2025.1', '2024.02'],
      ['7.4.1708', '7.6.1810 7.7.1908 latest', '7.7.1908'],
    ],
  ],
  [
    'semver-patch',
    [
      ['1.9.0', '1.9.5 1.9.10 1.10.0', '1.9.10'],
      ['v1.9.0', WHOAMI.join(' '), 'v1.9.5'],
      ['1.9.5', '1.9.0 1.10.0', undefined],
      ['1.9', '1.9.1', undefined],
      ['1.9', '1.9 1.9', undefined],
      ['5.0.1.21', '5.0.1.38 5.0.2.1 5.1.0.0', '5.0.2.1'],
      ['1.9.0-rc1', '1.9.0-rc2 1.9.0-rc10', '1.9.0-rc10'],
      ['1.9.0-rc1', '1.9.0-rc2 1.9.0', '1.9.0'],
      ['1.9.0', '1.9.0-rc2', undefined],
      ['21.0.2_9-jdk', '21.0.2_13-jdk 21.0.2_13-jre', '21.0.2_13-jdk'],
      ['21-ea-9', '21-ea-35 21-rc 22-ea-1', '21-ea-35'],
      ['21-ea', '21-ea-35 21-rc 22-ea-1', '21-rc'],
      ['13-ea', '13-ea-30', undefined],
      ['4.0-20220107', '4.0-20230108 4.0-3', '4.0-20230108'],
      ['3', '4 5', undefined],
    ],
  ],
])('%s', (type, rows) => {
  it.each(rows)('moves %s, of %s, to %s', (current, tags, selected) => {
    expect(select(type, current, tags.split(' ')).tag).toBe(selected);
  });
});

describe('the reason', () => {
  it.each<[type: RuleType, current: string, tags: string, reason: string]>([
    [
      'semver-minor',
      'v1.9.0',
      'v1.9.5 v1.10.0 v1.10.2 v1.11.0-rc1 v2.0.0',
      'v1.10.2 is the highest with major 1 and a minor above 9',
    ],
    ['semver-minor', 'v1.9.0', 'v1.10.0 v1.10.0', 'v1.10.0 is the highest with major 1 and a minor above 9'],
    [
      'semver-minor',
      'v1.9.0',
      'v2.0.0 v1.9.5 v1.9.6 v1.8.0',
      'no tag with major 1 and a minor above 9; 2 newer tags are from the same minor (v1.9.6); 1 newer tag is from a different major (v2.0.0)',
    ],
    [
      'semver-minor',
      '1.9-alpine',
      '1.10 1.11 1.10-slim',
      'no tag with major 1 and a minor above 9, variant "-alpine"; 3 newer tags are from a different variant (1.11)',
    ],
    [
      'semver-minor',
      '1.9',
      '1.10-rc1 v1.10 1.9.1',
      'no tag with major 1 and a minor above 9; 1 newer tag is a pre-release (1.10-rc1); 1 newer tag is written with a leading v (v1.10)',
    ],
    ['semver-major', '1.9', '', 'no tag with a major above 1'],
    ['semver-major', '1.9', '1.10 1.11', 'no tag with a major above 1; 2 newer tags are from a different minor (1.11)'],
    ['semver-patch', '1.9.0', '1.9.1 1.9.2', '1.9.2 is the highest in the 1.9 series above 1.9.0'],
    [
      'semver-patch',
      '1.9.0',
      '1.10.0',
      'no tag in the 1.9 series above 1.9.0; 1 newer tag is from a different minor (1.10.0)',
    ],
    [
      'semver-minor',
      '3',
      '4',
      'the current tag 3 has no minor; use semver-major, or set spec.baseTag to a tag with more numbers',
    ],
    [
      'semver-minor',
      'latest',
      '1.0',
      'the current tag latest is not a version, so no tag can be newer; set spec.baseTag to a version',
    ],
  ])('of %s for %s among [%s]', (type, current, tags, reason) => {
    expect(select(type, current, tags.split(' ')).reason).toBe(reason);
  });
});

describe('a rule that cannot be built', () => {
  it.each<[type: string, value: string | undefined, message: string]>([
    ['semver-huge', undefined, 'this version of kimup has no rules of type "semver-huge"'],
    ['semver-range', undefined, 'value is missing; set it to a range in npm\'s syntax, such as "^1.2" or ">=1.2 <3"'],
    ['semver-range', 'newer than 3', '"newer than 3" is not a range in npm\'s syntax (such as "^1.2" or ">=1.2 <3")'],
    ['semver-range', '1'.repeat(300), 'the range has 300 characters; at most 256 are allowed'],
    ['regex', undefined, 'value is missing; set it to an RE2 pattern, such as "^v1\\\\."'],
    ['regex', 'v1(', '"v1(" is not a valid RE2 pattern: missing closing ): `v1(`'],
    ['regex', '(?=v1)', '"(?=v1)" is not a valid RE2 pattern: invalid or unsupported Perl syntax: `(?=`'],
    ['regex', 'x'.repeat(1001), 'the pattern has 1001 characters; at most 1000 are allowed'],
    ['regex', 'x{1000}'.repeat(100), 'repeats so much that it gets too large; use smaller counts'],
    [
      'numerical',
      'descending',
      'value is "descending"; omit it for the highest tag above the current one, or use "asc" for the lowest below it',
    ],
    [
      'alphabetical',
      'ASC',
      'value is "ASC"; omit it for the highest tag above the current one, or use "asc" for the lowest below it',
    ],
  ])('%s of %j says where it is and what is wrong', (type, value, message) => {
    const build = () =>
      buildRule({ name: 'Nightly', type: type as RuleType, ...(value === undefined ? {} : { value }), actions: [] }, 2);
    expect(build).toThrow(InvalidRuleError);
    expect(build).toThrow('spec.rules[2] ("Nightly"): ');
    expect(build).toThrow(message);
  });
});

const number = fc.nat(12);
const tag = fc
  .tuple(
    fc.constantFrom('', '', 'v'),
    fc.array(number, { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join('.')),
    fc.constantFrom('', '', '', '-rc1', '-rc2', '-beta'),
    fc.constantFrom('', '', '', '-1', '_2'),
    fc.constantFrom('', '', '', '-alpine'),
  )
  .map((parts) => parts.join(''));
const anyTag = fc.oneof(
  { weight: 9, arbitrary: tag },
  { weight: 1, arbitrary: fc.constantFrom('latest', 'bookworm', '8u242', '') },
);
const tagList = fc.array(anyTag, { maxLength: 40 });
const type = fc.constantFrom<RuleType>('semver-major', 'semver-minor', 'semver-patch');

describe('properties of every semver rule', () => {
  it('it takes a newer candidate of the input, never a downgrade', () => {
    fc.assert(
      fc.property(type, anyTag, tagList, (its, current, tags) => {
        const { tag: selected } = select(its, current, tags);
        if (selected === undefined) return;
        expect(tags).toContain(selected);
        const [before, after] = [parseVersionTag(current)!, parseVersionTag(selected)!];
        expect(isCandidate(before, after)).toBe(true);
        expect(comparePrecedence(after, before)).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('order and duplicates of the tags do not matter, also for the reason', () => {
    fc.assert(
      fc.property(
        type,
        anyTag,
        tagList.chain((tags) =>
          fc.tuple(fc.constant(tags), fc.shuffledSubarray([...tags, ...tags], { minLength: tags.length * 2 })),
        ),
        (its, current, [tags, shuffled]) => {
          expect(select(its, current, shuffled)).toEqual(select(its, current, tags));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('asked again after the move, it stays', () => {
    fc.assert(
      fc.property(type, anyTag, tagList, (its, current, tags) => {
        const { tag: selected } = select(its, current, tags);
        if (selected === undefined) return;
        expect(select(its, selected, tags).tag).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('an older tag more changes nothing of what is selected', () => {
    fc.assert(
      fc.property(type, tag, tagList, tag, (its, current, tags, more) => {
        fc.pre(comparePrecedence(parseVersionTag(more)!, parseVersionTag(current)!) <= 0);
        expect(select(its, current, [...tags, more]).tag).toBe(select(its, current, tags).tag);
      }),
      { numRuns: 1000 },
    );
  });
});
