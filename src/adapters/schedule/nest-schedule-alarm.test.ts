import { SchedulerRegistry } from '@nestjs/schedule';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { alarmContract } from '../../../test/contracts/alarm.contract.ts';
import { SystemClock } from '../clock/system-clock.ts';
import { NestScheduleAlarm } from './nest-schedule-alarm.ts';

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
afterEach(() => void vi.useRealTimers());

alarmContract('NestScheduleAlarm', () => {
  const clock = new SystemClock();
  return {
    clock,
    alarm: new NestScheduleAlarm(new SchedulerRegistry(), clock),
    pass: async (ms) => void (await vi.advanceTimersByTimeAsync(ms)),
  };
});

it("keeps one timeout in Nest's registry, and none once it has rung", async () => {
  const registry = new SchedulerRegistry();
  const alarm = new NestScheduleAlarm(registry, new SystemClock());
  for (let i = 0; i < 100; i++) alarm.set(Date.now() + i, () => {});
  expect(registry.getTimeouts()).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1000);
  expect(registry.getTimeouts()).toEqual([]);
});

it('lets two alarms share a registry', () => {
  const registry = new SchedulerRegistry();
  const [one, other] = [
    new NestScheduleAlarm(registry, new SystemClock()),
    new NestScheduleAlarm(registry, new SystemClock()),
  ];
  one.set(Date.now() + 10, () => {});
  other.set(Date.now() + 10, () => {});
  one.clear();
  expect(registry.getTimeouts()).toHaveLength(1);
});

it('catches up within the hour when the clock of the machine is put forward', async () => {
  const alarm = new NestScheduleAlarm(new SchedulerRegistry(), new SystemClock());
  let rung = 0;
  alarm.set(Date.now() + 10 * 24 * 3_600_000, () => rung++);
  vi.setSystemTime(Date.now() + 11 * 24 * 3_600_000);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(rung).toBe(1);
});
