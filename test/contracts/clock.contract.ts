import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/application/ports/clock.ts';

/** A clock, and how a test makes its time pass. */
export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets `ms` milliseconds pass; what is due until then is done when it resolves. */
  pass(ms: number): Promise<void>;
}

/** What every {@link Clock} does. */
export function clockContract(name: string, make: () => ClockUnderTest): void {
  describe(`${name}, a Clock`, () => {
    it('wakes once, when the time is up and not before', async () => {
      const { clock, pass } = make();
      const start = clock.now();
      const woken: number[] = [];
      clock.after(1000, () => woken.push(clock.now() - start));
      await pass(999);
      expect(woken).toEqual([]);
      await pass(1);
      expect(woken).toEqual([1000]);
      await pass(10_000);
      expect(woken).toEqual([1000]);
    });

    it.each([0, -1, -1e12])('wakes at once for a delay of %d, but not synchronously', async (delay) => {
      const { clock, pass } = make();
      let woken = 0;
      clock.after(delay, () => woken++);
      expect(woken).toBe(0);
      await pass(1);
      expect(woken).toBe(1);
    });

    it('wakes in the order of the times, not of the calls', async () => {
      const { clock, pass } = make();
      const woken: string[] = [];
      clock.after(30, () => woken.push('c'));
      clock.after(10, () => woken.push('a'));
      clock.after(20, () => woken.push('b'));
      await pass(100);
      expect(woken).toEqual(['a', 'b', 'c']);
    });

    it('does not wake what was cancelled; cancelling twice or late does nothing', async () => {
      const { clock, pass } = make();
      let woken = 0;
      const cancel = clock.after(10, () => woken++);
      const late = clock.after(10, () => woken++);
      cancel();
      cancel();
      await pass(20);
      late();
      expect(woken).toBe(1);
    });

    it('sets timers from within a wake', async () => {
      const { clock, pass } = make();
      const start = clock.now();
      const woken: number[] = [];
      clock.after(10, () => {
        woken.push(clock.now() - start);
        clock.after(10, () => woken.push(clock.now() - start));
      });
      await pass(20);
      expect(woken).toEqual([10, 20]);
    });

    const fortyDays = 40 * 24 * 3_600_000;
    it('waits longer than 2^31 ms', async () => {
      const { clock, pass } = make();
      let woken = 0;
      clock.after(fortyDays, () => woken++);
      await pass(fortyDays - 1);
      expect(woken).toBe(0);
      await pass(1);
      expect(woken).toBe(1);
    });

    it('cancels a wait longer than 2^31 ms, also half way', async () => {
      const { clock, pass } = make();
      let woken = 0;
      const cancel = clock.after(fortyDays, () => woken++);
      await pass(fortyDays - 10);
      cancel();
      await pass(20);
      expect(woken).toBe(0);
    });
  });
}
