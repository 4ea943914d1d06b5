import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { clockContract } from '../../../test/contracts/clock.contract.ts';
import { SystemClock } from './system-clock.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

clockContract('SystemClock', () => ({
  clock: new SystemClock(),
  pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
}));

it("tells the machine's time", () => {
  vi.useRealTimers();
  const before = Date.now();
  const now = new SystemClock().now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
