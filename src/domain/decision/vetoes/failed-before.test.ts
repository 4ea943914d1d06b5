import { expect, it } from 'vitest';
import { ruleOf } from '../../../../test/support/domain/rules.ts';
import type { Rejected } from '../decision-input.ts';
import type { TagFacts } from '../facts.ts';
import { failedBefore } from './failed-before.ts';
import type { Exclusion, MissingFacts } from './veto.ts';

const FAILED: Rejected = { tag: '1.2', digest: 'sha256:a', reason: 'not ready' };
const SKIPPED = { reason: 'is skipped until it points to a new digest, because its rollout failed (not ready)' };
const OLDER = { reason: 'is skipped because it is older than 1.2, whose rollout failed (not ready)' };

it.each<[string, string, Rejected | undefined, TagFacts | undefined, Exclusion | MissingFacts | undefined]>([
  ['1.2', 'where nothing failed', undefined, undefined, undefined],
  ['1.2', 'where it failed with the digest that it has', FAILED, { digest: 'sha256:a' }, SKIPPED],
  ['1.2', 'where it failed with another digest', FAILED, { digest: 'sha256:b' }, undefined],
  ['1.2', 'where its digest is not known yet', FAILED, undefined, { tag: '1.2', missing: ['digest'] }],
  ['1.2', 'where nobody knows its digest', FAILED, { digest: { unknown: 'a file' } }, SKIPPED],
  ['1.2', 'where no digest was recorded', { tag: '1.2', reason: 'not ready' }, undefined, SKIPPED],
  ['1.1', 'where 1.2 failed', FAILED, { digest: 'sha256:a' }, OLDER],
  ['1.1', 'where 1.2 failed with another digest', FAILED, { digest: 'sha256:b' }, undefined],
  ['1.3', 'where 1.2 failed', FAILED, { digest: 'sha256:a' }, undefined],
  ['1.1-alpine', 'where 1.2 failed, which is of another series', FAILED, { digest: 'sha256:a' }, undefined],
  [
    '1.1',
    'where 1.4 failed, which is not listed any more',
    { ...FAILED, tag: '1.4' },
    undefined,
    {
      reason: 'is skipped because it is older than 1.4, whose rollout failed (not ready)',
    },
  ],
])('%s %s', (tag, _, rejected, known, expected) => {
  const facts = new Map(known === undefined ? [] : [['1.2', known]]);
  const tags = ['1.0', '1.1', '1.1-alpine', '1.2', '1.3'];
  const input = { rules: [], currentTag: '1.0', tags, facts, rejected };
  expect(failedBefore({ tag, rule: ruleOf('semver-minor') }, input)).toEqual(expected);
});

it('keeps only the failed tag itself from a digest rule', () => {
  const input = { rules: [], currentTag: '1.1', tags: ['1.1', '1.2'], rejected: { tag: '1.2', reason: 'not ready' } };
  expect(failedBefore({ tag: '1.1', rule: ruleOf('digest') }, input)).toBeUndefined();
  expect(failedBefore({ tag: '1.2', rule: ruleOf('digest') }, input)).toEqual(SKIPPED);
});
