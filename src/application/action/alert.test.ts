import { expect, it } from 'vitest';
import { alert } from './alert.ts';

it('changes nothing, has no say in how the refresh ends, and sends nothing yet', () => {
  expect(alert({ tag: 'v1.1', rule: 'minor', reason: 'v1.1 is newer than v1.0', at: '2026-01-01T00:00:00Z' })).toEqual({
    events: [],
    work: [],
  });
});
