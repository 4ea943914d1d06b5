import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../../test/domain/rules.ts';
import { buildTagFilter } from '../tag/tag-filter.ts';
import type { Question } from './decide.ts';
import { explain } from './explain.ts';

/** `tag: verdict, reason` of each; a newer tag's with a plus sign. */
const told = (question: Question): readonly string[] => explain(question).map(({ tag, verdict, reason, newer }) => `${newer ? '+' : ' '}${tag}: ${verdict}, ${reason}`);

describe('the explanation', () => {
  it('has a verdict on every tag, the newest first', () => {
    expect(told({ rules: [ruleOf('semver-minor')], currentTag: 'v1.9.0', tags: ['v1.9.0', 'v1.9.5', 'v1.10.0', 'v1.10.2', 'v1.10.2-slim', 'v1.11.0-rc1', 'v2.0.0', '1.12.0', 'v1.8.0', 'latest', `sha256-${'0'.repeat(64)}.sig`, 'v1.10.0'] })).toEqual([
      '+v2.0.0: excluded, is of another major',
      '+1.12.0: excluded, is written without a leading v',
      '+v1.11.0-rc1: excluded, is a pre-release',
      '+v1.10.2-slim: excluded, is of another variant',
      '+v1.10.2: selected, is the highest with major 1 and a minor above 9',
      '+v1.10.0: older, is below v1.10.2',
      '+v1.9.5: older, is below v1.10.2',
      ' v1.9.0: older, is the current tag',
      ' v1.8.0: older, is below v1.10.2',
      ` sha256-${'0'.repeat(64)}.sig: excluded, is a signature or an attestation`,
      ' latest: excluded, is no version',
    ]);
  });

  it('says of every tag why there is none', () => {
    expect(told({ rules: [ruleOf('semver-patch')], currentTag: '1.9.0', tags: ['1.9.0', '1.8.0', '1.10.0', '1.10'] })).toEqual([
      '+1.10.0: excluded, is of another minor',
      '+1.10: excluded, is written with fewer numbers',
      ' 1.9.0: excluded, is the current tag',
      ' 1.8.0: excluded, is not above the current tag',
    ]);
  });

  it('says so where the rule can take none at all', () => {
    expect(told({ rules: [ruleOf('semver-patch')], currentTag: 'latest', tags: ['1.0'] })).toEqual([
      ' 1.0: excluded, is not compared: the current tag latest is no version, so none is newer; set spec.baseTag to a version',
    ]);
  });

  it('names what spec.tags hides, and what did not pass', () => {
    const filter = buildTagFilter({ include: '^1', exclude: '-dev$', platforms: ['linux/arm64'] });
    const facts = new Map([['1.12', { platforms: ['linux/amd64'] }], ['1.11', { platforms: ['linux/arm64'] }]]);
    expect(told({ rules: [ruleOf('semver-minor')], currentTag: '1.9', tags: ['1.10', '1.11', '1.12', '1.13-dev', '2.0'], filter, facts })).toEqual([
      '+2.0: excluded, does not match spec.tags.include',
      '+1.13-dev: excluded, matches spec.tags.exclude',
      '+1.12: excluded, lacks linux/arm64',
      '+1.11: selected, is the highest with major 1 and a minor above 9',
      '+1.10: older, is below 1.11',
    ]);
  });

  it('speaks of whole tags where a part of them is extracted', () => {
    expect(told({ rules: [ruleOf('numerical')], currentTag: 'b-9-x', tags: ['b-10-x', 'b-10-xyz', 'b-8-x', 'b-9-y', 'c-11-x'], filter: buildTagFilter({ extract: '^b-(\\d+)' }) })).toEqual([
      '+c-11-x: excluded, does not match spec.tags.extract',
      '+b-10-xyz: older, is below b-10-x',
      '+b-10-x: selected, is the highest number above 9',
      ' b-9-y: older, is below b-10-x',
      ' b-8-x: older, is below b-10-x',
    ]);
  });

  it('speaks of above where lower is better', () => {
    expect(told({ rules: [ruleOf('numerical', 'asc')], currentTag: '9', tags: ['7', '8', '9', '10', 'x'] })).toEqual([
      ' 10: older, is above 7', ' 9: older, is the current tag', '+8: older, is above 7', '+7: selected, is the lowest number below 9', ' x: excluded, is no number',
    ]);
  });

  it('goes rule by rule', () => {
    expect(explain({ rules: [ruleOf('semver-minor'), ruleOf('digest')], currentTag: '1.9', tags: ['1.9', '1.10'] }).map(({ rule, tag, verdict }) => `${rule} ${tag} ${verdict}`)).toEqual([
      'semver-minor 1.10 selected', 'semver-minor 1.9 older', 'digest 1.10 excluded', 'digest 1.9 excluded',
    ]);
  });
});
