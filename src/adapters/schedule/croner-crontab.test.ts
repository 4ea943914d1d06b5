import { Cron } from 'croner';
import { describe, expect, it, vi } from 'vitest';
import { crontabContract } from '../../../test/contracts/crontab.contract.ts';
import { CronerCrontab } from './croner-crontab.ts';

const crontab = new CronerCrontab();

crontabContract('CronerCrontab', () => ({
  crontab: new CronerCrontab(),
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

  it('what fires on certain days only fires at their first hour, however far they are (Azores)', () => {
    expect(firings('CRON_TZ=Atlantic/Azores * 54 * 17-29 7 3-5', '2024-10-26T22:53:52Z', 1)).toEqual([
      '2025-07-02T00:54:00Z',
    ]);
  });
});

it('a thousand Images with a crontab each cost a formatter a zone, and two questions to croner each', () => {
  const formatters = vi.spyOn(Intl, 'DateTimeFormat');
  const questions = vi.spyOn(Cron.prototype, 'nextRun');
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

it('ten thousand Images with the same crontab, each refreshed at a time of its own, are a question or two to croner', () => {
  const schedule = new CronerCrontab().parse('CRON_TZ=Europe/Paris 0 0 6 1 1 *');
  const questions = vi.spyOn(Cron.prototype, 'nextRun');
  const start = Date.UTC(2026, 5, 1);
  for (let i = 0; i < 10_000; i++) expect(schedule.next(start + i * 137)).toBe(Date.UTC(2027, 0, 1, 5));
  expect(questions.mock.calls.length).toBeLessThanOrEqual(2);
  vi.restoreAllMocks();
});
