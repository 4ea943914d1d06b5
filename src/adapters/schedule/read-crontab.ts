import { InvalidCrontabError } from '../../application/ports/crontab.ts';
import { type CrontabExpression, parseCrontab } from './crontab-syntax.ts';
import { timeZone, type TimeZone } from './time-zone.ts';

/**
 * All that there is to understand of a crontab, its time zone too. Without the package cron: whoever only asks whether a crontab is
 * right need not load it.
 * @throws InvalidCrontabError
 */
export function readCrontab(expression: string): {
  readonly zone: TimeZone;
  readonly fields: CrontabExpression['fields'];
} {
  const { zone: name, fields } = parseCrontab(expression);
  const zone = timeZone(name ?? 'UTC');
  if (zone === undefined) {
    throw new InvalidCrontabError(
      `${JSON.stringify(name)} is no time zone; give a name like Europe/Paris, or leave CRON_TZ= out for UTC`,
    );
  }
  return { zone, fields };
}
