import { inspect } from 'node:util';
import { EventRecorder, type EventSubject } from '../../../src/application/ports/event-recorder.ts';
import { Log, type LogFields } from '../../../src/application/ports/log.ts';
import { Metrics, type QueueFacts, type Work } from '../../../src/application/ports/metrics.ts';

/** An event that was recorded. */
export interface RecordedEvent {
  readonly subject: EventSubject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Keeps the events that were recorded. */
export class FakeEventRecorder extends EventRecorder {
  readonly recorded: RecordedEvent[] = [];
  /** The same, as `TYPE REASON: MESSAGE`. */
  readonly events: string[] = [];

  override record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const kept = message.slice(0, 1_024);
    this.recorded.push({ subject, type, reason, message: kept });
    this.events.push(`${type} ${reason}: ${kept}`);
  }
}

/** Keeps the lines that were logged. */
export class FakeLog extends Log {
  /** `LEVEL MESSAGE`, and the message of the error in the field `error`. */
  readonly lines: string[] = [];
  /** Each line with all of its fields, of an error its name and message. */
  readonly texts: string[] = [];

  override debug(message: string, fields?: LogFields): void {
    this.add('debug', message, fields);
  }

  override info(message: string, fields?: LogFields): void {
    this.add('info', message, fields);
  }

  override warn(message: string, fields?: LogFields): void {
    this.add('warn', message, fields);
  }

  override error(message: string, fields?: LogFields): void {
    this.add('error', message, fields);
  }

  private add(level: string, message: string, fields: LogFields = {}): void {
    const error = fields['error'];
    this.lines.push(`${level} ${message}${error instanceof Error ? `: ${error.message}` : ''}`);
    const told = Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? String(value) : value]);
    this.texts.push(`${level} ${message} ${inspect(Object.fromEntries(told), { depth: 5, breakLength: Infinity })}`);
  }
}

/** Counts what was done, by its name; what failed also under `NAME failed`. */
export class FakeMetrics extends Metrics {
  readonly counts = new Map<string, number>();
  /** How long all of it took together, by its name. */
  readonly seconds = new Map<Work, number>();

  override done(work: Work, seconds: number, failed: boolean): void {
    this.seconds.set(work, (this.seconds.get(work) ?? 0) + seconds);
    this.count(work);
    if (failed) this.count(`${work} failed`);
  }

  override registryRequest(registryName: string, _seconds: number, failed: boolean): void {
    this.count(`registry ${registryName}`);
    if (failed) this.count(`registry ${registryName} failed`);
  }

  override tagsAvailable(imageName: string, count: number): void {
    this.counts.set(`tags of ${imageName}`, count);
  }

  readonly watches = new Map<string, () => number>();

  override watch(resource: string, downSeconds: () => number): void {
    this.watches.set(resource, downSeconds);
  }

  readonly queues = new Map<string, () => QueueFacts>();

  override workqueue(name: string, facts: () => QueueFacts): void {
    this.queues.set(name, facts);
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
