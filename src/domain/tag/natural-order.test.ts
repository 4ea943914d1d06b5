import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareLike, compareNaturally, isNewer } from './natural-order.ts';
import { isSameShape, runsOf } from './runs.ts';
import { comparePrecedence } from './compare-versions.ts';
import { parseVersionTag } from './version-tag.ts';

describe('in natural order', () => {
  it.each<[older: string, newer: string]>([
    ['1.9', '1.10'],
    ['main-9', '0.1'], // versions are above other words
    ['1.0-rc9', '1.0'],
    ['3.4.1-debian-9-r9', '3.4.1-debian-9-r24'],
    ['3.4.1-debian-9-r99', '3.4.1-debian-10-r1'],
    ['1.25.3-alpine3.9', '1.25.3-alpine3.10'],
    ['1.25.3-alpine3.9-x', '1.25.3-alpine3.10-y'],
    ['main-9-abc', 'main-10-fed'],
    ['main-9-fff1234', 'main-10-a1b2c3d'],
    ['8u242', '8u252'],
    ['RELEASE.2023-12-23T07-19-11Z', 'RELEASE.2024-01-16T16-07-38Z'],
    ['build-20240101a', 'build-20240102a'],
    ['1.2.3-a1', '1.2.3-a2'],
    ['jammy', 'noble'],
    ['humble-ros-base', 'jazzy-ros-base'],
    ['main', 'main-9'],
  ])('%s is older than %s', (older, newer) => {
    expect([isNewer(newer, older), isNewer(older, newer)]).toEqual([true, false]);
  });

  it.each<[one: string, other: string]>([
    ['1.25.3', '1.25.3'],
    ['1.25.3-alpine', '1.25.3-bookworm'],
    ['1.25.3', '1.25.3-alpine'],
    ['1.25.3', 'v1.25.3'],
    ['1.25', '1.25.0'],
    ['2024.1', '2024.01'],
    ['1.0-rc1', '1.0-RC1'],
    ['1.25.3-alpine', '1.25.3-alpine3'],
    ['1.25.3-debian-9-r9', '1.25.3-ubuntu-9-r10'],
    // a commit's hash is no number
    ['1.2.3-a1b2c3d', '1.2.3-a9b2c3d'],
    ['1.2.3-1a2b3c', '1.2.3-9f8e7d'],
    ['1.2.3-5-g1234567', '1.2.3-5-g2345678'],
    ['main-9-abc', 'main-9-fed'],
    ['main-9', 'main-9-abc'],
    ['main-a1b2c3d', 'main-9f8e7d6'],
    ['main-a1b2c3d-1', 'main-9f8e7d6-2'],
  ])('neither of %s and %s is newer', (one, other) => {
    expect([isNewer(one, other), isNewer(other, one)]).toEqual([false, false]);
  });
});

it.each<[one: string, other: string, same: boolean]>([
  ['-r9', '-r24', true],
  ['-unstable0001', '-unstable0002', true],
  ['-a1b2c3d', '-9f8e7d6', true],
  ['-a1b2c3d', '-1234567', true],
  ['-alpine3.20', '-alpine3.21', true],
  ['-alpine3', '-alpine', false],
  ['-alpine', '-bookworm', false],
  ['-r9', '_r9', false],
  ['main-9-1234567a', 'main-10-ab12cd4', true],
  ['main-9-deadbee', 'main-10-1234567', true],
  ['main-20250101', 'main-ab12cd4', false],
  ['main-9', 'main-ab12cd4', false],
  ['1.0-decade', '1.0-facade', false],
  ['v1-g1a2b3c4', 'v2-g5d6e7f8', true],
])('%s and %s are of one shape: %s', (one, other, same) => {
  expect([isSameShape(one, other), isSameShape(other, one)]).toEqual([same, same]);
});

/** Few pieces, so that equal and nearly equal tags meet. */
const piece = fc.constantFrom(
  'a',
  'b',
  'mainZ',
  'main',
  '1',
  '2',
  '10',
  '010',
  'a1b2c3d',
  '9f8e7d6',
  '-',
  '-',
  '.',
  '_',
  '+',
);
const word = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
const version = fc
  .tuple(
    fc.constantFrom('1.2', '1.2.0', 'v1.2', '1.02', '1.2-rc1', '1.3'),
    fc.constantFrom('', '-1', '-2'),
    fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('')),
  )
  .map(([numbers, revision, rest]) => `${numbers}${revision}${rest === '' ? '' : '-x'}${rest}`);
const tag = fc.oneof(version, word);
const RUNS = { numRuns: 5_000 };

describe('newer', () => {
  it('is never both ways, and what is newer than a newer tag is newer', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.tuple(tag, tag, tag), fc.tuple(word, word, word), fc.tuple(version, version, version)),
        ([a, b, c]) => {
          expect(isNewer(a, b) && isNewer(b, a)).toBe(false);
          if (isNewer(a, b) && isNewer(b, c)) expect(isNewer(a, c)).toBe(true);
        },
      ),
      RUNS,
    );
  });

  it('is above in the total order', () => {
    fc.assert(
      fc.property(tag, tag, (a, b) => {
        if (isNewer(a, b)) expect(compareNaturally(a, b)).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });

  it("is above in the order of what may take a tag's place, whatever that is, which is total too", () => {
    fc.assert(
      fc.property(tag, version, version, version, (model, a, b, c) => {
        const runs = runsOf(model);
        const compare = (one: string, other: string): number =>
          comparePrecedence(parseVersionTag(one)!, parseVersionTag(other)!) || compareLike(runs, one, other);
        fc.pre([a, b, c].every((one) => parseVersionTag(one) !== undefined));
        if (isNewer(a, b)) expect(compare(a, b)).toBeGreaterThan(0);
        expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
      RUNS,
    );
  });
});

it('all of a tag is in its runs', () => {
  fc.assert(
    fc.property(fc.oneof(tag, fc.string({ unit: 'binary' })), (text) => {
      expect(
        runsOf(text)
          .map((run) => run.text)
          .join(''),
      ).toBe(text);
    }),
  );
});
