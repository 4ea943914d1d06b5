import { randomBytes } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Clock } from '../../../application/ports/clock.ts';
import { EventRecorder, type EventSubject } from '../../../application/ports/event-recorder.ts';
import { Log } from '../../../application/ports/log.ts';
import { KubeClient } from '../client/kube-client.ts';
import { hasStatus, KubeError } from '../client/kube-error.ts';
import { apiVersionOf, EVENTS } from '../client/resource.ts';
import { EventBudget } from './event-budget.ts';
import { microTime } from '../client/micro-time.ts';

/** Whose events they are. */
export class EventSource {
  /**
   * @param component as in `kimup-controller`
   * @param instance this very process: the Pod's name, or the host's
   */
  constructor(
    readonly component: string,
    readonly instance: string,
  ) {}
}

/** A repeat of the same within this time is counted on the event that is there. */
const SERIES_MS = 10 * 60_000;
/** A series is written when it begins, then at most this often. */
const SERIES_WRITE_MS = 5 * 60_000;
/** Events that are remembered and events that wait to be written. */
const MAX_SERIES = 4_096;
const MAX_QUEUE = 1_000;
/** Waits between tries while the API server can't be asked, and how many there are. */
const RETRY_MS = 5_000;
const TRIES = 12;
/** The API server's bounds: `note` and `reason` in bytes. */
const MAX_NOTE_BYTES = 1_024;
const MAX_REASON_BYTES = 128;

interface Series {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly note: string;
  readonly begun: number;
  /** The event's name: one for all tries, so that one whose answer was lost does not stand there twice. */
  readonly name: string;
  /** Whether the event is there. */
  exists: boolean;
  count: number;
  last: number;
  /** When it was last queued to be written. */
  written: number;
  queued: boolean;
}

/** Writes events.k8s.io/v1 Events, one at a time, from a bounded queue. */
@Injectable()
export class KubernetesEventRecorder extends EventRecorder implements BeforeApplicationShutdown {
  private readonly known = new Map<string, Series>();
  private readonly budget = new EventBudget();
  private readonly queue: Series[] = [];
  private writing: Promise<void> | undefined;
  private stopping = false;
  private dropped = 0;
  /** Ends the wait for the next try. */
  private hurry: (() => void) | undefined;

  constructor(
    private readonly client: KubeClient,
    private readonly source: EventSource,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    super();
  }

  override record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    try {
      this.take(subject, type, cut(reason, MAX_REASON_BYTES), cut(message, MAX_NOTE_BYTES));
    } catch (error) {
      this.log.warn('an event could not be recorded', { reason, error });
    }
  }

  /** After the last work, and before the connection is closed, which is when the application shuts down. */
  beforeApplicationShutdown(): Promise<void> {
    return this.stop();
  }

  /** Takes no more and writes what waits, as far as the API server answers. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.hurry?.();
    await this.writing;
  }

  private take(subject: EventSubject, type: Series['type'], reason: string, note: string): void {
    if (this.stopping) return;
    const now = this.clock.now();
    const id = JSON.stringify([subject.uid, subject.kind, subject.namespace, subject.name, type, reason, note]);
    const series = this.known.get(id);
    if (series !== undefined && now - series.last < SERIES_MS) {
      series.count++;
      series.last = now;
      // The first repeat is written at once, so that it shows; the count of the others is allowed to lag behind.
      if (series.count === 2 || now - series.written >= SERIES_WRITE_MS) this.enqueue(series, now);
      return;
    }
    if (!this.budget.take(`${subject.kind}/${subject.namespace}/${subject.name}/${subject.uid}`, now)) {
      this.log.debug('dropped an event: too many events for one object', {
        kind: subject.kind,
        namespace: subject.namespace,
        name: subject.name,
        reason,
      });
      return;
    }
    const begun: Series = {
      subject,
      type,
      reason,
      note,
      begun: now,
      name: `${subject.name.slice(0, 220)}.${randomBytes(8).toString('hex')}`,
      exists: false,
      count: 1,
      last: now,
      written: now,
      queued: false,
    };
    this.known.delete(id);
    this.known.set(id, begun);
    if (this.known.size > MAX_SERIES) this.known.delete(this.known.keys().next().value!);
    this.enqueue(begun, now);
  }

  private enqueue(series: Series, now: number): void {
    series.written = now;
    if (series.queued) return;
    if (this.queue.length >= MAX_QUEUE) {
      if (this.dropped++ % MAX_QUEUE === 0)
        this.log.warn('events are dropped: too many wait to be written', { dropped: this.dropped });
      return;
    }
    series.queued = true;
    this.queue.push(series);
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined;
    });
  }

  private async writeAll(): Promise<void> {
    // Not synchronously: who records must not pay for it.
    await Promise.resolve();
    for (let series = this.queue.shift(); series !== undefined; series = this.queue.shift()) {
      series.queued = false;
      await this.write(series);
    }
  }

  private async write(series: Series): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        if (series.exists) await this.count(series);
        else await this.createOnce(series);
        return;
      } catch (error) {
        const again = error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
        if (!again || attempt >= TRIES || this.stopping) {
          const { kind, namespace, name } = series.subject;
          this.log.warn('an event could not be written', {
            kind,
            namespace,
            name,
            reason: series.reason,
            error: error instanceof Error ? error.message : String(error),
          });
          // Nobody answers, and this process wants to end.
          if (again && this.stopping) this.queue.length = 0;
          return;
        }
        await this.wait();
      }
    }
  }

  /** An event that is there already is one whose first try was written, and not answered. */
  private async createOnce(series: Series): Promise<void> {
    try {
      await this.create(series);
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
    series.exists = true;
  }

  private async create(series: Series): Promise<void> {
    const { subject, type, reason, note, name, count } = series;
    const namespace = subject.namespace || 'default';
    await this.client.create(
      EVENTS,
      { namespace },
      {
        apiVersion: apiVersionOf(EVENTS),
        kind: EVENTS.kind,
        metadata: { namespace, name },
        eventTime: microTime(series.begun),
        reportingController: this.source.component,
        reportingInstance: this.source.instance.slice(0, 128),
        action: reason,
        reason,
        type,
        note,
        regarding: {
          apiVersion: subject.apiVersion,
          kind: subject.kind,
          name: subject.name,
          ...(subject.namespace ? { namespace } : {}),
          uid: subject.uid,
        },
        ...(count > 1 ? { series: { count, lastObservedTime: microTime(series.last) } } : {}),
      },
      this.source.component,
    );
  }

  private async count(series: Series): Promise<void> {
    const at = { namespace: series.subject.namespace || 'default', name: series.name };
    try {
      await this.client.mergePatch(
        EVENTS,
        at,
        { series: { count: series.count, lastObservedTime: microTime(series.last) } },
        this.source.component,
      );
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      // The API server keeps events for an hour; somebody may have deleted it earlier.
      await this.create(series);
    }
  }

  private async wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(RETRY_MS, resolve);
    this.hurry = resolve;
    await promise;
    cancel();
    this.hurry = undefined;
  }
}

/** The longest beginning of `text` of at most `bytes` bytes of UTF-8 that ends with a whole character. */
function cut(text: string, bytes: number): string {
  const encoded = Buffer.from(text, 'utf8');
  if (encoded.length <= bytes) return text;
  let end = bytes - 3;
  while ((encoded[end]! & 0xc0) === 0x80) end--;
  return `${encoded.toString('utf8', 0, end)}…`;
}
