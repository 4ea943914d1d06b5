import { Injectable } from '@nestjs/common';
import { CronTime } from 'cron';
import { Crontab, type Schedule } from '../../application/ports/crontab.ts';
import type { CrontabField } from './crontab-syntax.ts';
import { readCrontab } from './read-crontab.ts';
import type { TimeZone } from './time-zone.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const MAX_KNOWN = 1_000;
const MAX_ANSWERS = 8;

/**
 * Crontabs by the package cron, which knows the fields; what it does not, or gets wrong where clocks are put forward or
 * back, is done here: it is only asked about wall clocks, which know neither.
 */
@Injectable()
export class CronCrontab extends Crontab {
  /** Many Images have the same few crontabs. */
  readonly #known = new Map<string, Schedule>();

  override parse(expression: string): Schedule {
    let schedule = this.#known.get(expression);
    if (schedule === undefined) {
      schedule = new Remembered(this.#understand(expression));
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(expression, schedule);
    }
    return schedule;
  }

  #understand(expression: string): Schedule {
    const { zone, fields } = readCrontab(expression);
    const text = (Object.values(fields) as CrontabField[]).map((field) => field.text).join(' ');
    const cron = new CronTime(text, 'UTC');
    const wall: WallClock = (after) => {
      try {
        return cron.getNextDateFrom(new Date(after), 'UTC').toMillis();
      } catch {
        return undefined; // cron looks eight years ahead from today, and throws
      }
    };
    return fields.hour.all ? new EveryHour(wall, zone) : new CertainHours(wall, zone);
  }
}

/** It holds from then on until it fires; where nothing was found, which may be for looking too short a way ahead, for then alone. */
interface Answer {
  readonly from: number;
  readonly next: number | undefined;
}

/**
 * Its last answers by heart, each for as long as it holds: from when it was asked for until it fires. Ten thousand Images with the
 * same crontab, each refreshed at a time of its own, are a question or two then, of up to 0.4 ms each.
 */
class Remembered implements Schedule {
  /** The one that was of use last is the first. */
  readonly #answers: Answer[] = [];

  constructor(private readonly schedule: Schedule) {}

  next(after: number): number | undefined {
    const at = this.#answers.findIndex(({ from, next = from + 1 }) => from <= after && after < next);
    const [answer = { from: after, next: this.schedule.next(after) }] = at === -1 ? [] : this.#answers.splice(at, 1);
    this.#answers.unshift(answer);
    if (this.#answers.length > MAX_ANSWERS) this.#answers.pop();
    return answer.next;
  }
}

/** The next wall clock time strictly after another that fits the fields. Wall clock times are written as if they were UTC. */
type WallClock = (after: number) => number | undefined;

/** Certain hours of the day: each fires once, also where the clocks show it twice (the first time) or leave it out (right after). */
class CertainHours implements Schedule {
  constructor(
    private readonly wall: WallClock,
    private readonly zone: TimeZone,
  ) {}

  next(after: number): number | undefined {
    let wall = this.wall(after + this.zone.offset(after));
    while (wall !== undefined) {
      const { first, last } = instants(this.zone, wall);
      if (first > after) return first;
      if (first === last) {
        wall = this.wall(wall);
        continue;
      }
      // It is shown for the second time: on to the end of what is shown twice.
      const change = this.zone.change(first, last);
      wall = this.wall(change + this.zone.offset(change - 1) - SECOND_MS);
    }
    return undefined;
  }
}

/** Every hour of the day, like a clock that strikes: where the clocks go back it fires in both hours, in the gap not at all. */
class EveryHour implements Schedule {
  constructor(
    private readonly wall: WallClock,
    private readonly zone: TimeZone,
  ) {}

  next(after: number): number | undefined {
    const { zone } = this;
    const offset = zone.offset(after);
    let wall = this.wall(after + offset);
    // Where the clocks go back soon, what they show again comes before what they have not shown yet.
    if (zone.offset(after + 3 * HOUR_MS) < offset) {
      const change = zone.change(after, after + 3 * HOUR_MS);
      const again = this.wall(change + zone.offset(change) - SECOND_MS);
      if (again !== undefined && (wall === undefined || wall - offset >= change)) return again - zone.offset(change);
    }
    while (wall !== undefined) {
      const { first, last, gap } = instants(zone, wall);
      if (!gap && last > after) return first > after ? first : last;
      wall = this.wall(gap ? first + zone.offset(first) - SECOND_MS : wall);
    }
    return undefined;
  }
}

/** When the clocks of a zone show `wall`: once, twice, or never (`gap`; then `first` is when they jump over it). */
function instants(
  zone: TimeZone,
  wall: number,
): { readonly first: number; readonly last: number; readonly gap: boolean } {
  const before = zone.offset(wall - 24 * HOUR_MS);
  const after = zone.offset(wall + 24 * HOUR_MS);
  if (before === after) return { first: wall - before, last: wall - before, gap: false };
  const [byBefore, byAfter] = [wall - before, wall - after];
  const [beforeHolds, afterHolds] = [zone.offset(byBefore) === before, zone.offset(byAfter) === after];
  if (!beforeHolds && !afterHolds) {
    const change = zone.change(byAfter, byBefore);
    return { first: change, last: change, gap: true };
  }
  return { first: beforeHolds ? byBefore : byAfter, last: afterHolds ? byAfter : byBefore, gap: false };
}
