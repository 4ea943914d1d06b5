import { expect, it } from 'vitest';
import { requestApproval } from './request-approval.ts';

it('does not move the Image, and says which action to use', () => {
  const { events, outcome, work } = requestApproval({
    tag: 'v1.1',
    rule: 'minor',
    reason: 'v1.1 is newer than v1.0',
    at: '2026-01-01T00:00:00Z',
  });
  expect(events).toEqual([]);
  expect(work).toEqual([]);
  expect(outcome).toEqual({
    kind: 'stalled',
    result: 'ActionError',
    reason: 'UnsupportedAction',
    message:
      'rule "minor" found v1.1, but its action request-approval is not implemented in this version of kimup; use the action apply',
  });
});
