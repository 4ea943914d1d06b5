import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alarmContract } from '../contracts/alarm.contract.ts';
import { clockContract } from '../contracts/clock.contract.ts';
import { FakeAlarm } from '../support/fakes/fake-alarm.ts';
import { FakeClock } from '../support/fakes/fake-clock.ts';
import { ShiftedClock } from '../support/fakes/shifted-clock.ts';

clockContract('FakeClock', () => {
  const clock = new FakeClock();
  return { clock, pass: (ms) => clock.advance(ms) };
});

alarmContract('FakeAlarm', () => {
  const clock = new FakeClock();
  return { clock, alarm: new FakeAlarm(clock), pass: (ms) => clock.advance(ms) };
});

describe('at another time', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
  afterEach(() => void vi.useRealTimers());

  clockContract('ShiftedClock', () => {
    const clock = new ShiftedClock();
    clock.shiftMs = -3_600_000;
    return { clock, pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)) };
  });
});

it('lets promises settle between two timers', async () => {
  const clock = new FakeClock();
  const seen: string[] = [];
  clock.after(10, () => void Promise.resolve().then(() => seen.push('promise of the first')));
  clock.after(10, () => seen.push('second'));
  await clock.advance(10);
  expect(seen).toEqual(['promise of the first', 'second']);
});

it('goes from timer to timer', async () => {
  const clock = new FakeClock(0);
  clock.after(70, () => {});
  clock.after(30, () => {});
  expect(clock.pending()).toEqual([30, 70]);
  expect(await clock.advanceToNext()).toBe(true);
  expect(clock.now()).toBe(30);
  expect(await clock.advanceToNext()).toBe(true);
  expect(await clock.advanceToNext()).toBe(false);
  expect(clock.now()).toBe(70);
});
