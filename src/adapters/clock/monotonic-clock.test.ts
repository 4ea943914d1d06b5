import { afterEach, beforeEach, vi } from 'vitest';
import { clockContract } from '../../../test/contracts/clock.contract.ts';
import { MonotonicClock } from './monotonic-clock.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

clockContract('MonotonicClock', () => ({
  clock: new MonotonicClock(),
  pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
}));
