import { InvalidCrontabError } from '../../application/ports/crontab.ts';
import { adviceFor, secondsOf } from './crontab-advice.ts';

/** One field of a crontab. */
export interface CrontabField {
  /** `*` or numbers with commas: what every cron takes in the same way. */
  readonly text: string;
  /** The numbers that fit. */
  readonly values: ReadonlySet<number>;
  /** Whether all do. */
  readonly all: boolean;
}

/** A crontab whose every part was understood. */
export interface CrontabExpression {
  /** As it was written after `CRON_TZ=`; not checked. */
  readonly zone: string | undefined;
  /** In the order in which they are written. */
  readonly fields: Readonly<Record<FieldName, CrontabField>>;
}

type FieldName = 'second' | 'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek';

interface FieldSyntax {
  readonly name: FieldName;
  readonly called: string;
  readonly low: number;
  readonly high: number;
  /** How many seconds a step of 1 is; of months those of 30 days. */
  readonly stepSeconds: number;
  /** Names for numbers, the first one for `low`. */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const SYNTAX: readonly FieldSyntax[] = [
  { name: 'second', called: 'seconds', low: 0, high: 59, stepSeconds: 1 },
  { name: 'minute', called: 'minutes', low: 0, high: 59, stepSeconds: 60 },
  { name: 'hour', called: 'hours', low: 0, high: 23, stepSeconds: 3_600 },
  { name: 'dayOfMonth', called: 'day of month', low: 1, high: 31, stepSeconds: 86_400 },
  { name: 'month', called: 'month', low: 1, high: 12, stepSeconds: 30 * 86_400, names: MONTHS },
  { name: 'dayOfWeek', called: 'day of week', low: 0, high: 7, stepSeconds: 86_400, names: WEEKDAYS },
];

const SHORTHANDS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
};

/** The longest months can be. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const LENGTH_MAX = 512;

/**
 * Reads `[CRON_TZ=Zone] fields` with five or six fields, seconds first (where there are five, second 0), or a shorthand
 * like `@daily`. A field is `*`, `?`, or a list of numbers, names and ranges with or without `/step`. Where both days are
 * limited, one that fits is enough, as in every cron.
 * @throws InvalidCrontabError naming the field, also for what never fires
 */
export function parseCrontab(expression: string): CrontabExpression {
  if (expression.length > LENGTH_MAX)
    throw new InvalidCrontabError(`the crontab has ${expression.length} characters; at most ${LENGTH_MAX} are allowed`);
  const words = expression.trim().split(/\s+/);
  const zone = /^(?:CRON_)?TZ=(.*)$/.exec(words[0]!)?.[1];
  if (zone !== undefined) words.shift();
  const [first = ''] = words;
  if (first.startsWith('@')) words.splice(0, words.length, ...inFields(words).split(' '));
  if (words.length === 5) words.unshift('0');
  if (words.length !== 6) {
    throw new InvalidCrontabError(
      `${JSON.stringify(expression)} has ${first === '' ? 'no' : words.length} fields, expected five or six: [seconds] minutes hours day-of-month month day-of-week`,
    );
  }
  const fields = Object.fromEntries(SYNTAX.map((syntax, i) => [syntax.name, parseField(words[i]!, syntax)])) as Record<
    FieldName,
    CrontabField
  >;
  checkItFires(expression, fields);
  return { zone, fields };
}

/** The fields that a shorthand stands for. */
function inFields(words: readonly string[]): string {
  const [name = '', ...rest] = words.map((word) => word.toLowerCase());
  const text = JSON.stringify(words.join(' '));
  if (name === '@every') {
    const seconds = secondsOf(rest.join(''));
    throw new InvalidCrontabError(
      `${text} would count from the start of the process, but a crontab follows the clock; ${seconds === undefined ? 'write one such as "0 */5 * * * *" for every 5 minutes' : adviceFor(seconds)}`,
    );
  }
  const shorthand = Object.hasOwn(SHORTHANDS, name) && rest.length === 0 ? SHORTHANDS[name] : undefined;
  if (shorthand === undefined)
    throw new InvalidCrontabError(`${text} is not a shorthand; use one of ${Object.keys(SHORTHANDS).join(', ')}`);
  return shorthand;
}

function parseField(text: string, syntax: FieldSyntax): CrontabField {
  const days = syntax.name === 'dayOfMonth' || syntax.name === 'dayOfWeek';
  if (text === '?') {
    if (!days) throw problem(syntax, '"?" is allowed only in the two day fields; write *');
    return parseField('*', syntax);
  }
  const values = new Set<number>();
  const count = syntax.name === 'dayOfWeek' ? 7 : syntax.high - syntax.low + 1;
  for (const item of text.split(',')) {
    const [range = '', step, ...more] = item.split('/');
    if (range === '' || more.length > 0)
      throw problem(syntax, `${JSON.stringify(item)} is not a number, name or range`);
    const by = step === undefined ? 1 : stepOf(item, step, count, syntax);
    const [from, to] = bounds(range, step !== undefined, syntax);
    for (let value = from; value <= to; value += by) values.add(syntax.name === 'dayOfWeek' ? value % 7 : value);
  }
  const all = values.size === count;
  return { text: all ? '*' : [...values].join(','), values, all };
}

/** A step from one end of the field to the other is what it says (every 60 minutes); a longer one would come round too early. */
function stepOf(item: string, step: string, count: number, syntax: FieldSyntax): number {
  const by = /^\d{5,9}$/.test(step) ? Number(step) : number(step, syntax);
  if (by < 1) throw problem(syntax, `${JSON.stringify(item)} has a step of 0`);
  if (by > count) {
    const advice = adviceFor(by * syntax.stepSeconds, syntax.name === 'month' ? `${by} months` : undefined);
    throw problem(syntax, `${JSON.stringify(item)} has a step larger than the field (${count} values); ${advice}`);
  }
  return by;
}

/** The first and last of `*`, `5`, `MON` or `MON-FRI`; a single one with a step goes on to the end. */
function bounds(range: string, stepped: boolean, syntax: FieldSyntax): readonly [from: number, to: number] {
  const highest = syntax.name === 'dayOfWeek' ? 6 : syntax.high;
  if (range === '*') return [syntax.low, highest];
  const [first = '', last, ...more] = range.split('-');
  if (more.length > 0) throw problem(syntax, `${JSON.stringify(range)} is not a range`);
  const from = value(first, syntax);
  if (last === undefined) return [from, stepped ? Math.max(from, highest) : from];
  // A week may end on Sunday.
  const to = syntax.name === 'dayOfWeek' && from > 0 && value(last, syntax) === 0 ? 7 : value(last, syntax);
  if (from > to)
    throw problem(
      syntax,
      `${JSON.stringify(range)} ends before it begins; write it as two ranges separated by a comma`,
    );
  return [from, to];
}

function value(text: string, syntax: FieldSyntax): number {
  const named = syntax.names?.indexOf(text.toUpperCase()) ?? -1;
  const result = named === -1 ? number(text, syntax) : named + syntax.low;
  if (result < syntax.low || result > syntax.high)
    throw problem(syntax, `${text} is not within ${syntax.low}-${syntax.high}`);
  return result;
}

function number(text: string, syntax: FieldSyntax): number {
  if (!/^\d{1,4}$/.test(text))
    throw problem(
      syntax,
      `${JSON.stringify(text)} is not a number${syntax.names === undefined ? '' : ` or a name like ${syntax.names[1]}`}`,
    );
  return Number(text);
}

function checkItFires(expression: string, { dayOfMonth, month, dayOfWeek }: CrontabExpression['fields']): void {
  if (!dayOfWeek.all || dayOfMonth.all) return;
  const earliest = Math.min(...dayOfMonth.values);
  for (const m of month.values) if (earliest <= MONTH_DAYS[m - 1]!) return;
  throw new InvalidCrontabError(`${JSON.stringify(expression)} never fires: none of its months has a day ${earliest}`);
}

function problem({ called }: FieldSyntax, what: string): InvalidCrontabError {
  return new InvalidCrontabError(`the field ${called}: ${what}`);
}
