import { Injectable } from '@nestjs/common';
import { type Image, keyOf } from '../../domain/image/image.ts';
import type { Trigger, TriggerProblem } from '../../domain/trigger/trigger.ts';
import { Alarm } from '../ports/alarm.ts';
import { Clock } from '../ports/clock.ts';
import { Crontab, type Schedule } from '../ports/crontab.ts';
import { ImageStore } from '../ports/image-store.ts';
import { DelayQueue } from '../controller/delay-queue.ts';
import type { Enqueue, Source } from '../controller/source.ts';
import { understandTriggers } from './understand-triggers.ts';
import { needsRefresh, hasEndedUpdate, REFRESH_ACTIONS, wasRetrying } from '../../domain/image/image-state.ts';

interface Entry {
  readonly uid: string;
  readonly triggers: readonly Trigger[];
  readonly schedules: readonly Schedule[];
  readonly problems: readonly TriggerProblem[];
}

/**
 * Decides when each Image is to be refreshed: at the ticks of its crontabs, at once when it is new or changed or asked
 * for by annotation, and once after ticks that were missed while nobody ran. One alarm serves all Images.
 */
@Injectable()
export class RefreshScheduler implements Source {
  private readonly entries = new Map<string, Entry>();
  private readonly ticks = new DelayQueue();
  /** Images with a tick that no refresh has served yet, and when it came. */
  private readonly due = new Map<string, number>();
  /** Images that somebody asks to be refreshed now, and when that was seen. */
  private readonly asked = new Map<string, number>();
  private enqueue: Enqueue | undefined;
  private subscribed = false;
  private alarmAt: number | undefined;

  constructor(
    private readonly images: ImageStore,
    private readonly crontab: Crontab,
    private readonly alarm: Alarm,
    private readonly clock: Clock,
  ) {}

  /** Starts to watch the Images and to call `enqueue`. */
  start(enqueue: Enqueue): void {
    this.enqueue = enqueue;
    if (!this.subscribed) {
      this.subscribed = true;
      this.images.subscribe({
        changed: (image, previous) => this.changed(image, previous),
        deleted: (image) => this.forget(keyOf(image)),
      });
      return;
    }
    for (const image of this.images.list()) this.changed(image, undefined);
  }

  /** Stops calling, and forgets what was due: whoever starts next tells it from the Images. */
  stop(): void {
    this.enqueue = undefined;
    this.alarm.clear();
    this.alarmAt = undefined;
    for (const key of [...this.entries.keys()]) this.forget(key);
  }

  /** When the tick came that no refresh has served yet; `undefined` where there is none. */
  dueSince(key: string): number | undefined {
    return this.due.get(key);
  }

  /** When it was seen that somebody asks for a refresh now, by annotation; `undefined` where nobody does. */
  askedAt(key: string): number | undefined {
    return this.asked.get(key);
  }

  /** A refresh that began at `began` has served the ticks up to then. */
  served(key: string, began: number): void {
    const since = this.due.get(key);
    if (since !== undefined && since <= began) this.due.delete(key);
  }

  /** What is wrong with the triggers of an Image; empty where all can be used. */
  problems(key: string): readonly TriggerProblem[] {
    return this.entries.get(key)?.problems ?? [];
  }

  private changed(image: Image, previous: Image | undefined): void {
    if (this.enqueue === undefined || image.deleting) return;
    const key = keyOf(image);
    const known = this.entries.get(key);
    if (known === undefined || known.uid !== image.uid || !sameTriggers(known.triggers, image.spec.triggers)) {
      const entry = this.readTriggers(image);
      this.entries.set(key, entry);
      this.due.delete(key);
      this.plan(key, entry, this.clock.now());
      if (known?.uid !== image.uid) this.catchUp(key, image, entry);
    }
    if (!asks(image)) this.asked.delete(key);
    else if (previous === undefined || !asks(previous)) this.asked.set(key, this.clock.now());
    if (isRefreshRequest(image, previous)) this.enqueue(key, { urgent: true });
    else if (previous === undefined && (this.due.has(key) || wasRetrying(image))) this.enqueue(key, { urgent: false });
  }

  private readTriggers(image: Image): Entry {
    const { schedules, problems } = understandTriggers(image.spec.triggers, (expression) =>
      this.crontab.parse(expression),
    );
    return { uid: image.uid, triggers: image.spec.triggers, schedules, problems };
  }

  /** One refresh for all ticks between the last one that was recorded and now. */
  private catchUp(key: string, image: Image, entry: Entry): void {
    const last = Date.parse(image.status.time ?? '');
    if (Number.isNaN(last)) return;
    const now = this.clock.now();
    if (entry.schedules.some((schedule) => (schedule.next(last) ?? Infinity) <= now)) this.due.set(key, now);
  }

  private plan(key: string, entry: Entry, after: number): void {
    let earliest: number | undefined;
    for (const schedule of entry.schedules) {
      const next = schedule.next(after);
      if (next !== undefined && (earliest === undefined || next < earliest)) earliest = next;
    }
    this.ticks.set(key, earliest);
    this.arm();
  }

  private arm(): void {
    const earliest = this.ticks.earliest();
    if (earliest === this.alarmAt) return;
    this.alarmAt = earliest;
    if (earliest === undefined) this.alarm.clear();
    else this.alarm.set(earliest, () => this.fire());
  }

  private fire(): void {
    this.alarmAt = undefined;
    const now = this.clock.now();
    for (let due = this.ticks.take(now); due !== undefined; due = this.ticks.take(now)) {
      const { key, at } = due;
      const entry = this.entries.get(key);
      if (entry === undefined || this.enqueue === undefined) continue;
      if (!this.due.has(key)) this.due.set(key, at);
      this.enqueue(key, { urgent: false });
      // From the tick, not from now: in the repeated hour of autumn a crontab must not fire again. After a long sleep,
      // from now, so that the ticks slept through count as this one.
      let next: number | undefined;
      for (const schedule of entry.schedules) {
        const following = schedule.next(at);
        const from = following !== undefined && following <= now ? schedule.next(now) : following;
        if (from !== undefined && (next === undefined || from < next)) next = from;
      }
      this.ticks.set(key, next);
    }
    this.arm();
  }

  private forget(key: string): void {
    this.entries.delete(key);
    this.asked.delete(key);
    this.due.delete(key);
    this.ticks.set(key, undefined);
    this.arm();
  }
}

function sameTriggers(a: readonly Trigger[], b: readonly Trigger[]): boolean {
  return (
    a === b || (a.length === b.length && a.every(({ type, value }, i) => type === b[i]?.type && value === b[i].value))
  );
}

/**
 * Whether this change of an Image asks for work at once. Only the change itself counts: a refresh that failed and waits
 * for its next try must not be woken by the status that says so.
 */
function isRefreshRequest(image: Image, previous: Image | undefined): boolean {
  if (previous === undefined) return needsRefresh(image) || hasEndedUpdate(image) || asks(image);
  return (
    (previous.generation !== image.generation && needsRefresh(image)) ||
    (!hasEndedUpdate(previous) && hasEndedUpdate(image)) ||
    (!asks(previous) && asks(image))
  );
}

/** Whether somebody asks for a refresh now, by the annotation `action`. */
function asks(image: Image): boolean {
  return REFRESH_ACTIONS.has(image.annotations['action'] ?? '');
}
