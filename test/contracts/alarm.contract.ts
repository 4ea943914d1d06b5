import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../src/application/ports/alarm.ts';
import type { Clock } from '../../src/application/ports/clock.ts';

/** An alarm, the clock that it goes by, and how a test makes time pass. */
export interface AlarmUnderTest {
  readonly alarm: Alarm;
  readonly clock: Clock;
  pass(ms: number): Promise<void>;
}

/** What every {@link Alarm} does. */
export function alarmContract(name: string, make: () => AlarmUnderTest): void {
  describe(`${name}, an Alarm`, () => {
    it('rings once, at its time and not before', async () => {
      const { alarm, clock, pass } = make();
      const at = clock.now() + 5000;
      const rung: number[] = [];
      alarm.set(at, () => rung.push(clock.now()));
      await pass(4999);
      expect(rung).toEqual([]);
      await pass(1);
      expect(rung).toEqual([at]);
      await pass(100_000);
      expect(rung).toEqual([at]);
    });

    it.each([0, 1, 1e12])('rings at once for a time %d ms ago, but not synchronously', async (ago) => {
      const { alarm, clock, pass } = make();
      let rung = 0;
      alarm.set(clock.now() - ago, () => rung++);
      expect(rung).toBe(0);
      await pass(1);
      expect(rung).toBe(1);
    });

    it('is moved by setting it anew, earlier or later', async () => {
      const { alarm, clock, pass } = make();
      const rung: string[] = [];
      alarm.set(clock.now() + 100, () => rung.push('first'));
      alarm.set(clock.now() + 200, () => rung.push('later'));
      await pass(150);
      expect(rung).toEqual([]);
      alarm.set(clock.now() + 10, () => rung.push('earlier'));
      await pass(1000);
      expect(rung).toEqual(['earlier']);
    });

    it('does not fire when cleared; clearing twice, or what was never set, does nothing', async () => {
      const { alarm, clock, pass } = make();
      let rung = 0;
      alarm.clear();
      alarm.set(clock.now() + 10, () => rung++);
      alarm.clear();
      alarm.clear();
      await pass(100);
      expect(rung).toBe(0);
    });

    it('can be set again while it rings', async () => {
      const { alarm, clock, pass } = make();
      let rung = 0;
      alarm.set(clock.now() + 10, () => {
        rung++;
        alarm.set(clock.now() + 10, () => rung++);
      });
      await pass(10);
      expect(rung).toBe(1);
      await pass(10);
      expect(rung).toBe(2);
    });

    it('rings after more than 2^31 ms, and can be cleared half way', async () => {
      const fortyDays = 40 * 24 * 3_600_000;
      const { alarm, clock, pass } = make();
      let rung = 0;
      alarm.set(clock.now() + fortyDays, () => rung++);
      await pass(fortyDays - 1);
      expect(rung).toBe(0);
      await pass(1);
      expect(rung).toBe(1);
      alarm.set(clock.now() + fortyDays, () => rung++);
      await pass(fortyDays / 2);
      alarm.clear();
      await pass(fortyDays);
      expect(rung).toBe(1);
    });
  });
}
