import { expect, it } from 'vitest';
import { updateInProgress } from './update-in-progress.ts';

const IDLE = { rules: [], currentTag: '1.0', tags: ['1.0'] };

it('holds an Image while it moves, and no other', () => {
  expect(updateInProgress(IDLE)).toBeUndefined();
  expect(updateInProgress({ ...IDLE, updating: { tag: '1.1', rule: 'minor' } })).toEqual({
    reason: 'the update to 1.1 (minor) is in progress; no other update starts until it has finished',
  });
});
