import { CronTime } from 'cron';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { crontabContract } from '../../../test/contracts/crontab.contract.ts';
import { InvalidCrontabError } from '../../application/ports/crontab.ts';
import { CronCrontab } from './cron-crontab.ts';
import { parseCrontab } from './crontab-syntax.ts';
import { timeZone } from './time-zone.ts';

const crontab = new CronCrontab();
const MINUTE = 60_000;

crontabContract('CronCrontab', () => ({
  crontab: new CronCrontab(),
  every15Seconds: '*/15 * * * * *',
  everyHour: '0 * * * *',
  wrong: ['* * * *', '60 * * * *', 'every 15 s', 'CRON_TZ=Nowhere/Here 0 0 * * *'],
  never: ['0 0 30 2 *'],
}));

/** The first `count` firings after a time, as ISO text without milliseconds. */
function firings(expression: string, after: string, count: number): string[] {
  const schedule = crontab.parse(expression);
  const found: string[] = [];
  let time: number | undefined = Date.parse(after);
  while (found.length < count && (time = schedule.next(time)) !== undefined)
    found.push(new Date(time).toISOString().replace('.000Z', 'Z'));
  return found;
}

describe('a crontab', () => {
  it.each<[expression: string, after: string, next: string]>([
    ['*/15 * * * * *', '2026-11-22T12:00:00Z', '2026-11-22T12:00:15Z'],
    ['*/15 * * * * *', '2026-11-22T12:00:14.999Z', '2026-11-22T12:00:15Z'],
    ['*/15 * * * * *', '2026-11-22T12:00:15.001Z', '2026-11-22T12:00:30Z'],
    ['00 00 */12 * * *', '2026-11-22T12:00:00Z', '2026-11-23T00:00:00Z'],
    ['*/5 * * * *', '2026-11-22T12:00:01Z', '2026-11-22T12:05:00Z'],
    ['30 2 * * *', '2026-11-22T12:00:00Z', '2026-11-23T02:30:00Z'],
    ['0 0 1 JAN ?', '2026-11-22T12:00:00Z', '2027-01-01T00:00:00Z'],
    ['0 0 ? * MON-FRI', '2026-11-20T12:00:00Z', '2026-11-23T00:00:00Z'],
    ['0 0 * * mon,Wed', '2026-11-23T00:00:00Z', '2026-11-25T00:00:00Z'],
    ['0 0 * * 7', '2026-11-23T00:00:00Z', '2026-11-29T00:00:00Z'],
    ['0 0 * * 0', '2026-11-23T00:00:00Z', '2026-11-29T00:00:00Z'],
    ['0 0 * * FRI-SUN', '2026-11-28T00:00:00Z', '2026-11-29T00:00:00Z'],
    ['0 0 * * SUN-MON', '2026-11-22T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['0 0 * * 1/2', '2026-11-27T00:00:00Z', '2026-11-30T00:00:00Z'],
    ['5/20 * * * *', '2026-11-22T12:05:00Z', '2026-11-22T12:25:00Z'],
    ['*/60 * * * *', '2026-11-22T12:15:00Z', '2026-11-22T13:00:00Z'], // every 60 minutes, as it says
    ['0 */24 * * *', '2026-11-22T12:15:00Z', '2026-11-23T00:00:00Z'],
    ['10-20/5 * * * *', '2026-11-22T12:15:00Z', '2026-11-22T12:20:00Z'],
    ['0 0 29 2 *', '2026-11-22T12:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 0 31 * *', '2026-11-22T12:00:00Z', '2026-12-31T00:00:00Z'],
    ['0 0 13 * FRI', '2026-11-22T12:00:00Z', '2026-11-27T00:00:00Z'], // a Friday or a 13th
    ['@daily', '2026-11-22T12:00:00Z', '2026-11-23T00:00:00Z'],
    ['@hourly', '2026-11-22T12:00:00Z', '2026-11-22T13:00:00Z'],
    ['@Weekly', '2026-11-22T12:00:00Z', '2026-11-29T00:00:00Z'],
    ['@yearly', '2026-11-22T12:00:00Z', '2027-01-01T00:00:00Z'],
    ['  0   0  *  *  * ', '2026-11-22T12:00:00Z', '2026-11-23T00:00:00Z'],
    ['CRON_TZ=Europe/Paris 0 0 6 * * *', '2026-07-01T12:00:00Z', '2026-07-02T04:00:00Z'],
    ['TZ=europe/paris @daily', '2026-12-01T12:00:00Z', '2026-12-01T23:00:00Z'],
    ['CRON_TZ=UTC 0 6 * * *', '2026-07-01T12:00:00Z', '2026-07-02T06:00:00Z'],
    ['CRON_TZ=Asia/Kathmandu 0 6 * * *', '2026-07-01T12:00:00Z', '2026-07-02T00:15:00Z'],
  ])('%s, after %s, fires at %s', (expression, after, next) => {
    expect(firings(expression, after, 1)).toEqual([next]);
  });

  it.each<[expression: string, problem: string]>([
    ['*,'.repeat(300), 'the crontab has 600 characters; at most 512'],
    ['', 'has no fields; five or six are wanted: [seconds] minutes hours day-of-month month day-of-week'],
    ['* * * *', 'has 4 fields; five or six'],
    ['* * * * * * *', 'has 7 fields; five or six'],
    ['CRON_TZ=UTC', 'has no fields'],
    ['60 * * * *', 'the field minutes: 60 is not within 0-59'],
    ['60 * * * * *', 'the field seconds: 60 is not within 0-59'],
    ['* 24 * * *', 'the field hours: 24 is not within 0-23'],
    ['* * 0 * *', 'the field day of month: 0 is not within 1-31'],
    ['* * * 13 *', 'the field month: 13 is not within 1-12'],
    ['* * * * 8', 'the field day of week: 8 is not within 0-7'],
    ['* * * FOO *', 'the field month: "FOO" is no number and no name like FEB'],
    ['* * * * 1MON', 'the field day of week: "1MON" is no number'],
    ['* JAN * * *', 'the field hours: "JAN" is no number'],
    ['? * * * *', 'the field minutes: "?" stands for a day only; write *'],
    ['*/0 * * * *', 'the field minutes: "*/0" has a step of 0'],
    ['*/ * * * *', 'the field minutes: "" is no number'],
    ['1/2/3 * * * *', 'the field minutes: "1/2/3" is no number, name or range'],
    ['1-2-3 * * * *', 'the field minutes: "1-2-3" is no range'],
    ['20-10 * * * *', 'the field minutes: "20-10" ends before it begins'],
    ['* * * * FRI-MON', 'the field day of week: "FRI-MON" ends before it begins; write it as two, with a comma'],
    ['1,,2 * * * *', 'the field minutes: "" is no number, name or range'],
    ['-1 * * * *', 'the field minutes: "" is no number'],
    ['1.5 * * * *', 'the field minutes: "1.5" is no number'],
    ['99999999999999999999 * * * *', 'the field minutes: "99999999999999999999" is no number'],
    ['* * L * *', 'the field day of month: "L" is no number'],
    ['* * * * 5#2', 'the field day of week: "5#2" is no number'],
    ['@reboot', '"@reboot" is no shorthand; there are @yearly'],
    ['@daily 5', 'is no shorthand'],
    [
      '@every 1s',
      '"@every 1s" is counted from a start, a crontab goes by the clock; for every second write "* * * * * *"',
    ],
    ['@every 30s', 'for every 30 seconds write "*/30 * * * * *"'],
    ['@every 1m', 'for every minute write "0 * * * * *"'],
    ['@Every 5m0s', 'for every 5 minutes write "0 */5 * * * *"'],
    ['@every 60 m', 'for every hour write "0 0 * * * *"'],
    ['CRON_TZ=Europe/Paris @every 8h', 'for every 8 hours write "0 0 */8 * * *"'],
    ['@every 24h', 'for every day write "0 0 0 * * *"'],
    ['@every 1w', 'for every 7 days write "0 0 0 * * 0"'],
    [
      '@every 45s',
      'no crontab is every 45 seconds; next to it are "*/30 * * * * *" (every 30 seconds) and "0 * * * * *" (every minute)',
    ],
    [
      '@every 1h30m',
      'no crontab is every 90 minutes; next to it are "0 0 * * * *" (every hour) and "0 0 */2 * * *" (every 2 hours)',
    ],
    [
      '@every 48h',
      'no crontab is every 2 days; next to it are "0 0 0 * * *" (every day) and "0 0 0 * * 0" (every week)',
    ],
    ['@every 720h', 'no crontab is every 30 days; next to it is "0 0 0 1 * *" (every month)'],
    ['@every 10ms', 'no crontab is every 0.01 seconds; next to it is "* * * * * *" (every second)'],
    ['@every 99999999h', 'next to it is "0 0 0 1 1 *" (every year)'],
    ['@every', 'a crontab goes by the clock; write one, like "0 */5 * * * *" for every 5 minutes'],
    ['@every now and then', 'write one, like "0 */5 * * * *"'],
    ['@every -5m', 'write one, like "0 */5 * * * *"'],
    [
      '*/480 * * * *',
      'the field minutes: "*/480" has a step beyond the field, which begins anew after 60 values; for every 8 hours write "0 0 */8 * * *"',
    ],
    [
      '0 5/480 * * * *',
      '"5/480" has a step beyond the field, which begins anew after 60 values; for every 8 hours write "0 0 */8 * * *"',
    ],
    [
      '*/300 * * * * *',
      'the field seconds: "*/300" has a step beyond the field, which begins anew after 60 values; for every 5 minutes write "0 */5 * * * *"',
    ],
    ['*/28800 * * * * *', 'for every 8 hours write "0 0 */8 * * *"'],
    [
      '*/61 * * * *',
      'no crontab is every 61 minutes; next to it are "0 0 * * * *" (every hour) and "0 0 */2 * * *" (every 2 hours)',
    ],
    ['0 0-12/90 * * *', 'the field hours: "0-12/90" has a step beyond the field, which begins anew after 24 values'],
    [
      '0 */168 * * *',
      'the field hours: "*/168" has a step beyond the field, which begins anew after 24 values; for every 7 days write "0 0 0 * * 0"',
    ],
    [
      '0 0 */40 * *',
      'no crontab is every 40 days; next to it are "0 0 0 1 * *" (every month) and "0 0 0 1 1 *" (every year)',
    ],
    [
      '0 0 1 */18 *',
      'the field month: "*/18" has a step beyond the field, which begins anew after 12 values; no crontab is every 18 months; next to it is "0 0 0 1 1 *" (every year)',
    ],
    ['0 0 * * */14', 'the field day of week: "*/14" has a step beyond the field, which begins anew after 7 values'],
    ['0 0 31 2 *', 'never fires: none of its months has a day 31'],
    ['0 0 0 30,31 FEB ?', 'never fires: none of its months has a day 30'],
    ['0 0 31 4,6,9,11 *', 'never fires'],
    [
      'CRON_TZ=Europe/Pariss 0 0 * * *',
      '"Europe/Pariss" is no time zone; give a name like Europe/Paris, or leave CRON_TZ= out for UTC',
    ],
    ['CRON_TZ= 0 0 * * *', '"" is no time zone'],
    ['CRON_TZ=+01:00 0 0 * * *', '"+01:00" is no time zone'],
    ['0 0 * * * CRON_TZ=UTC', 'the field day of week: "CRON_TZ=UTC" is no number'],
  ])('%s is refused: %s', (expression, problem) => {
    expect(() => crontab.parse(expression)).toThrow(InvalidCrontabError);
    expect(() => crontab.parse(expression)).toThrow(problem);
  });
});

describe('where the clocks are put forward (Paris, 29 March 2026, 02:00 becomes 03:00)', () => {
  it('what is due in the gap fires once, right after it', () => {
    expect(firings('CRON_TZ=Europe/Paris 0 30 2 * * *', '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:30:00Z',
    ]);
    expect(firings('CRON_TZ=Europe/Paris 0 */10 2 * * *', '2026-03-28T01:45:00Z', 3)).toEqual([
      '2026-03-28T01:50:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:00:00Z',
    ]);
  });

  it('what fires every hour leaves the gap out', () => {
    expect(firings('CRON_TZ=Europe/Paris 0 30 * * * *', '2026-03-29T00:00:00Z', 3)).toEqual([
      '2026-03-29T00:30:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-29T02:30:00Z',
    ]);
  });
});

describe('where the clocks are put back (Paris, 25 October 2026, 03:00 becomes 02:00)', () => {
  it('what is due in the repeated hour fires once, whenever it is asked', () => {
    expect(firings('CRON_TZ=Europe/Paris 0 30 2 * * *', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
    for (const after of [
      '2026-10-25T00:30:00Z',
      '2026-10-25T00:45:00Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T01:15:00Z',
      '2026-10-25T01:30:00Z',
    ]) {
      expect(firings('CRON_TZ=Europe/Paris 0 30 2 * * *', after, 1)).toEqual(['2026-10-26T01:30:00Z']);
    }
  });

  it('what fires every hour fires in both', () => {
    expect(firings('CRON_TZ=Europe/Paris 0 30 * * * *', '2026-10-24T23:45:00Z', 3)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-25T02:30:00Z',
    ]);
    expect(firings('CRON_TZ=Europe/Paris */15 * * * * *', '2026-10-25T00:59:30Z', 3)).toEqual([
      '2026-10-25T00:59:45Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T01:00:15Z',
    ]);
  });
});

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
        const schedule = new CronCrontab().parse(text);
        for (const offset of offsets) {
          const time = Date.parse(`${day}T00:00:00Z`) - 24 * 60 * MINUTE + offset * 1_000;
          expect(schedule.next(time)).toBe(new CronCrontab().parse(text).next(time));
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

it('a thousand Images with a crontab each cost a formatter a zone, and two questions to cron each', () => {
  const formatters = vi.spyOn(Intl, 'DateTimeFormat');
  const questions = vi.spyOn(CronTime.prototype, 'getNextDateFrom');
  const found = new Set<number | undefined>();
  for (let i = 0; i < 1000; i++)
    found.add(
      crontab.parse(`CRON_TZ=Pacific/Chatham ${i % 60} ${i % 59} ${i % 24} * * *`).next(Date.UTC(2026, 10, 22, 12)),
    );
  expect(found.size).toBeGreaterThan(500);
  expect(formatters.mock.calls.filter(([, options]) => options?.timeZone === 'Pacific/Chatham')).toHaveLength(1);
  expect(questions.mock.calls.length).toBeLessThanOrEqual(2_000);
  vi.restoreAllMocks();
});

it('ten thousand Images with the same crontab, each refreshed at a time of its own, are a question or two to cron', () => {
  const schedule = new CronCrontab().parse('CRON_TZ=Europe/Paris 0 0 6 1 1 *');
  const questions = vi.spyOn(CronTime.prototype, 'getNextDateFrom');
  const start = Date.UTC(2026, 5, 1);
  for (let i = 0; i < 10_000; i++) expect(schedule.next(start + i * 137)).toBe(Date.UTC(2027, 0, 1, 5));
  expect(questions.mock.calls.length).toBeLessThanOrEqual(2);
  vi.restoreAllMocks();
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
  const { offset } = timeZone(zone)!;
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
