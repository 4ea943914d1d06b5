/** What the clocks on the wall of a place show. Times are milliseconds since the epoch. */
export interface TimeZone {
  /** Milliseconds to add to UTC at `time`. */
  offset(time: number): number;
  /** The first millisecond with the offset of `to`, where that of `from` is another; `from` is before `to`. */
  change(from: number, to: number): number;
}

const UTC: TimeZone = { offset: () => 0, change: (_from, to) => to };

/** A formatter takes tens of kilobytes: one a zone, however many schedules. There are some 600 names; nothing else gets in. */
const zones = new Map<string, TimeZone>([['utc', UTC]]);

/** The zone of that name in the IANA database, in any case (`Europe/Paris`, `UTC`); `undefined` where there is none. */
export function timeZone(name: string): TimeZone | undefined {
  const key = name.toLowerCase();
  let zone = zones.get(key);
  if (zone === undefined) {
    zone = /^[a-z]/.test(key) ? fromDatabase(name) : undefined;
    if (zone !== undefined) zones.set(key, zone);
  }
  return zone;
}

function fromDatabase(name: string): TimeZone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  const offset = (time: number): number => {
    // `1/2/2026, GMT+01:00`; without digits for UTC, with seconds for the local mean times of old.
    const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(time));
    const [, sign, hours, minutes, seconds] = match ?? [];
    const size = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
    return sign === '-' ? -size : size;
  };
  const change = (from: number, to: number): number => {
    const wanted = offset(to);
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === wanted) high = middle;
      else low = middle;
    }
    return high;
  };
  return { offset, change };
}
