import { Injectable } from '@nestjs/common';
import { Cron } from 'croner';
import { Crontab, type Schedule } from '../../application/ports/crontab.ts';
import { BoundedMap } from '../../support/bounded-map.ts';
import type { CrontabExpression } from './crontab-syntax.ts';
import { readCrontab } from './read-crontab.ts';

const MAX_KNOWN = 1_000;
const MAX_ANSWERS = 8;

/**
 * Crontabs by the package croner, which finds the next firing, also where clocks are put forward or back. What is accepted, and what
 * is said of what is not, is ours (`crontab-syntax.ts`): docs/decisions/0012-cron-parsing.md.
 */
@Injectable()
export class CronerCrontab extends Crontab {
  /** Many Images have the same few crontabs. */
  private readonly known = new BoundedMap<string, Schedule>(MAX_KNOWN);

  override parse(expression: string): Schedule {
    let schedule = this.known.get(expression);
    if (schedule === undefined) {
      const { zone, fields } = readCrontab(expression);
      schedule = new Remembered(new CronerSchedule(pattern(fields), zone));
      this.known.set(expression, schedule);
    }
    return schedule;
  }
}

/**
 * The fields for croner, which tells by wildcards what fires at a fixed time (once where the clocks show it twice, right after the
 * gap where they leave it out) from what fires every hour. For kimup that is the field hours alone: where it is limited, seconds
 * and minutes must have no wildcard.
 */
function pattern(fields: CrontabExpression['fields']): string {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = fields;
  const times = hour.all ? [second.text, minute.text] : [second, minute].map(({ all, text }) => (all ? '0-59' : text));
  return [...times, ...[hour, dayOfMonth, month, dayOfWeek].map(({ text }) => text)].join(' ');
}

/** Croner's pattern is made for each question and let go: it takes 85 kB, the question a tenth of a millisecond. */
class CronerSchedule implements Schedule {
  constructor(
    private readonly pattern: string,
    private readonly timezone: string,
  ) {}

  next(after: number): number | undefined {
    const cron = new Cron(this.pattern, { mode: '6-part', timezone: this.timezone, fixedTimeRule: 'no-wildcard' });
    return cron.nextRun(new Date(after))?.getTime();
  }
}

/** It holds from then on until it fires; where nothing was found, which may be for looking too short a way ahead, for then alone. */
interface Answer {
  readonly from: number;
  readonly next: number | undefined;
}

/**
 * Its last answers by heart, each for as long as it holds: from when it was asked for until it fires. Ten thousand Images with the
 * same crontab, each refreshed at a time of its own, are a question or two then.
 */
class Remembered implements Schedule {
  /** The one that was of use last is the first. */
  private readonly answers: Answer[] = [];

  constructor(private readonly schedule: Schedule) {}

  next(after: number): number | undefined {
    const at = this.answers.findIndex(({ from, next = from + 1 }) => from <= after && after < next);
    const [answer = { from: after, next: this.schedule.next(after) }] = at === -1 ? [] : this.answers.splice(at, 1);
    this.answers.unshift(answer);
    if (this.answers.length > MAX_ANSWERS) this.answers.pop();
    return answer.next;
  }
}
