import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { compareCandidates, comparePrecedence, isCandidate } from './compare-versions.ts';
import { parseVersionTag, type VersionTag } from './version-tag.ts';

const version = (tag: string): VersionTag => {
  const parsed = parseVersionTag(tag);
  if (parsed === undefined) throw new Error(`${tag} is no version`);
  return parsed;
};

/** `prefix numbers pre-release revision variant`, in one line. */
const shown = ({ prefix, numbers, preRelease, revision, variant }: VersionTag): string =>
  [
    prefix || '-',
    numbers.join('.'),
    preRelease ? [preRelease.word, ...preRelease.numbers].join(' ') : '-',
    revision.join(' ') || '-',
    variant || '-',
  ].join(' | ');

describe('a version tag', () => {
  it.each([
    //                              v   numbers         pre-release        revision   variant
    ['1', '-|1|-|-|-'],
    ['1.25', '-|1.25|-|-|-'],
    ['v1.25.3', 'v|1.25.3|-|-|-'],
    ['5.0.1.38', '-|5.0.1.38|-|-|-'],
    ['2024.01', '-|2024.1|-|-|-'],
    ['20240102', '-|20240102|-|-|-'],
    ['1.0.90071992547409931', '-|1.0.90071992547409931|-|-|-'],
    ['1.0.000000000000000000012', '-|1.0.12|-|-|-'],
    // pre-releases
    ['v8.0.0-rc.1-alpine', 'v|8.0.0|rc 1|-|-alpine'],
    ['3.15.0b2-slim', '-|3.15.0|b 2|-|-slim'],
    ['3.15.0rc2-slim-bookworm', '-|3.15.0|rc 2|-|-slim-bookworm'],
    ['12.0.11RC1-fpm', '-|12.0.11|rc 1|-|-fpm'],
    ['9.0.0.RC1-Semeru', '-|9.0.0|rc 1|-|-Semeru'],
    ['10.0.0-M1-jre17', '-|10.0.0|m 1|-|-jre17'],
    ['10.0.0-alpha4-php8.1-fpm-buster', '-|10.0.0|alpha 4|-|-php8.1-fpm-buster'],
    ['1.0-alpha-4', '-|1.0|alpha 4|-|-'],
    ['1.0_beta_2', '-|1.0|beta 2|-|-'],
    ['8.0.100-preview.7.23376.3-alpine', '-|8.0.100|preview 7 23376 3|-|-alpine'],
    ['12-ea-23-oraclelinux7', '-|12|ea 23|-|-oraclelinux7'],
    ['22-ea-buster', '-|22|ea|-|-buster'],
    ['24-rc-nanoserver-ltsc2022', '-|24|rc|-|-nanoserver-ltsc2022'],
    ['1.0.dev3', '-|1.0|dev 3|-|-'],
    ['1.0-dev-20220107', '-|1.0|dev 20220107|-|-'],
    ['1.0-rc1-20220107', '-|1.0|rc 1|20220107|-'],
    ['1.0-rc1_2-alpine', '-|1.0|rc 1|2|-alpine'],
    // words that need a number, and letters that are no such word, are variants
    ['3.12-dev', '-|3.12|-|-|-dev'],
    ['3.12-nightly-slim', '-|3.12|-|-|-nightly-slim'],
    ['1.2.3-a1b2c3d', '-|1.2.3|-|-|-a1b2c3d'],
    ['1.0-rc1foo', '-|1.0|-|-|-rc1foo'],
    ['1.0-rcfoo', '-|1.0|-|-|-rcfoo'],
    ['1.0-prereleases1', '-|1.0|-|-|-prereleases1'],
    ['10.1.0.Final', '-|10.1.0|-|-|.Final'],
    // revisions
    ['21.0.2_13-jdk', '-|21.0.2|-|13|-jdk'],
    ['11.0.9.1_1-jdk-hotspot', '-|11.0.9.1|-|1|-jdk-hotspot'],
    ['4.0-20220107', '-|4.0|-|20220107|-'],
    ['4.0-20220107-2', '-|4.0|-|20220107 2|-'],
    ['3.9-7-bullseye', '-|3.9|-|7|-bullseye'],
    ['14.0.1_7.1-jdk', '-|14.0.1|-|-|_7.1-jdk'],
    ['3.11-7.3.19-slim', '-|3.11|-|-|-7.3.19-slim'],
    ['1.0-3f', '-|1.0|-|-|-3f'],
    // a build is no beta, behind four numbers
    ['2.6.3.0-b12', '-|2.6.3.0|-|12|-'],
    ['2.6.3.0_B12-20240102-slim', '-|2.6.3.0|-|12 20240102|-slim'],
    ['2.6.3.0-b12.x86', '-|2.6.3.0|-|-|-b12.x86'],
    ['2.6.3.0-b', '-|2.6.3.0|-|-|-b'],
    ['2.6.3.0-rc1-b12', '-|2.6.3.0|rc 1|-|-b12'],
    ['2.6.3.0b12', '-|2.6.3.0|b 12|-|-'],
    ['2.6.3.0-b.12', '-|2.6.3.0|b 12|-|-'],
    ['2.6.3-b12', '-|2.6.3|b 12|-|-'],
    ['2024.1.0b9', '-|2024.1.0|b 9|-|-'],
    // variants, to the letter
    ['1.9-alpine3.20', '-|1.9|-|-|-alpine3.20'],
    ['6.8-windowsservercore-ltsc2022', '-|6.8|-|-|-windowsservercore-ltsc2022'],
    ['11.0.26-jdk-headless-ubuntu-24.04', '-|11.0.26|-|-|-jdk-headless-ubuntu-24.04'],
    ['1.0-Alpine_X', '-|1.0|-|-|-Alpine_X'],
    ['1.0-', '-|1.0|-|-|-'],
    [`1.0-${'x'.repeat(124)}`, `-|1.0|-|-|-${'x'.repeat(124)}`],
  ])('%s', (tag, expected) => {
    expect(shown(version(tag)).replaceAll(' | ', '|')).toBe(expected);
  });

  it.each([
    ['2.6.3.0-b12', true],
    ['2.6.3.0-12', false],
    ['2.6.3.0-b12.x86', false],
    ['2.6.3-b12', false],
  ])('%s has a build: %s', (tag, build) => {
    expect(version(tag).build).toBe(build);
  });

  it.each([
    '',
    'v',
    'latest',
    'bookworm',
    'version1',
    'vv1',
    'V1',
    'x1.0',
    '-1',
    '.1',
    'alpine3.20',
    'server-0.6.1-1',
    'open-11.0.17_8-jre',
    'jdk8u202',
    'nanoserver1709',
    'nd14.04',
    'p10',
    '8u242-jdk-slim',
    '1.9alpine',
    '2.9a',
    '1.0rcfoo',
    '1.0rc1foo',
    '1e10',
    '12ab34c',
    '1.0.0+build',
    '11.0.15.0.1',
    '1.2.3.4.5-alpine',
    `sha256-${'0123456789abcdef'.repeat(4)}`,
    `sha256-${'0123456789abcdef'.repeat(4)}.sig`,
    `sha256-${'0123456789abcdef'.repeat(4)}.att`,
    `sha256-${'0123456789abcdef'.repeat(4)}.sbom`,
  ])('%j is no version', (tag) => {
    expect(parseVersionTag(tag)).toBeUndefined();
  });
});

describe('the order of versions', () => {
  it.each([
    ['numbers, not text', ['1.2', '1.9', '1.9.5', '1.10', '1.10.2', '2.0']],
    [
      'numbers of any length',
      ['1.9007199254740992', '1.9007199254740993', '1.90071992547409921', '1.100000000000000000000'],
    ],
    [
      'pre-releases below their release',
      ['1.0-alpha1', '1.0-beta', '1.0-beta2', '1.0-rc1', '1.0-RC2', '1.0-rc9', '1.0-rc10', '1.0', '1.1-rc1'],
    ],
    ["python's words", ['3.15.0a1', '3.15.0a2', '3.15.0b1', '3.15.0rc1', '3.15.0']],
    ["openjdk's early access", ['24-ea', '24-ea-2', '24-ea-20', '24-rc', '24']],
    ['dotted pre-release numbers', ['8.0-rc.1.9', '8.0-rc.1.10', '8.0-rc.1.10.1', '8.0-rc.2.1']],
    ['revisions last', ['21.0.2', '21.0.2_9', '21.0.2_13', '21.0.2_13_1', '21.0.3_1']],
    [
      'of equal ones the longer is later, then by code point',
      ['2024.1', '2024.01', '2024.001', '2024.2', '2024.2-a', '2024.2-b', '2024.2_b'],
    ],
  ])('is by %s', (_what, sorted) => {
    const shuffled = sorted.toReversed().map(version);
    // Written like none of them, so that it prefers none of equal ones.
    const current = version('v1.0-alpine');
    expect(shuffled.sort((a, b) => compareCandidates(current, a, b)).map(({ tag }) => tag)).toEqual(sorted);
  });
});

describe('a candidate', () => {
  it.each<[current: string, tag: string, is: boolean]>([
    ['1.9', '1.10', true],
    ['1.9', '1.2', true], // whether it is higher is the rule's question
    ['1.25', '1.26.3', false],
    ['1.25', '2', false],
    ['1.25.3', '1.26', false],
    ['v1.9.0', 'v1.10.2', true],
    ['v1.9.0', '1.10.2', false],
    ['1.9.0', 'v1.10.2', false],
    ['1.9', '1.10-alpine', false],
    ['1.9-alpine', '1.10-alpine', true],
    ['1.9-alpine3.20', '1.10-alpine3.21', false],
    ['1.9-alpine', '1.10-Alpine', false],
    ['1.9', '1.10-rc1', false],
    ['1.9-rc1', '1.9-rc2', true],
    ['1.9-rc1', '1.9', true],
    ['1.9-rc1', '1.10', true],
    ['1.9-rc2', '1.9-rc1', false],
    ['1.9-rc1', '1.9-RC1', false],
    ['1.9-rc1', '1.10-rc1', false],
    ['1.9-ea', '1.9-rc', true],
    ['1.9-ea', '1.9', true],
    ['1.9-ea', '1.9-ea-30', false], // a channel, which points at ea-30 now
    ['1.9-ea-2', '1.9-rc', false],
    ['1.9-ea-2', '1.9-ea', false],
    ['1.9-rc1-alpine', '1.9-rc2-slim', false],
    ['21.0.2_13-jdk', '21.0.3_9-jdk', true],
    ['21.0.2_13-jdk', '21.0.3-jdk', false],
    ['21.0.2-jdk', '21.0.3_9-jdk', false],
    ['3', '20260805', false],
    ['3.20', '3.20260805', false],
    ['3.20', '3.020605', false],
    ['20240102', '20260805', true],
    ['20240102', '123456789', true],
    ['20240102', '1234567890', false],
    ['1.0.99999', '1.0.100123', true],
    ['1.0.00001', '1.0.100123', true],
    ['1.0.99999', '1.0.1001234', false],
    ['1.0.9999', '1.0.10000', true],
    ['1.0.9', '1.0.10000', true],
    ['1.0.9999', '1.0.100123', false],
    ['99999.1', '99999.100123', false],
    ['4.0-99999', '4.0-100123', true],
    ['4.0-9999', '4.0-100123', false],
    ['1.0-dev-99999', '1.0-dev-100123', true],
    ['1.0-dev-9999', '1.0-dev-100123', false],
    ['1.0-rc99999', '1.0-rc99999.100123', false],
    ['1.0-rc1-99999', '1.0-rc2-100123', true],
    ['1.0-rc99999-1', '1.0-rc99999-100123', false],
    ['1.9007199254740993', '1.90071992547409931', true],
    ['1.9007199254740993', '1.900719925474099310', false],
    ['2.6.3.0-b12', '2.8.0.0-b37', true],
    ['2.6.3.0-b12', '2.8.0.0_B37', true],
    ['2.6.3.0-b12', '2.8.0.0-37', false],
    ['2.6.3.0-12', '2.8.0.0-b37', false],
    ['2.6.3.0-b12', '2.8.0.0', false],
    ['2.6.3.0-b12', '2.8.0.0b37', false],
    ['4.0-1', '4.0-20220107', false],
    ['4.0-20220107', '4.0-20230108', true],
    ['1.0-rc1', '1.0-rc-20220107', false],
    ['1.0-dev-20220107', '1.0-dev-20230108', true],
    ['7.4.1708', '7.7.1908', true],
    ['3.12-dev', '3.13-dev', true],
    ['3.12-dev', '3.13', false],
  ])('for %s: %s is %s', (current, tag, is) => {
    expect(isCandidate(version(current), version(tag))).toBe(is);
  });

  it.each<[current: string, equal: string[], wins: string]>([
    ['2023.12', ['2024.01', '2024.1'], '2024.01'],
    ['2023.01', ['2024.01', '2024.1', '2024.001'], '2024.01'],
    ['2023.1', ['2024.01', '2024.1'], '2024.1'],
    ['1.9', ['1.10', '1.010'], '1.10'],
    ['1.0-rc1', ['1.0-rc2', '1.0-RC2', '1.0-rc.2', '1.0rc2'], '1.0-rc2'],
    ['1.0RC1', ['1.0-rc2', '1.0-RC2', '1.0rc2'], '1.0-rc2'],
    ['1.0_1', ['1.0_2', '1.0-2'], '1.0_2'],
  ])('for %s is, of the equal %j, %s', (current, equal, wins) => {
    for (const order of [equal, equal.toReversed()]) {
      const sorted = order.map(version).sort((a, b) => compareCandidates(version(current), a, b));
      expect(sorted.at(-1)!.tag).toBe(wins);
    }
  });

  it.each<[repository: string, current: string, tags: string[], candidates: string[]]>([
    // What real repositories hold.
    [
      'openjdk',
      '21-ea-23-slim',
      ['21-ea-9-slim', '21-ea-35-slim', '21-slim', '22-ea-1-slim', '21-ea-35', '21-ea-slim', '21-rc-slim'],
      ['21-ea-35-slim', '21-slim'],
    ],
    ['openjdk', '21-ea-slim', ['21-ea-9-slim', '21-rc-slim', '21-slim', '22-ea-slim'], ['21-rc-slim', '21-slim']],
    [
      'adoptopenjdk',
      '11.0.2_9-jdk-hotspot',
      [
        '11.0.10_9-jdk-hotspot',
        '11.0.9.1_1-jdk-hotspot',
        '11.0.7_10.1-jdk-hotspot',
        '8u292-b10-jdk-hotspot',
        '11.0.10_9-jre-hotspot',
        '11-jdk-hotspot',
      ],
      ['11.0.10_9-jdk-hotspot'],
    ],
    [
      'pypy',
      '3.10-7.3.17-slim',
      ['3.11-7.3.19-slim', '3.11-7.3.17-slim', '3.11-slim', '3-7.3.17-slim'],
      ['3.11-7.3.17-slim'],
    ],
    [
      'nextcloud',
      '13.0.8RC2',
      ['13.0.8RC1', '13.0.8RC3', '13.0.8', '13.0.8-rc', '14.0.0beta1', '14.0.0', '14.0'],
      ['13.0.8RC3', '13.0.8', '14.0.0'],
    ],
    ['kaazing-gateway', '5.0.1.21', ['5.0.1.38', '5.1.0', '5', 'latest'], ['5.0.1.38']],
    [
      'tomee',
      '9.0.0-M7-jre11',
      ['9.0.0-M8-jre11', '9.0.0.RC1-jre11', '9.0.0-M8-jre17', '9.1-jre11', '9.0.0-jre11'],
      ['9.0.0-M8-jre11', '9.0.0.RC1-jre11', '9.0.0-jre11'],
    ],
  ])('of %s for %s', (_repository, current, tags, candidates) => {
    const found = tags.map(parseVersionTag).filter((tag) => tag !== undefined && isCandidate(version(current), tag));
    expect(found.map((tag) => tag!.tag).sort()).toEqual(candidates.toSorted());
  });
});

const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(30).map(String) },
  { weight: 1, arbitrary: fc.nat(30).map((n) => `0${n}`) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String) },
);
const versionTag = fc
  .tuple(
    fc.constantFrom('', 'v'),
    fc.array(number, { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join('.')),
    fc.constantFrom('', '', '-rc1', 'RC.2', '-beta', '_ea-7', 'b3', '.dev4', '-preview.1.2'),
    fc.constantFrom('', '', '-1', '_13', '-20220107', '-1-2'),
    fc.constantFrom('', '-alpine', '-slim', '.Final'),
  )
  .map((parts) => parts.join(''));

describe('properties', () => {
  it('precedence is an order, in which tags that are written otherwise may be equal', () => {
    fc.assert(
      fc.property(versionTag, versionTag, versionTag, (x, y, z) => {
        const [a, b, c] = [version(x), version(y), version(z)];
        expect(Math.sign(comparePrecedence(a, b))).toBe(-Math.sign(comparePrecedence(b, a)) + 0);
        if (x === y) expect(comparePrecedence(a, b)).toBe(0);
        if (comparePrecedence(a, b) <= 0 && comparePrecedence(b, c) <= 0)
          expect(comparePrecedence(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
  });

  it('the order of the candidates for a tag is total', () => {
    fc.assert(
      fc.property(versionTag, versionTag, versionTag, versionTag, (current, x, y, z) => {
        const [a, b, c] = [version(x), version(y), version(z)];
        const order = (one: VersionTag, other: VersionTag) => compareCandidates(version(current), one, other);
        expect(Math.sign(order(a, b))).toBe(-Math.sign(order(b, a)) + 0);
        expect(order(a, b) === 0).toBe(x === y);
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
  });

  it('every text is read or is no version, and nothing of a version is lost', () => {
    const noise = fc.array(fc.constantFrom(...'v019.-_ arcbetRC+é'), { maxLength: 30 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(noise, versionTag, fc.string({ unit: 'binary' })), (text) => {
        const parsed = parseVersionTag(text);
        if (parsed === undefined) return;
        expect(parsed.tag).toBe(text);
        expect(text.startsWith(parsed.prefix)).toBe(true);
        expect(text.endsWith(parsed.variant)).toBe(true);
        expect(comparePrecedence(parsed, version(text))).toBe(0);
      }),
      { numRuns: 3000 },
    );
  });

  it('plain versions are ordered as npm orders them', () => {
    const plain = fc
      .tuple(
        fc.nat(20),
        fc.nat(20),
        fc.nat(20),
        fc.constantFrom('', '-alpha.1', '-alpha.10', '-beta.2', '-rc.1', '-rc.1.2'),
      )
      .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre}`);
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        expect(Math.sign(comparePrecedence(version(a), version(b)))).toBe(semver.compare(a, b));
      }),
      { numRuns: 2000 },
    );
  });
});
