import type { QueueFacts } from '../ports/metrics.ts';
import type { Controllers } from './controllers.ts';
import type { Failed, FailureReason, Result } from './result.ts';
import type { Source } from './source.ts';
import { type Retry, type WorkContext, WorkQueue } from './work-queue.ts';

/**
 * Brings what a key names to the state that it should be in: reads the present state, does what is missing. May be called at
 * any time, for any key, and be ended between any two steps. What it throws is judged by `resultOf` in `result.ts`.
 */
export type Reconcile = (key: string, context: WorkContext) => Promise<Result>;

/** What makes a controller. */
export interface ControllerOptions {
  /** As in `refresh`: its name in metrics and in the log. */
  readonly name: string;
  /** What a key names, as in `image`: the field of the log. */
  readonly subject: string;
  readonly reconcile: Reconcile;
  readonly sources: readonly Source[];
  /** How many keys are worked on at the same time. */
  readonly concurrency: number;
  /** The wait after the first failure of a key, and the longest one, milliseconds. */
  readonly backoff: { readonly firstMs: number; readonly mostMs: number };
  /** What the log says of a failure, with what it means for users; `NAME failed, retrying` without it. */
  readonly failureMessage?: string;
  /** Failures that are in the order of things, and logged for debugging only. */
  readonly expected?: readonly FailureReason[];
  /** Called at each start, before anything is worked on: what is remembered may be old, since another replica led meanwhile. */
  readonly starting?: () => void;
}

const EXPECTED: readonly FailureReason[] = ['postponed', 'conflict'];

/** Works on keys for as long as this replica is the leader: from the sources into a queue, from the queue to `reconcile`. */
export class Controller {
  private readonly expected: ReadonlySet<FailureReason>;
  private queue: WorkQueue | undefined;
  private retries = 0;

  /** @param controllers all of them: this one starts and stops with the others */
  constructor(
    private readonly controllers: Controllers,
    private readonly options: ControllerOptions,
  ) {
    this.expected = new Set(options.expected ?? EXPECTED);
    controllers.add(this);
    controllers.metrics.workqueue(options.name, () => this.facts());
  }

  /** Begins, with every key that its sources know. The stores should have seen all once. */
  start(): void {
    if (this.queue !== undefined) return;
    const { reconcile, sources, concurrency, backoff, starting } = this.options;
    starting?.();
    const queue = new WorkQueue(
      this.controllers.clock,
      {
        concurrency,
        baseDelayMs: backoff.firstMs,
        maxDelayMs: backoff.mostMs,
        failed: (key, failure, retry) => this.failed(key, failure, retry),
      },
      reconcile,
    );
    this.queue = queue;
    for (const source of sources) {
      source.start((key, { urgent = false, afterMs } = {}) => {
        if (afterMs === undefined) queue.add(key, { urgent });
        else queue.addAfter(key, afterMs);
      });
    }
  }

  /** Ends: takes up nothing new, and resolves when what is in flight has ended. */
  async stop(): Promise<void> {
    for (const source of this.options.sources) source.stop();
    const queue = this.queue;
    this.queue = undefined;
    await queue?.drain();
  }

  /** Empty while it is not running. */
  private facts(): QueueFacts {
    const { depth, inFlight, oldestMs } = this.queue?.state() ?? { depth: 0, inFlight: 0, oldestMs: 0 };
    return { depth, inFlight, retries: this.retries, oldestSeconds: oldestMs / 1_000 };
  }

  private failed(key: string, { error, reason }: Failed, { failures, inMs }: Retry): void {
    this.retries++;
    const { name, subject, failureMessage } = this.options;
    const { log } = this.controllers;
    const fields = { [subject]: key, failures, retryInMs: Math.round(inMs), error };
    if (this.expected.has(reason)) log.debug(`retrying ${name}`, fields);
    else log.error(failureMessage ?? `${name} failed, retrying`, fields);
  }
}
