import { expect, it } from 'vitest';
import type { ActionRequest } from './action-strategy.ts';
import { apply } from './apply.ts';

const REQUEST: ActionRequest = {
  tag: 'v1.1',
  rule: 'minor',
  reason: 'v1.1 is newer than v1.0',
  at: '2026-01-01T00:00:00Z',
};
const DIGEST = `sha256:${'a'.repeat(64)}`;

it('begins an update to the tag, for the reason of the rule', () => {
  expect(apply(REQUEST)).toEqual({
    events: [{ type: 'UpdateFound', update: { tag: 'v1.1', rule: 'minor', since: '2026-01-01T00:00:00Z' } }],
    outcome: { kind: 'ok', message: 'v1.1 is newer than v1.0' },
    work: [],
  });
});

it('records the digest that the decision saw', () => {
  expect(apply({ ...REQUEST, digest: DIGEST }).events).toEqual([
    { type: 'UpdateFound', update: { tag: 'v1.1', digest: DIGEST, rule: 'minor', since: '2026-01-01T00:00:00Z' } },
  ]);
});
