import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TagSeries, NO, PARSE, YES } from './tag-series.ts';
import { isCandidate } from './compare-versions.ts';
import { parseVersionTag } from './version-tag.ts';
import { mostDigits } from './width.ts';

/** What reading a tag of the current one's series says, after it was seen that parsing says the same. */
function reading(current: string, tag: string): typeof NO | typeof YES | typeof PARSE {
  const version = parseVersionTag(current)!;
  const parsed = parseVersionTag(tag);
  const is = parsed !== undefined && isCandidate(version, parsed);
  const series = new TagSeries(version);
  const found = series.read(tag);
  if (found !== PARSE) expect([current, tag, found]).toEqual([current, tag, is ? YES : NO]);
  if (found === YES) expect(series.parts).toEqual([...parsed!.numbers, ...parsed!.revision]);
  return found;
}

it.each<[current: string, tag: string, found: number]>([
  ['1.0.99999', '1.0.100123', YES],
  ['1.0.9999', '1.0.100123', NO],
  ['20240102', '1234567890', NO],
  ['4.0-99999', '4.0-100123', YES],
  ['4.0-9999', '4.0-100123', NO],
  ['1.9007199254740993', '1.90071992547409931', PARSE],
  ['2.6.3.0-b12', '2.8.0.0-b37', YES],
  ['2.6.3.0-b12-1-slim', '2.8.0.0_B37_2-slim', YES],
  ['2.6.3.0-b12', '2.8.0.0-37', NO],
  ['2.6.3.0-12', '2.8.0.0-b37', NO],
  ['2.6.3.0-b12', '2.8.0.0b37', NO],
  ['2.6.3.0-b12', '2.8.0.0-b100123', NO],
  ['2.6.3.0-b12', '2.8.0.0-b', NO],
  ['2.6.3.0-b12-b', '2.8.0.0-b', NO],
  ['2.6.3.0', '2.8.0.0-b37', NO],
])('of the series of %s, %s is read as %s', (current, tag, found) => {
  expect(reading(current, tag)).toBe(found);
});

describe('reading and parsing', () => {
  /** Numbers of few widths around those that decide. */
  const number = fc.oneof(
    fc.nat(3).map(String),
    fc.constantFrom(4, 5, 6, 7, 15, 16, 17).map((width) => '1'.repeat(width)),
    fc.constantFrom('00001', '000001'),
  );
  const ending = fc
    .tuple(
      fc.constantFrom('', '', '-b', '_B', '-', '-', '_', '.b', 'b', '-rc', '-b-'),
      number,
      fc.constantFrom('', '', '-7', '_b7', '.x', '-slim', '.1'),
    )
    .map(([separator, digits, rest]) => (separator === '' ? rest : `${separator}${digits}${rest}`));
  /** Two tags with as many numbers, that often end alike. */
  const pair = fc.constantFrom(1, 2, 4, 4, 4).chain((count) => {
    const numbers = fc.array(number, { minLength: count, maxLength: count }).map((all) => all.join('.'));
    return fc
      .tuple(numbers, ending, numbers, ending, fc.boolean())
      .map(
        ([own, end, its, other, alike]) =>
          [`${own}${end}`, `${its}${alike ? end.replace(/\d+/, '13') : other}`] as const,
      );
  });

  it('agree on builds and on wide numbers', () => {
    fc.assert(
      fc.property(pair, ([current, tag]) => {
        fc.pre(parseVersionTag(current) !== undefined);
        reading(current, tag);
      }),
      { numRuns: 20_000 },
    );
  });

  it('agree with the rule of wide numbers, whatever the place', () => {
    const width = fc.integer({ min: 1, max: 14 });
    fc.assert(
      fc.property(
        fc.constantFrom('', '3.', '1.2.3.'),
        fc.constantFrom('', '-1', '-alpine'),
        fc.constantFrom('', '5-', '1.2.3.4-b'),
        width,
        width,
        (before, after, revision, from, to) => {
          const tagOf = (digits: number): string =>
            revision === '' ? `${before}${'1'.repeat(digits)}${after}` : `${revision}${'1'.repeat(digits)}${after}`;
          const fits = to < 6 || to <= from + 1;
          expect(to <= mostDigits(from)).toBe(fits);
          expect(reading(tagOf(from), tagOf(to))).toBe(fits ? YES : NO);
        },
      ),
    );
  });
});
