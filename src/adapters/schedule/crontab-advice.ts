/** A crontab that fires again and again after the same time. */
interface Rhythm {
  /** Months and years in days of the common length: only what is near is told of them. */
  readonly seconds: number;
  readonly called: string;
  readonly crontab: string;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', 1],
];

/** All that is evenly spaced, the shortest first: only what divides a minute, an hour or a day is. */
const RHYTHMS: readonly Rhythm[] = [
  ...divisors(60).map((step) => rhythm(step, `${every(step)} * * * * *`)),
  ...divisors(60).map((step) => rhythm(step * MINUTE, `0 ${every(step)} * * * *`)),
  ...divisors(24).map((step) => rhythm(step * HOUR, `0 0 ${every(step)} * * *`)),
  rhythm(DAY, '0 0 0 * * *'),
  { seconds: 7 * DAY, called: 'week', crontab: '0 0 0 * * 0' },
  { seconds: 30 * DAY, called: 'month', crontab: '0 0 0 1 * *' },
  { seconds: 365 * DAY, called: 'year', crontab: '0 0 0 1 1 *' },
];

/**
 * Which crontab is to be written for what happens every so many seconds; where there is none, what comes next to it.
 * @param called how those seconds are called, where that is not what they are divided into
 */
export function adviceFor(seconds: number, called: string = spoken(seconds)): string {
  const wanted = `every ${called}`;
  const exact = RHYTHMS.find((one) => one.seconds === seconds && one.seconds <= 7 * DAY);
  if (exact !== undefined) return `for ${wanted} write "${exact.crontab}"`;
  const near = new Set([
    RHYTHMS.findLast((one) => one.seconds <= seconds),
    RHYTHMS.find((one) => one.seconds >= seconds),
  ]);
  const told = [...near].flatMap((one) => (one === undefined ? [] : [`"${one.crontab}" (every ${one.called})`]));
  return `a crontab cannot express ${wanted}; the nearest ${told.length === 1 ? 'is' : 'are'} ${told.join(' and ')}`;
}

/** Go's durations (`1h30m`), and days and weeks, in seconds; `undefined` for any other text. */
export function secondsOf(duration: string): number | undefined {
  const perUnit: Readonly<Record<string, number>> = {
    ns: 1e-9,
    us: 1e-6,
    µs: 1e-6,
    ms: 1e-3,
    s: 1,
    m: MINUTE,
    h: HOUR,
    d: DAY,
    w: 7 * DAY,
  };
  let seconds = 0;
  let rest = duration.toLowerCase();
  while (rest !== '') {
    const [part, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h|d|w)/.exec(rest) ?? [];
    if (part === undefined) return undefined;
    seconds += Number(number) * perUnit[unit]!;
    rest = rest.slice(part.length);
  }
  return seconds > 0 ? seconds : undefined;
}

function rhythm(seconds: number, crontab: string): Rhythm {
  return { seconds, called: spoken(seconds), crontab };
}

function divisors(of: number): readonly number[] {
  return Array.from({ length: of - 1 }, (_, i) => i + 1).filter((step) => of % step === 0);
}

function every(step: number): string {
  return step === 1 ? '*' : `*/${step}`;
}

/** `minute`, `8 hours`, `36 hours`: in the largest unit that leaves no rest. */
function spoken(seconds: number): string {
  const [name, size] = UNITS.find(([, each]) => seconds % each === 0) ?? ['second', 1];
  const count = Number((seconds / size).toPrecision(6));
  return count === 1 ? name : `${count} ${name}s`;
}
