import { describe, expect, it } from 'vitest';
import { InvalidCrontabError } from '../../application/ports/crontab.ts';
import { CronerCrontab } from './croner-crontab.ts';

const crontab = new CronerCrontab();

describe('a crontab', () => {
  it.each<[expression: string, problem: string]>([
    ['*,'.repeat(300), 'the crontab has 600 characters; at most 512'],
    ['', 'has no fields, expected five or six: [seconds] minutes hours day-of-month month day-of-week'],
    ['* * * *', 'has 4 fields, expected five or six'],
    ['* * * * * * *', 'has 7 fields, expected five or six'],
    ['CRON_TZ=UTC', 'has no fields'],
    ['60 * * * *', 'the field minutes: 60 is not within 0-59'],
    ['60 * * * * *', 'the field seconds: 60 is not within 0-59'],
    ['* 24 * * *', 'the field hours: 24 is not within 0-23'],
    ['* * 0 * *', 'the field day of month: 0 is not within 1-31'],
    ['* * * 13 *', 'the field month: 13 is not within 1-12'],
    ['* * * * 8', 'the field day of week: 8 is not within 0-7'],
    ['* * * FOO *', 'the field month: "FOO" is not a number or a name like FEB'],
    ['* * * * 1MON', 'the field day of week: "1MON" is not a number'],
    ['* JAN * * *', 'the field hours: "JAN" is not a number'],
    ['? * * * *', 'the field minutes: "?" is allowed only in the two day fields; write *'],
    ['*/0 * * * *', 'the field minutes: "*/0" has a step of 0'],
    ['*/ * * * *', 'the field minutes: "" is not a number'],
    ['1/2/3 * * * *', 'the field minutes: "1/2/3" is not a number, name or range'],
    ['1-2-3 * * * *', 'the field minutes: "1-2-3" is not a range'],
    ['20-10 * * * *', 'the field minutes: "20-10" ends before it begins'],
    [
      '* * * * FRI-MON',
      'the field day of week: "FRI-MON" ends before it begins; write it as two ranges separated by a comma',
    ],
    ['1,,2 * * * *', 'the field minutes: "" is not a number, name or range'],
    ['-1 * * * *', 'the field minutes: "" is not a number'],
    ['1.5 * * * *', 'the field minutes: "1.5" is not a number'],
    ['99999999999999999999 * * * *', 'the field minutes: "99999999999999999999" is not a number'],
    ['* * L * *', 'the field day of month: "L" is not a number'],
    ['* * * * 5#2', 'the field day of week: "5#2" is not a number'],
    ['@reboot', '"@reboot" is not a shorthand; use one of @yearly'],
    ['@daily 5', 'is not a shorthand'],
    [
      '@every 1s',
      '"@every 1s" would count from the start of the process, but a crontab follows the clock; for every second write "* * * * * *"',
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
      'a crontab cannot express every 45 seconds; the nearest are "*/30 * * * * *" (every 30 seconds) and "0 * * * * *" (every minute)',
    ],
    [
      '@every 1h30m',
      'a crontab cannot express every 90 minutes; the nearest are "0 0 * * * *" (every hour) and "0 0 */2 * * *" (every 2 hours)',
    ],
    [
      '@every 48h',
      'a crontab cannot express every 2 days; the nearest are "0 0 0 * * *" (every day) and "0 0 0 * * 0" (every week)',
    ],
    ['@every 720h', 'a crontab cannot express every 30 days; the nearest is "0 0 0 1 * *" (every month)'],
    ['@every 10ms', 'a crontab cannot express every 0.01 seconds; the nearest is "* * * * * *" (every second)'],
    ['@every 99999999h', 'the nearest is "0 0 0 1 1 *" (every year)'],
    ['@every', 'a crontab follows the clock; write one such as "0 */5 * * * *" for every 5 minutes'],
    ['@every now and then', 'write one such as "0 */5 * * * *"'],
    ['@every -5m', 'write one such as "0 */5 * * * *"'],
    [
      '*/480 * * * *',
      'the field minutes: "*/480" has a step larger than the field (60 values); for every 8 hours write "0 0 */8 * * *"',
    ],
    [
      '0 5/480 * * * *',
      '"5/480" has a step larger than the field (60 values); for every 8 hours write "0 0 */8 * * *"',
    ],
    [
      '*/300 * * * * *',
      'the field seconds: "*/300" has a step larger than the field (60 values); for every 5 minutes write "0 */5 * * * *"',
    ],
    ['*/28800 * * * * *', 'for every 8 hours write "0 0 */8 * * *"'],
    [
      '*/61 * * * *',
      'a crontab cannot express every 61 minutes; the nearest are "0 0 * * * *" (every hour) and "0 0 */2 * * *" (every 2 hours)',
    ],
    ['0 0-12/90 * * *', 'the field hours: "0-12/90" has a step larger than the field (24 values)'],
    [
      '0 */168 * * *',
      'the field hours: "*/168" has a step larger than the field (24 values); for every 7 days write "0 0 0 * * 0"',
    ],
    [
      '0 0 */40 * *',
      'a crontab cannot express every 40 days; the nearest are "0 0 0 1 * *" (every month) and "0 0 0 1 1 *" (every year)',
    ],
    [
      '0 0 1 */18 *',
      'the field month: "*/18" has a step larger than the field (12 values); a crontab cannot express every 18 months; the nearest is "0 0 0 1 1 *" (every year)',
    ],
    ['0 0 * * */14', 'the field day of week: "*/14" has a step larger than the field (7 values)'],
    ['0 0 31 2 *', 'never fires: none of its months has a day 31'],
    ['0 0 0 30,31 FEB ?', 'never fires: none of its months has a day 30'],
    ['0 0 31 4,6,9,11 *', 'never fires'],
    [
      'CRON_TZ=Europe/Pariss 0 0 * * *',
      '"Europe/Pariss" is not a time zone; use a name like Europe/Paris, or omit CRON_TZ= for UTC',
    ],
    ['CRON_TZ= 0 0 * * *', '"" is not a time zone'],
    ['CRON_TZ=+01:00 0 0 * * *', '"+01:00" is not a time zone'],
    ['0 0 * * * CRON_TZ=UTC', 'the field day of week: "CRON_TZ=UTC" is not a number'],
  ])('%s is refused: %s', (expression, problem) => {
    expect(() => crontab.parse(expression)).toThrow(InvalidCrontabError);
    expect(() => crontab.parse(expression)).toThrow(problem);
  });
});
