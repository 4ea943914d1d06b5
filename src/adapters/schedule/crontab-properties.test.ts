import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidCrontabError } from '../../application/ports/crontab.ts';
import { CronerCrontab } from './croner-crontab.ts';
import { parseCrontab } from './crontab-syntax.ts';

const crontab = new CronerCrontab();
const MINUTE = 60_000;

const list = (low: number, high: number) =>
  fc.oneof(
    fc.integer({ min: low, max: high }).map(String),
    fc
      .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 4 })
      .map((values) => values.join(',')),
    fc
      .tuple(
        fc.integer({ min: low, max: high }),
        fc.integer({ min: low, max: high }),
        fc.integer({ min: 1, max: high - low }),
      )
      .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}/${step}`),
    fc.integer({ min: 1, max: high - low }).map((step) => `*/${step}`),
  );
const orAll = (field: fc.Arbitrary<string>) => fc.oneof(fc.constant('*'), field);
/** Zones, each with days on which its clocks change (Lord Howe's by half an hour, Santiago's at midnight), and days without. */
const zoneAndDay = fc.constantFrom(
  ['Europe/Paris', '2026-03-29'],
  ['Europe/Paris', '2026-10-25'],
  ['America/New_York', '2026-03-08'],
  ['America/New_York', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-04'],
  ['Australia/Lord_Howe', '2026-10-03'],
  ['America/Santiago', '2026-04-05'],
  ['America/Santiago', '2026-09-06'],
  ['Africa/Casablanca', '2026-02-15'],
  ['Africa/Casablanca', '2026-03-22'],
  ['Asia/Kathmandu', '2026-12-31'],
  ['UTC', '2028-02-28'],
);

describe('properties', () => {
  it('the next firing is later and fits every field', () => {
    const expression = fc.tuple(
      orAll(list(0, 59)),
      orAll(list(0, 59)),
      orAll(list(0, 23)),
      orAll(list(1, 31)),
      orAll(list(1, 12)),
      orAll(list(0, 7)),
    );
    fc.assert(
      fc.property(
        expression,
        fc.date({ min: new Date('2024-01-01'), max: new Date('2027-12-31'), noInvalidDate: true }),
        (words, date) => {
          const text = words.join(' ');
          let schedule;
          try {
            schedule = crontab.parse(text);
          } catch (error) {
            expect((error as Error).message).toContain('never fires');
            return;
          }
          const next = schedule.next(date.getTime())!;
          expect(next).toBeGreaterThan(date.getTime());
          const at = new Date(next);
          const { fields } = parseCrontab(text);
          expect(at.getUTCMilliseconds()).toBe(0);
          expect(fields.second.values).toContain(at.getUTCSeconds());
          expect(fields.minute.values).toContain(at.getUTCMinutes());
          expect(fields.hour.values).toContain(at.getUTCHours());
          expect(fields.month.values).toContain(at.getUTCMonth() + 1);
          expect(fitsDay(fields, at)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('around changes of the clocks, it fires when a walk minute by minute says', () => {
    const minutesOfHour = fc
      .uniqueArray(fc.constantFrom(0, 1, 15, 29, 30, 31, 45, 59), { minLength: 1, maxLength: 3 })
      .map((values) => values.join(','));
    const expression = fc.tuple(
      minutesOfHour,
      fc.oneof(fc.constant('*'), list(0, 4), list(0, 23)),
      fc.constantFrom('*', '*', '*/2', '1-15'),
      fc.constant('*'),
      fc.constantFrom('*', '*', '0,6'),
    );
    fc.assert(
      fc.property(zoneAndDay, expression, fc.nat(1439), ([zone, from], words, minutes) => {
        const text = `CRON_TZ=${zone} ${words.join(' ')}`;
        const start = Date.parse(`${from}T00:00:00Z`) - 600 * MINUTE + minutes * MINUTE;
        const end = start + 36 * 60 * MINUTE;
        const schedule = crontab.parse(text);
        const fired: number[] = [];
        for (let time = schedule.next(start); time !== undefined && time <= end; time = schedule.next(time))
          fired.push(time);
        expect(fired.map(iso)).toEqual(walk(text, zone!, start, end).map(iso));
      }),
      { numRuns: 100 },
    );
  });

  it('what is advised for @every fires that often, by the clock', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.constantFrom('s', 'm', 'h'),
        fc.date({ min: new Date('2024-01-01'), max: new Date('2027-12-31'), noInvalidDate: true }),
        (count, unit, date) => {
          const everyMs = count * { s: 1_000, m: MINUTE, h: 60 * MINUTE }[unit];
          const refusal = refusalOf(`@every ${count}${unit}`);
          const exact = / write "(.*)"$/.exec(refusal)?.[1];
          if (exact === undefined) {
            const near = [...refusal.matchAll(/"([^"@]*)" \(every/g)].map(([, text]) => gap(text!, date));
            expect(near.length).toBeGreaterThan(0);
            expect(near).not.toContain(everyMs);
            return;
          }
          expect(gap(exact, date)).toBe(everyMs);
        },
      ),
    );
  });

  it('what is remembered of one time is what is found for another', () => {
    const times = fc.array(fc.integer({ min: 0, max: 3 * 24 * 60 * 60 }), { minLength: 2, maxLength: 12 });
    const expression = fc.tuple(list(0, 59), orAll(list(0, 59)), orAll(list(0, 23)));
    fc.assert(
      fc.property(expression, zoneAndDay, times, ([second, minute, hour], [zone, day], offsets) => {
        const text = `CRON_TZ=${zone} ${second} ${minute} ${hour} * * *`;
        const schedule = new CronerCrontab().parse(text);
        for (const offset of offsets) {
          const time = Date.parse(`${day}T00:00:00Z`) - 24 * 60 * MINUTE + offset * 1_000;
          expect(schedule.next(time)).toBe(new CronerCrontab().parse(text).next(time));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('any text is a crontab or is refused with that one error', () => {
    const noise = fc
      .array(fc.constantFrom(...'0159*/,-? @LW#', 'MON', 'CRON_TZ=', 'daily'), { maxLength: 16 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(noise, fc.string({ unit: 'binary' })), (text) => {
        try {
          expect(crontab.parse(text).next(Date.UTC(2026, 0, 1))).toBeGreaterThan(Date.UTC(2026, 0, 1));
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidCrontabError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

function refusalOf(text: string): string {
  try {
    crontab.parse(text);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Between the first two firings after a time. */
function gap(text: string, after: Date): number {
  const schedule = crontab.parse(text);
  const first = schedule.next(after.getTime())!;
  return schedule.next(first)! - first;
}

function fitsDay({ dayOfMonth, dayOfWeek }: ReturnType<typeof parseCrontab>['fields'], at: Date): boolean {
  const [month, week] = [dayOfMonth.values.has(at.getUTCDate()), dayOfWeek.values.has(at.getUTCDay())];
  return dayOfMonth.all || dayOfWeek.all ? month && week : month || week;
}

/** Firings in (start, end] found by looking at the clock on the wall each minute: the plain meaning of the two kinds of schedule. */
function walk(text: string, zone: string, start: number, end: number): number[] {
  const offset = offsetIn(zone);
  const { fields } = parseCrontab(text);
  const fits = (wall: number): boolean => {
    const at = new Date(wall);
    return (
      fields.minute.values.has(at.getUTCMinutes()) &&
      fields.hour.values.has(at.getUTCHours()) &&
      fields.month.values.has(at.getUTCMonth() + 1) &&
      fitsDay(fields, at)
    );
  };
  const found: number[] = [];
  let furthest = -Infinity; // the latest wall time shown so far
  for (let time = start - 4 * 60 * MINUTE; time <= end; time += MINUTE) {
    const wall = time + offset(time);
    let fires = fits(wall) && (fields.hour.all || wall > furthest);
    if (!fields.hour.all && furthest > 0)
      for (let skipped = furthest + MINUTE; skipped < wall; skipped += MINUTE) fires ||= fits(skipped);
    furthest = Math.max(furthest, wall);
    if (fires && time > start) found.push(time);
  }
  return found;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** Milliseconds to add to UTC for what the clocks of a zone show at a time. */
function offsetIn(zone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  return (time) => {
    // `1/2/2026, GMT+01:00`; without digits for UTC.
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(format.format(time)) ?? [];
    const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE;
    return sign === '-' ? -size : size;
  };
}
