import { describe, expect, it } from 'vitest';
import { type Crontab, InvalidCrontabError } from '../../src/application/ports/crontab.ts';

/** A Crontab and expressions as it writes them. */
export interface CrontabUnderTest {
  readonly crontab: Crontab;
  /** Fires every 15 seconds: at :00, :15, :30 and :45 of every minute. */
  readonly every15Seconds: string;
  /** Fires every hour, on the hour. */
  readonly everyHour: string;
  /** Expressions that can't be understood. */
  readonly wrong: readonly string[];
  /** Expressions that never fire. */
  readonly never: readonly string[];
}

const NOON = Date.UTC(2026, 10, 22, 12);

/** What every {@link Crontab} does. */
export function crontabContract(name: string, make: () => CrontabUnderTest): void {
  describe(`${name}, a Crontab`, () => {
    it.each([
      ['when it has just fired', NOON, NOON + 15_000],
      ['a millisecond before it fires', NOON - 1, NOON],
      ['a millisecond after it fired', NOON + 1, NOON + 15_000],
      ['between two firings', NOON + 22_222, NOON + 30_000],
      ['long ago', Date.UTC(1999, 11, 31, 23, 59, 50), Date.UTC(2000, 0, 1)],
    ])('says when it fires next, strictly after the time given: %s', (_, after, next) => {
      const { crontab, every15Seconds } = make();
      expect(crontab.parse(every15Seconds).next(after)).toBe(next);
    });

    it('goes from firing to firing without leaving one out', () => {
      const { crontab, every15Seconds } = make();
      const schedule = crontab.parse(every15Seconds);
      const firings: number[] = [];
      for (let at = schedule.next(NOON); at !== undefined && firings.length < 300; at = schedule.next(at))
        firings.push(at);
      expect(firings).toEqual(Array.from({ length: 300 }, (_, i) => NOON + (i + 1) * 15_000));
    });

    it('answers the same whatever it was asked before, and however often the expression was parsed', () => {
      const { crontab, every15Seconds, everyHour } = make();
      const schedule = crontab.parse(every15Seconds);
      for (const [after, next] of [
        [NOON + 40_000, NOON + 45_000],
        [NOON, NOON + 15_000],
        [NOON + 40_001, NOON + 45_000],
        [NOON, NOON + 15_000],
      ] as const) {
        expect(schedule.next(after)).toBe(next);
        expect(crontab.parse(everyHour).next(after)).toBe(NOON + 3_600_000);
        expect(crontab.parse(every15Seconds).next(after)).toBe(next);
      }
    });

    it('refuses what it does not understand, and what never fires, in one sentence that says what is wrong', () => {
      const { crontab, wrong, never } = make();
      for (const expression of ['', ...wrong, ...never]) {
        const parse = (): unknown => crontab.parse(expression);
        expect(parse, expression).toThrow(InvalidCrontabError);
        expect(parse, expression).toThrow(/^[^\n]{5,400}$/);
      }
    });

    it('still understands others after it refused one', () => {
      const { crontab, every15Seconds } = make();
      expect(() => crontab.parse('')).toThrow(InvalidCrontabError);
      expect(crontab.parse(every15Seconds).next(NOON)).toBe(NOON + 15_000);
    });
  });
}
