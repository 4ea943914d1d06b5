import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { anyTag, versionTag } from '../../../test/support/domain/arbitraries.ts';
import { outcome, ruleOf } from '../../../test/support/domain/rules.ts';
import { explain } from '../decision/explain.ts';
import type { RuleType } from './rule-spec.ts';
import { TagSeries, NO, PARSE, YES } from '../tag/tag-series.ts';
import { compareNaturally, isNewer, newestFirst, newestOf } from '../tag/natural-order.ts';
import { buildTagFilter } from '../tag/tag-filter.ts';
import { comparePrecedence, isCandidate } from '../tag/compare-versions.ts';
import { parseVersionTag } from '../tag/version-tag.ts';
import type { Rule } from './rule.ts';

const rules: readonly Rule[] = [
  ruleOf('semver-major'),
  ruleOf('semver-minor'),
  ruleOf('semver-patch'),
  ruleOf('semver-range', '>=1.2 <9 || ~11.3.0-rc.1'),
  ruleOf('calver-major'),
  ruleOf('calver-minor'),
  ruleOf('calver-patch'),
  ruleOf('calver-prerelease'),
  ruleOf('regex', '^v?1'),
  ruleOf('regex', '[a-z]$'),
  ruleOf('numerical'),
  ruleOf('alphabetical'),
  ruleOf('always'),
];
const ascending: readonly Rule[] = [ruleOf('numerical', 'asc'), ruleOf('alphabetical', 'asc')];
const VERSION_RULES = /^(?:semver|calver)-|^always$/;

const tagList = fc.array(anyTag, { maxLength: 40 });

/** A current tag and tags of one shape, with or without revisions, so that many are of its series. */
const oneSeries = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('', '-', '_', '-rc', 'RC.'), fc.constantFrom(3, 20230110))
  .chain(([count, separator, highest]) => {
    const tag = fc
      .tuple(
        fc.array(fc.nat(3), { minLength: count, maxLength: count }),
        fc.integer({ min: highest - 3, max: highest }),
      )
      .map(([numbers, last]) => `${numbers.join('.')}${separator === '' ? '' : `${separator}${last}`}`);
    return fc.tuple(tag, fc.array(tag, { maxLength: 20 }));
  });

/** Ranges of npm's syntax, also with pre-releases as people spell them. */
const rangeVersion = fc
  .tuple(
    fc.array(fc.oneof(fc.nat(3), fc.nat(12)), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '', '-rc1', '-RC.2', '-beta', '-dev.3', '-0', '-20240102', '-rc.1.slim'),
  )
  .map(([numbers, preRelease]) =>
    preRelease === '' ? numbers.join('.') : `${[...numbers, 0, 0].slice(0, 3).join('.')}${preRelease}`,
  );
const comparator = fc
  .tuple(fc.constantFrom('^', '~', '>=', '>', '<=', '<', '='), rangeVersion)
  .map((parts) => parts.join(''));
const rangeText = fc.oneof(
  comparator,
  fc.tuple(comparator, fc.constantFrom(' ', ' || '), comparator).map((parts) => parts.join('')),
  fc.tuple(rangeVersion, rangeVersion).map((parts) => parts.join(' - ')),
);
const rangeRule = rangeText.map((range) => named(ruleOf('semver-range', range), `semver-range ${range}`));

const anyRule = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...rules, ...ascending) },
  { weight: 1, arbitrary: rangeRule },
);
const RUNS = { numRuns: 3_000 };

/** In a counterexample, a rule is its type and value. */
function named(rule: Rule, name = rule.name): Rule {
  return Object.assign(rule, { [fc.toStringMethod]: () => name });
}
for (const rule of [...rules, ...ascending]) named(rule);

const select = (rule: Rule, current: string, tags: readonly string[]): string | undefined =>
  outcome(rule, current, tags, { withMisses: false }).tag;

describe('every rule', () => {
  it('takes a tag of the input, and never the current one', () => {
    fc.assert(
      fc.property(anyRule, anyTag, tagList, (rule, current, tags) => {
        const selected = select(rule, current, tags);
        if (selected === undefined) return;
        expect(tags).toContain(selected);
        expect(selected).not.toBe(current);
      }),
      RUNS,
    );
  });

  it('says the same, the reason included, whatever the order of the tags and however often they come', () => {
    const lists = tagList.chain((tags) =>
      fc.tuple(fc.constant(tags), fc.shuffledSubarray([...tags, ...tags], { minLength: tags.length * 2 })),
    );
    fc.assert(
      fc.property(anyRule, anyTag, lists, (rule, current, [tags, shuffled]) => {
        expect(outcome(rule, current, shuffled)).toEqual(outcome(rule, current, tags));
      }),
      RUNS,
    );
  });

  it('stays where it has moved to', () => {
    fc.assert(
      fc.property(anyRule, anyTag, tagList, (rule, current, tags) => {
        const selected = select(rule, current, tags);
        if (selected === undefined) return;
        expect(select(rule, selected, tags)).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('gives its candidates best first, each once, all of them', () => {
    fc.assert(
      fc.property(anyRule, fc.oneof(fc.tuple(anyTag, tagList), oneSeries), (rule, [current, tags]) => {
        const selector = rule.from(current);
        const candidates = [...selector.candidates(tags)];
        const miss = selector.explain(tags);
        expect(new Set(candidates).size).toBe(candidates.length);
        for (let i = 1; i < candidates.length; i++)
          expect(selector.isBelow(candidates[i]!, candidates[i - 1]!)).toBe(true);
        if (selector.notApplicable !== undefined) return;
        expect([...candidates].sort()).toEqual([...new Set(tags)].filter((tag) => miss(tag) === undefined).sort());
      }),
      RUNS,
    );
  });
});

describe('a rule that only goes up', () => {
  it('never takes a version below the current one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...rules.filter(({ type }) => type !== 'alphabetical')),
        anyTag,
        tagList,
        (rule, current, tags) => {
          const selected = select(rule, current, tags);
          const before = parseVersionTag(current);
          const after = selected === undefined ? undefined : parseVersionTag(selected);
          if (before === undefined || after === undefined) return;
          // `numerical` has its own order, of fractions.
          if (rule.type === 'numerical') expect(Number(selected)).toBeGreaterThanOrEqual(Number(current));
          else if (rule.type === 'regex') expect(isNewer(selected!, current)).toBe(true);
          else
            expect(comparePrecedence(after, before)).toBeGreaterThanOrEqual(rule.type === 'calver-prerelease' ? 0 : 1);
        },
      ),
      RUNS,
    );
  });

  // calver-prerelease apart: `-build.10` is a variant to comparePrecedence, which so can't say that it is newer than `-build.9`.
  it('changes nothing for an older version more', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.constantFrom(...rules.filter(({ type }) => VERSION_RULES.test(type) && type !== 'calver-prerelease')),
          rangeRule,
        ),
        versionTag,
        tagList,
        versionTag,
        (rule, current, tags, more) => {
          fc.pre(comparePrecedence(parseVersionTag(more)!, parseVersionTag(current)!) <= 0);
          expect(select(rule, current, [...tags, more])).toBe(select(rule, current, tags));
        },
      ),
      RUNS,
    );
  });

  it('changes nothing for a pre-release of a date more that is not above the current one', () => {
    const label = fc
      .tuple(
        fc.constantFrom('2024.01.02', '2024.1.2', '2024.01.03'),
        fc.constantFrom('-dev.', '-build.', '-rc'),
        fc.nat(12),
        fc.constantFrom('', '-slim'),
      )
      .map((parts) => parts.join(''));
    const rule = ruleOf('calver-prerelease');
    fc.assert(
      fc.property(label, fc.array(label, { maxLength: 40 }), label, (current, tags, more) => {
        fc.pre([...rule.from(current).candidates([more])].length === 0);
        expect(select(rule, current, [...tags, more])).toBe(select(rule, current, tags));
      }),
      RUNS,
    );
  });

  it('changes nothing for an older tag more, by regex, where the current tag matches', () => {
    fc.assert(
      fc.property(fc.constantFrom('^v?1', '[a-z]$', '.'), anyTag, tagList, anyTag, (pattern, current, tags, more) => {
        fc.pre(new RegExp(pattern).test(current) && compareNaturally(more, current) <= 0);
        const rule = ruleOf('regex', pattern);
        expect(select(rule, current, [...tags, more])).toBe(select(rule, current, tags));
      }),
      RUNS,
    );
  });

  it('may go to no word for an older version more, by regex, where the current tag does not match', () => {
    // So this rule is left out above: the word would lead on to the older version, versions being above words.
    expect(select(ruleOf('regex', '[a-z]$'), '1.10', ['apache'])).toBe('apache');
    expect(select(ruleOf('regex', '[a-z]$'), '1.10', ['apache', '1.9-alpine'])).toBeUndefined();
  });

  it('takes a candidate of the current series, by a semver or calver rule', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...rules.filter(({ type }) => /^(?:semver|calver)-(?!pre)/.test(type))),
        anyTag,
        tagList,
        (rule, current, tags) => {
          const selected = select(rule, current, tags);
          if (selected !== undefined)
            expect(isCandidate(parseVersionTag(current)!, parseVersionTag(selected)!)).toBe(true);
        },
      ),
      RUNS,
    );
  });
});

describe('a rule by number or by letter', () => {
  it('changes nothing for a tag more on the far side of the current one', () => {
    const number = fc
      .tuple(fc.constantFrom('', '0'), fc.nat(30), fc.constantFrom('', '.0', '.5', '.50', '.05'))
      .map((parts) => parts.join(''));
    const both = ['', 'asc'].flatMap(
      (value) =>
        [
          [ruleOf('numerical', value), number],
          [ruleOf('alphabetical', value), anyTag],
        ] as const,
    );
    for (const [rule, tag] of both) {
      fc.assert(
        fc.property(tag, fc.array(tag, { maxLength: 40 }), tag, (current, tags, more) => {
          const { isBelow } = rule.from(current);
          fc.pre(more === current || isBelow(more, current));
          expect(select(rule, current, [...tags, more])).toBe(select(rule, current, tags));
        }),
        { numRuns: 1_000 },
      );
    }
  });
});

describe('the order of a rule', () => {
  const numeral = fc
    .tuple(
      fc.constantFrom('', '', '0', '00'),
      fc.oneof(fc.nat(12).map(String), fc.constantFrom('9007199254740992', '9007199254740993')),
      fc.constantFrom('', '', '.0', '.5', '.50', '.05'),
    )
    .map((parts) => parts.join(''));
  const label = fc
    .tuple(
      fc.constantFrom('2024.01.02', '2024.1.2'),
      fc.constantFrom('-build.', '-build', '.Build-'),
      fc.constantFrom('9', '10', '09', '9.1'),
    )
    .map((parts) => parts.join(''));

  it.each<[rule: Rule, tag: fc.Arbitrary<string>]>([
    [ruleOf('regex', '.'), anyTag],
    [ruleOf('numerical'), numeral],
    [ruleOf('numerical', 'asc'), numeral],
    [ruleOf('alphabetical'), anyTag],
    [ruleOf('alphabetical', 'asc'), anyTag],
    [ruleOf('semver-major'), versionTag],
    [ruleOf('semver-range', '*'), versionTag],
    [ruleOf('always'), versionTag],
    [ruleOf('calver-prerelease'), label],
  ])('is total: $name', (rule, tag) => {
    // Few tags, so that equal and nearly equal ones meet.
    const few = fc.tuple(tag, fc.array(tag, { minLength: 2, maxLength: 4 })).chain(([current, tags]) => {
      const one = fc.constantFrom(...tags, ...tags.map((each) => each.replace(/(\d+)/, '0$1')));
      return fc.tuple(fc.constantFrom(current, ...tags), one, one, one);
    });
    fc.assert(
      fc.property(few, ([current, a, b, c]) => {
        const { isBelow, notApplicable } = rule.from(current);
        fc.pre(notApplicable === undefined);
        expect(isBelow(a, a)).toBe(false);
        if (a !== b) expect(isBelow(a, b)).toBe(!isBelow(b, a));
        if (isBelow(a, b) && isBelow(b, c)) expect(isBelow(a, c)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('the verdicts', () => {
  it('cover every tag and rule exactly once, and select what the rule takes', () => {
    const filters = fc.constantFrom(
      undefined,
      buildTagFilter({ exclude: 'alpine' }),
      buildTagFilter({ extract: '^v?(\\d+)' }),
      buildTagFilter({ include: '^1', platforms: ['linux/amd64'] }),
    );
    fc.assert(
      fc.property(
        fc.subarray([...rules, ...ascending, ruleOf('digest')]),
        filters,
        anyTag,
        tagList,
        (rules, filter, currentTag, tags) => {
          const input = { rules, filter, currentTag, tags, noFacts: 'the registry was not queried' };
          const verdicts = explain(input);
          const different = new Set(tags);
          expect(verdicts.length).toBe(rules.length * different.size);
          for (const [i, rule] of rules.entries()) {
            const its = verdicts.slice(i * different.size, (i + 1) * different.size);
            expect(new Set(its.map(({ tag }) => tag))).toEqual(different);
            expect(its.every((verdict) => verdict.rule === rule.name && verdict.reason !== '')).toBe(true);
            const selected = outcome(rule, currentTag, tags, { filter, noFacts: 'the registry was not queried' }).tag;
            expect(its.filter(({ verdict }) => verdict === 'selected').map(({ tag }) => tag)).toEqual(
              selected === undefined ? [] : [selected],
            );
            if (selected === undefined) expect(its.some(({ verdict }) => verdict === 'older')).toBe(false);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('reading a series without parsing', () => {
  const check = (current: string, tag: string): void => {
    const version = parseVersionTag(current);
    if (version === undefined) return;
    const series = new TagSeries(version);
    const parsed = parseVersionTag(tag);
    const is = parsed !== undefined && isCandidate(version, parsed);
    const reading = series.read(tag);
    if (reading === PARSE) return;
    expect([current, tag, reading]).toEqual([current, tag, is ? YES : NO]);
    if (is) expect(series.parts).toEqual([...parsed.numbers, ...parsed.revision]);
  };

  it('tells candidates as parsing does', () => {
    fc.assert(fc.property(anyTag, anyTag, check), { numRuns: 20_000 });
    const similar = versionTag.chain((tag) =>
      fc.tuple(
        fc.constant(tag),
        fc
          .tuple(
            fc.nat(tag.length),
            fc.constantFrom('', '0', '1', '.', '-', '_', 'v', 'a', '-rc1', '123456', '99999', '1234567', '-b', '-b7'),
          )
          .map(([at, text]) => tag.slice(0, at) + text + tag.slice(at + 1)),
      ),
    );
    fc.assert(
      fc.property(similar, ([current, tag]) => check(current, tag)),
      { numRuns: 20_000 },
    );
  });
});

describe('the natural order', () => {
  it('is total', () => {
    fc.assert(
      fc.property(anyTag, anyTag, anyTag, (a, b, c) => {
        expect(Math.sign(compareNaturally(a, b))).toBe(-Math.sign(compareNaturally(b, a)) + 0);
        expect(compareNaturally(a, b) === 0).toBe(a === b);
        if (compareNaturally(a, b) <= 0 && compareNaturally(b, c) <= 0)
          expect(compareNaturally(a, c)).toBeLessThanOrEqual(0);
      }),
      RUNS,
    );
  });

  it('sorts a list as it compares two', () => {
    fc.assert(
      fc.property(tagList, (tags) => {
        const sorted = [...tags].sort((a, b) => compareNaturally(b, a));
        expect(newestFirst(tags)).toEqual(sorted);
        expect(newestOf(tags)).toBe(sorted[0]);
      }),
      RUNS,
    );
  });
});

describe('on plain versions, like npm', () => {
  const plain = fc
    .tuple(fc.nat(6), fc.nat(6), fc.nat(6), fc.constantFrom('', '', '', '-alpha.1', '-beta.2', '-rc.1', '-rc.10'))
    .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`);
  const range = fc.oneof(
    fc
      .tuple(fc.constantFrom('^', '~', '>=', '>', '<=', '<', '=', ''), plain)
      .map(([operator, version]) => `${operator}${version}`),
    fc.constantFrom('*', '1.x', '2.3.x', '^0.2', '1 - 3', '>=1 <4 || 5.x', '~1.2.3-rc.1'),
  );

  it.each<[RuleType, (current: semver.SemVer, tag: semver.SemVer) => boolean]>([
    ['semver-major', (current, tag) => tag.major > current.major],
    ['semver-minor', (current, tag) => tag.major === current.major && tag.minor > current.minor],
    [
      'semver-patch',
      (current, tag) => tag.major === current.major && tag.minor === current.minor && tag.compare(current) > 0,
    ],
  ])('%s takes the highest', (type, rises) => {
    fc.assert(
      fc.property(plain, fc.array(plain, { maxLength: 40 }), (current, tags) => {
        const now = semver.parse(current)!;
        const taken = tags
          .map((tag) => semver.parse(tag)!)
          .filter(
            (tag) =>
              rises(now, tag) &&
              (tag.prerelease.length === 0 || (now.prerelease.length > 0 && tag.compareMain(now) === 0)),
          );
        expect(select(ruleOf(type), current, tags)).toBe(semver.rsort(taken)[0]?.version);
      }),
      RUNS,
    );
  });

  it('semver-range takes the highest in the range', () => {
    fc.assert(
      fc.property(range, plain, fc.array(plain, { maxLength: 40 }), (range, current, tags) => {
        const now = semver.parse(current)!;
        const newer = tags.filter(
          (tag) =>
            semver.gt(tag, current) &&
            (semver.prerelease(tag) === null || (now.prerelease.length > 0 && now.compareMain(tag) === 0)),
        );
        expect(select(ruleOf('semver-range', range), current, tags) ?? null).toBe(semver.maxSatisfying(newer, range));
      }),
      RUNS,
    );
  });

  it('semver-range takes pre-releases as npm does, however they are spelt', () => {
    const word = fc.constantFrom('alpha', 'beta', 'rc', 'm');
    const preRelease = fc.tuple(word, fc.nat(12));
    const operator = fc.constantFrom('^', '~', '>=', '>', '<=', '<', '=');
    /** As people spell `-rc.1`, in a tag and in a range. */
    const spelling = fc.constantFrom<(word: string, number: number) => string>(
      (word, number) => `-${word}.${number}`,
      (word, number) => `-${word}${number}`,
      (word, number) => `-${word.toUpperCase()}${number}`,
      (word, number) => `-${word.toUpperCase()}.${number}`,
      (word, number) => `-${word}-${number}`,
    );
    fc.assert(
      fc.property(
        operator,
        preRelease,
        preRelease,
        fc.array(preRelease, { maxLength: 10 }),
        spelling,
        spelling,
        (operator, [boundWord, boundNumber], [currentWord, currentNumber], tags, inRange, inTag) => {
          const npm = tags.map(([word, number]) => `2.0.0-${word}.${number}`);
          const current = `2.0.0-${currentWord}.${currentNumber}`;
          const expected = semver.maxSatisfying(
            npm.filter((tag) => semver.gt(tag, current)),
            `${operator}2.0.0-${boundWord}.${boundNumber}`,
          );
          const spelt = (tag: string): string =>
            tag.replace(/-([a-z]+)\.(\d+)$/, (_, word: string, number: string) => inTag(word, Number(number)));
          expect(
            select(
              ruleOf('semver-range', `${operator}2.0.0${inRange(boundWord, boundNumber)}`),
              spelt(current),
              npm.map(spelt),
            ),
          ).toBe(expected === null ? undefined : spelt(expected));
        },
      ),
      RUNS,
    );
  });
});

describe('the tags of real repositories', () => {
  const repositories = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../test/data/real-tags.json'), 'utf8'),
  ) as Record<string, string>;

  it.each(Object.entries(repositories).map(([name, list]) => [name, list.split(' ')] as const))(
    '%s: no rule goes down, or moves twice',
    (_name, tags) => {
      const every = Math.max(1, Math.floor(tags.length / 12));
      for (const current of tags.filter((_, i) => i % every === 0)) {
        for (const rule of rules) {
          const selected = select(rule, current, tags);
          if (selected === undefined) continue;
          expect(tags).toContain(selected);
          expect(select(rule, selected, tags), `${rule.name} from ${current}`).toBeUndefined();
          const [before, after] = [parseVersionTag(current), parseVersionTag(selected)];
          if (before !== undefined && after !== undefined && VERSION_RULES.test(rule.type))
            expect(comparePrecedence(after, before), `${rule.name} from ${current}`).toBeGreaterThan(0);
        }
      }
    },
  );
});
