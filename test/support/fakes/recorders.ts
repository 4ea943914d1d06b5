import { EventRecorder, type EventSubject } from '../../../src/application/ports/event-recorder.ts';
import { Log, type LogFields } from '../../../src/application/ports/log.ts';
import { Metrics, type QueueFacts, type Work } from '../../../src/application/ports/metrics.ts';

/** Keeps the events that were recorded, as `TYPE REASON: MESSAGE`. */
export class FakeEventRecorder extends EventRecorder {
  readonly events: string[] = [];

  override record(_subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.events.push(`${type} ${reason}: ${message}`);
  }
}

/** Keeps the lines that were logged, as `LEVEL MESSAGE`. */
export class FakeLog extends Log {
  readonly lines: string[] = [];

  override debug(message: string, fields?: LogFields): void {
    this.#add('debug', message, fields);
  }

  override info(message: string, fields?: LogFields): void {
    this.#add('info', message, fields);
  }

  override warn(message: string, fields?: LogFields): void {
    this.#add('warn', message, fields);
  }

  override error(message: string, fields?: LogFields): void {
    this.#add('error', message, fields);
  }

  #add(level: string, message: string, fields: LogFields = {}): void {
    const error = fields['error'];
    this.lines.push(`${level} ${message}${error instanceof Error ? `: ${error.message}` : ''}`);
  }
}

/** Counts what was done, by its name; what failed also under `NAME failed`. */
export class FakeMetrics extends Metrics {
  readonly counts = new Map<string, number>();
  /** How long all of it took together, by its name. */
  readonly seconds = new Map<Work, number>();

  override done(work: Work, seconds: number, failed: boolean): void {
    this.seconds.set(work, (this.seconds.get(work) ?? 0) + seconds);
    this.#count(work);
    if (failed) this.#count(`${work} failed`);
  }

  override registryRequest(registryName: string, _seconds: number, failed: boolean): void {
    this.#count(`registry ${registryName}`);
    if (failed) this.#count(`registry ${registryName} failed`);
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

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
