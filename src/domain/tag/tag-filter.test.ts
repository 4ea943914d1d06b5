import { describe, expect, it } from 'vitest';
import type { TagsSpec } from './tags-spec.ts';
import { InvalidRuleError } from './invalid-rule-error.ts';
import { compilePattern } from './pattern.ts';
import { parseDuration } from '../../support/duration.ts';
import { buildTagFilter, EVERY_TAG } from './tag-filter.ts';

describe('spec.tags', () => {
  it.each<[spec: TagsSpec, tags: string, seen: string]>([
    [{}, 'a b', 'a b'],
    [{ include: '' }, 'a b', 'a b'],
    [{ include: '^1\\.' }, '1.0 11.0 v1.0', '1.0'],
    [{ include: '1' }, '1.0 2.0 21', '1.0 21'],
    [{ exclude: 'rc|beta' }, '1.0 1.1-rc1 1.1-beta', '1.0'],
    [{ include: '^1', exclude: 'rc' }, '1.0 1.1-rc1 2.0', '1.0'],
    [{ extract: '^v?(\\d+)' }, 'v10-a 9 x 10', '10 9'],
    [{ extract: 'a(x)?' }, 'a ax', 'x'],
    [{ include: 'a', extract: '(\\d)' }, 'a1 b2 a', '1'],
    [{ extract: '(a)|(b)' }, 'a b', 'a'],
  ])('%j shows of [%s] the rules [%s]', (spec, tags, seen) => {
    expect(buildTagFilter(spec).show('1', tags.split(' ')).tags.join(' ')).toBe(seen);
    for (const tag of tags.split(' '))
      expect(buildTagFilter(spec).hides(tag) === undefined).toBe(
        buildTagFilter(spec).show('1', [tag]).tags.length === 1,
      );
  });

  it('is nothing where it is not there', () => {
    expect(buildTagFilter(undefined)).toBe(EVERY_TAG);
  });

  it('of tags with the same text takes the one written like the current tag, then the longer', () => {
    const filter = buildTagFilter({ extract: '(\\d+)' });
    expect(filter.show('b-9-x', ['b-10', 'b-10-x', 'c-10-xyz', 'b-10-x']).tagsOf('10')).toEqual([
      'b-10-x',
      'c-10-xyz',
      'b-10',
    ]);
  });

  it.each<[spec: TagsSpec, message: string]>([
    [{ include: 'a(' }, 'spec.tags.include: "a(" is not a valid RE2 pattern: missing closing ): `a(`'],
    [
      { exclude: '(?!a)' },
      'spec.tags.exclude: "(?!a)" is not a valid RE2 pattern: invalid or unsupported Perl syntax: `(?!`',
    ],
    [
      { extract: '^v' },
      'spec.tags.extract: "^v" has no capture group; put parentheses around the part that the rules should see',
    ],
    [{ extract: '[' }, 'spec.tags.extract: "[" is not a valid RE2 pattern: missing closing ]: `[`'],
    [
      { platforms: ['linux/amd64', 'arm64'] },
      'spec.tags.platforms[1]: "arm64" is not a platform; write it like linux/amd64 or linux/arm64/v8',
    ],
    [{ minimumAge: '3 days' }, 'spec.tags.minimumAge: "3 days" is not a duration; write it like 90m, 72h or 7d'],
  ])('%j is refused: %s', (spec, message) => {
    expect(() => buildTagFilter(spec)).toThrow(InvalidRuleError);
    expect(() => buildTagFilter(spec)).toThrow(message);
  });
});

describe('a pattern', () => {
  it.each([['(a+)+$'], ['(x+x+)+y'], ['^(([a-z])+.)+[A-Z]([a-z])+$'], ['(a|aa)+$'], ['(.*)*b{900}']])(
    '%s ends on 100,000 tags of 128 characters, where backtracking never would',
    (source) => {
      const pattern = compilePattern(source);
      const tags = Array.from({ length: 100_000 }, (_, i) => `${'a'.repeat(122)}${String(i).padStart(5, '0')}!`);
      expect(tags.filter((tag) => pattern.matches(tag))).toEqual([]);
    },
  );

  it('is no larger than its text lets one think', () => {
    expect(() => compilePattern('(((a?){30}){30}){30}')).toThrow(/repeats so much|invalid repeat count/);
    expect(() => compilePattern('')).toThrow('the pattern is empty');
  });
});

describe('a duration', () => {
  it.each<[text: string, ms: number | undefined]>([
    ['90s', 90_000],
    ['90m', 5_400_000],
    ['72h', 259_200_000],
    ['7d', 604_800_000],
    ['1d12h', 129_600_000],
    ['2w', 1_209_600_000],
    ['0s', 0],
    ['', undefined],
    ['7', undefined],
    ['d', undefined],
    ['-1h', undefined],
    ['1.5h', undefined],
    ['1 h', undefined],
    ['1H', undefined],
    ['9999999d', undefined],
  ])('%j is %s ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});
