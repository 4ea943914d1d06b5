import { expect, it } from 'vitest';
import { ruleOf } from '../../../../test/support/domain/rules.ts';
import { buildRule } from '../../rule/rule-catalogue.ts';
import type { DecisionInput } from '../decision-input.ts';
import type { TagFacts } from '../facts.ts';
import { notPullable } from './not-pullable.ts';
import type { Exclusion, MissingFacts } from './veto.ts';

const MOVES = ruleOf('semver-minor');
const ALERTS = buildRule({ name: 'alerts', type: 'semver-minor', actions: [{ type: 'alert-email' }] }, 0);
const PROVEN = { provenTags: true };
const GONE: TagFacts = { digest: { unknown: 'the registry has no such tag' } };
const EXCLUDED = { reason: "is listed but can't be pulled: the registry has no such tag" };

it.each<[string, typeof MOVES, Partial<DecisionInput>, TagFacts | undefined, Exclusion | MissingFacts | undefined]>([
  ['no registry can be asked', MOVES, {}, undefined, undefined],
  ['its digest is not known yet', MOVES, PROVEN, undefined, { tag: '1.1', missing: ['digest'] }],
  ['its digest is known', MOVES, PROVEN, { digest: 'sha256:a' }, undefined],
  ['the registry does not have it', MOVES, PROVEN, GONE, EXCLUDED],
  ['the rule moves nothing, it is not asked about', ALERTS, PROVEN, undefined, undefined],
  ['the rule moves nothing, but the registry is known not to have it', ALERTS, PROVEN, GONE, EXCLUDED],
  [
    'an update is in progress, it is not asked about',
    MOVES,
    { ...PROVEN, updating: { tag: '1.2', rule: 'minor' } },
    undefined,
    undefined,
  ],
])('where %s', (_, rule, more, known, expected) => {
  const facts = new Map(known === undefined ? [] : [['1.1', known]]);
  const input = { rules: [], currentTag: '1.0', tags: ['1.0', '1.1'], facts, ...more };
  expect(notPullable({ tag: '1.1', rule }, input)).toEqual(expected);
});
