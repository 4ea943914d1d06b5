import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../../test/support/domain/rules.ts';
import { buildTagFilter } from '../tag/tag-filter.ts';
import type { DecisionInput } from './decide.ts';
import { explain, newerMisses } from './explain.ts';

/** `tag: verdict, reason` of each; a newer tag's with a plus sign. */
const told = (input: DecisionInput): readonly string[] =>
  explain(input).map(({ tag, verdict, reason, newer }) => `${newer ? '+' : ' '}${tag}: ${verdict}, ${reason}`);

describe('the explanation', () => {
  it('has a verdict on every tag, the newest first', () => {
    expect(
      told({
        rules: [ruleOf('semver-minor')],
        currentTag: 'v1.9.0',
        tags: [
          'v1.9.0',
          'v1.9.5',
          'v1.10.0',
          'v1.10.2',
          'v1.10.2-slim',
          'v1.11.0-rc1',
          'v2.0.0',
          '1.12.0',
          'v1.8.0',
          'latest',
          `sha256-${'0'.repeat(64)}.sig`,
          'v1.10.0',
        ],
      }),
    ).toEqual([
      '+v2.0.0: excluded, is from a different major',
      '+1.12.0: excluded, is written without a leading v',
      '+v1.11.0-rc1: excluded, is a pre-release',
      '+v1.10.2-slim: excluded, is from a different variant',
      '+v1.10.2: selected, is the highest with major 1 and a minor above 9',
      '+v1.10.0: older, is below v1.10.2',
      '+v1.9.5: older, is below v1.10.2',
      ' v1.9.0: older, is the current tag',
      ' v1.8.0: older, is below v1.10.2',
      ` sha256-${'0'.repeat(64)}.sig: excluded, is a signature or an attestation`,
      ' latest: excluded, is not a version',
    ]);
  });

  it('says of every tag why there is none', () => {
    expect(
      told({ rules: [ruleOf('semver-patch')], currentTag: '1.9.0', tags: ['1.9.0', '1.8.0', '1.10.0', '1.10'] }),
    ).toEqual([
      '+1.10.0: excluded, is from a different minor',
      '+1.10: excluded, is written with fewer numbers',
      ' 1.9.0: excluded, is the current tag',
      ' 1.8.0: excluded, is not above the current tag',
    ]);
  });

  it('says so where the rule can take none at all', () => {
    expect(told({ rules: [ruleOf('semver-patch')], currentTag: 'latest', tags: ['1.0'] })).toEqual([
      ' 1.0: excluded, is not comparable: the current tag latest is not a version, so no tag can be newer; set spec.baseTag to a version',
    ]);
  });

  it('names what spec.tags hides, and what did not pass', () => {
    const filter = buildTagFilter({ include: '^1', exclude: '-dev$', platforms: ['linux/arm64'] });
    const facts = new Map([
      ['1.12', { platforms: ['linux/amd64'] }],
      ['1.11', { platforms: ['linux/arm64'] }],
    ]);
    expect(
      told({
        rules: [ruleOf('semver-minor')],
        currentTag: '1.9',
        tags: ['1.10', '1.11', '1.12', '1.13-dev', '2.0'],
        filter,
        facts,
      }),
    ).toEqual([
      '+2.0: excluded, does not match spec.tags.include',
      '+1.13-dev: excluded, matches spec.tags.exclude',
      '+1.12: excluded, lacks linux/arm64',
      '+1.11: selected, is the highest with major 1 and a minor above 9',
      '+1.10: older, is below 1.11',
    ]);
  });

  it('speaks of whole tags where a part of them is extracted', () => {
    expect(
      told({
        rules: [ruleOf('numerical')],
        currentTag: 'b-9-x',
        tags: ['b-10-x', 'b-10-xyz', 'b-8-x', 'b-9-y', 'c-11-x'],
        filter: buildTagFilter({ extract: '^b-(\\d+)' }),
      }),
    ).toEqual([
      '+c-11-x: excluded, does not match spec.tags.extract',
      '+b-10-xyz: older, is below b-10-x',
      '+b-10-x: selected, is the highest number above 9',
      ' b-9-y: older, is below b-10-x',
      ' b-8-x: older, is below b-10-x',
    ]);
  });

  it('speaks of above where lower is better', () => {
    expect(told({ rules: [ruleOf('numerical', 'asc')], currentTag: '9', tags: ['7', '8', '9', '10', 'x'] })).toEqual([
      ' 10: older, is above 7',
      ' 9: older, is the current tag',
      '+8: older, is above 7',
      '+7: selected, is the lowest number below 9',
      ' x: excluded, is not a number',
    ]);
  });

  it('asks of a selected tag that is numbered in another way whether it is meant', () => {
    expect(told({ rules: [ruleOf('semver-major')], currentTag: '10.11.4', tags: ['2021.12.16', '11.0.0'] })).toEqual([
      "+2021.12.16: selected, is the highest with a major above 10; its version numbering differs from that of the current tag; if that is not intended, exclude it with spec.tags.exclude, such as '^\\d{4}\\.'",
      '+11.0.0: older, is below 2021.12.16',
    ]);
  });

  it('has a newer build of the same version as newer', () => {
    expect(
      told({ rules: [ruleOf('semver-patch')], currentTag: '1.2.3-r5', tags: ['1.2.3-r4', '1.2.3-r6', '1.2.3-s7'] }),
    ).toEqual([
      ' 1.2.3-s7: excluded, is from a different variant',
      '+1.2.3-r6: excluded, is from a different variant',
      ' 1.2.3-r4: excluded, is from a different variant',
    ]);
  });

  it('goes rule by rule', () => {
    expect(
      explain({ rules: [ruleOf('semver-minor'), ruleOf('digest')], currentTag: '1.9', tags: ['1.9', '1.10'] }).map(
        ({ rule, tag, verdict }) => `${rule} ${tag} ${verdict}`,
      ),
    ).toEqual(['semver-minor 1.10 selected', 'semver-minor 1.9 older', 'digest 1.10 excluded', 'digest 1.9 excluded']);
  });
});

describe('the newer tags that were left out', () => {
  const WAY_OUT =
    'although only a number or a commit hash differs: capture the part that matters with spec.tags.extract, or use a regex rule';

  it.each<[what: string, rule: Parameters<typeof ruleOf>, current: string, tags: string, told: string]>([
    [
      'by a build number at the end',
      ['semver-patch'],
      '4.0.16.2944-ls299',
      '4.0.17.2952-ls301 4.0.16.2944-ls298',
      `; 1 newer tag is from a different variant (4.0.17.2952-ls301), ${WAY_OUT}`,
    ],
    [
      'by a commit',
      ['semver-minor'],
      '1.2.3-a1b2c3d',
      '1.3.0-9f8e7d6 1.2.9-0a0b0c0 1.4.0-slim',
      `; 2 newer tags are from a different variant (1.3.0-9f8e7d6), ${WAY_OUT}; 1 newer tag is from a different variant (1.4.0-slim)`,
    ],
    [
      'beside what is of the series',
      ['semver-minor'],
      '1.9-alpine3.20',
      '2.0-alpine3.20 1.10-alpine3.21 1.11-slim',
      `; 1 newer tag is from a different variant (1.10-alpine3.21), ${WAY_OUT}; 1 newer tag is from a different major (2.0-alpine3.20)`,
    ],
    [
      'the nearest of them, which is not the newest',
      ['semver-minor'],
      '1.9-r1',
      '1.10-r2 2.0-r3 1.11-rc1-r4',
      `; 3 newer tags are from a different variant (1.10-r2), ${WAY_OUT}`,
    ],
    [
      'that are all of another level',
      ['semver-patch'],
      '1.9.1-r1',
      '1.10.0-r2 2.0.0-r3',
      `; 2 newer tags are from a different variant (2.0.0-r3), ${WAY_OUT}`,
    ],
    [
      'in a range',
      ['semver-range', '^1.2'],
      '1.2.3-r1',
      '1.3.0-r2 2.0.0-r3',
      `; 2 newer tags are from a different variant (1.3.0-r2), ${WAY_OUT}`,
    ],
    [
      'of a calendar',
      ['calver-major'],
      '2024.1-r1',
      '2025.1-r2 2025.1.2.3-r9',
      `; 2 newer tags are from a different variant (2025.1-r2), ${WAY_OUT}`,
    ],
    [
      'of a date',
      ['calver-prerelease'],
      '2024.1-dev.9-r1',
      '2024.1-dev.10-r2 2024.1-dev.8-r3 2024.1-dev.11-slim',
      `; 1 newer tag is from a different variant (2024.1-dev.10-r2), ${WAY_OUT}; 1 newer tag is from a different variant (2024.1-dev.11-slim)`,
    ],
    [
      'by more than a number',
      ['semver-patch'],
      '1.2.3-alpine',
      '1.2.4-alpine3.20 1.2.4',
      '; 2 newer tags are from a different variant (1.2.4-alpine3.20)',
    ],
    [
      'by no number in one place',
      ['semver-patch'],
      '2.6.3.0-b12',
      '2.6.4.0-13',
      '; 1 newer tag is written without a b before its build (2.6.4.0-13)',
    ],
  ])('%s', (_what, [type, value], current, list, expected) => {
    const tags = list.split(' ');
    for (const order of [tags, tags.toReversed()]) {
      expect(newerMisses(ruleOf(type, value).from(current), order)).toBe(expected);
    }
  });
});
