import { expect, it } from 'vitest';
import { ruleOf } from '../../../../test/support/domain/rules.ts';
import { buildTagFilter } from '../../tag/tag-filter.ts';
import type { DecisionInput } from '../decision-input.ts';
import type { TagFacts } from '../facts.ts';
import { digestUnchanged } from './digest-unchanged.ts';
import type { Exclusion, MissingFacts } from './veto.ts';

const DIGEST = ruleOf('digest');
const ON_A = { currentDigest: 'sha256:a' };

it.each<[string, typeof DIGEST, Partial<DecisionInput>, TagFacts | undefined, Exclusion | MissingFacts | undefined]>([
  ['the rule is not a digest rule', ruleOf('semver-minor'), ON_A, { digest: 'sha256:a' }, undefined],
  ['the tag points at another digest', DIGEST, ON_A, { digest: 'sha256:b' }, undefined],
  ['the tag points at the same digest', DIGEST, ON_A, { digest: 'sha256:a' }, { reason: 'still points to sha256:a' }],
  ['its digest is not known yet', DIGEST, ON_A, undefined, { tag: '1.0', missing: ['digest'] }],
  [
    'nobody knows its digest',
    DIGEST,
    ON_A,
    { digest: { unknown: 'a file' } },
    { reason: 'points to an unknown digest: a file' },
  ],
  [
    'no digest was recorded, it is to be recorded',
    DIGEST,
    {},
    { digest: 'sha256:a' },
    { reason: 'has no recorded digest to compare with yet', currentDigest: 'sha256:a' },
  ],
  [
    'the filter hides the tag',
    DIGEST,
    { ...ON_A, filter: buildTagFilter({ exclude: '^1' }) },
    { digest: 'sha256:b' },
    { reason: 'matches spec.tags.exclude' },
  ],
])('where %s', (_, rule, more, known, expected) => {
  const facts = new Map(known === undefined ? [] : [['1.0', known]]);
  const input = { rules: [], currentTag: '1.0', tags: ['1.0'], facts, ...more };
  expect(digestUnchanged({ tag: '1.0', rule }, input)).toEqual(expected);
});
