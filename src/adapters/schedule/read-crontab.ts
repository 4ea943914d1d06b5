import { InvalidCrontabError } from '../../application/ports/crontab.ts';
import { type CrontabExpression, parseCrontab } from './crontab-syntax.ts';
import { timeZoneName } from './time-zone.ts';

/**
 * All that there is to understand of a crontab, the name of its time zone too. Without the package croner: whoever only asks whether
 * a crontab is right need not load it.
 * @throws InvalidCrontabError
 */
export function readCrontab(expression: string): {
  readonly zone: string;
  readonly fields: CrontabExpression['fields'];
} {
  const { zone: name = 'UTC', fields } = parseCrontab(expression);
  const zone = timeZoneName(name);
  if (zone === undefined) {
    throw new InvalidCrontabError(
      `${JSON.stringify(name)} is not a time zone; use a name like Europe/Paris, or omit CRON_TZ= for UTC`,
    );
  }
  return { zone, fields };
}
