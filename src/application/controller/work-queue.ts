import type { Clock } from '../ports/clock.ts';
import { DelayQueue } from './delay-queue.ts';
import { FairQueue } from './fair-queue.ts';
import { type Failed, type Result, resultOf } from './result.ts';
import { backoffMs } from '../../support/backoff.ts';

/** What the worker is told besides the key. */
export interface WorkContext {
  /** When the key was first asked for since it was last worked on, milliseconds since the epoch. */
  readonly queuedAt: number;
}

/** When a key that failed is tried again. */
export interface Retry {
  /** How many failures in a row it is. */
  readonly failures: number;
  /** Milliseconds from now. */
  readonly inMs: number;
}

export interface WorkQueueOptions {
  /** How many keys are worked on at the same time. */
  readonly concurrency: number;
  /** The wait after the first failure of a key, milliseconds; it doubles with each further one. */
  readonly baseDelayMs: number;
  /** The longest wait after a failure, milliseconds. */
  readonly maxDelayMs: number;
  /** Told of every failure. */
  readonly failed?: (key: string, failure: Failed, retry: Retry) => void;
  /** A number in [0, 1) for the jitter. */
  readonly random?: () => number;
}

/** How a queue is doing, for its metrics. */
export interface QueueState {
  /** Keys that could be worked on now, were there workers enough. */
  readonly depth: number;
  /** Keys that are being worked on. */
  readonly inFlight: number;
  /** How long the key has waited that has waited longest, milliseconds; 0 where none waits. */
  readonly oldestMs: number;
}

/** A key that waits. `stale` when another ticket has taken its place. */
interface Ticket {
  readonly key: string;
  readonly queuedAt: number;
  urgent: boolean;
  stale: boolean;
}

/**
 * A queue of keys for level-based reconciling: a key says only what to look at, the work reads the present state.
 *
 * - A key waits once, however often it is added, for the earliest time that was asked for: `add` is now, `addAfter` later.
 *   Later ones are forgotten, since the work reads the present state and asks for another look where it wants one.
 * - Keys are `namespace/name`, and namespaces take turns, urgent keys before the others: a namespace with thousands of keys
 *   holds up no other.
 * - One worker a key; a key that is added while it is worked on is worked on once more afterwards.
 * - Work that fails is tried again after `baseDelayMs · 2^(failures - 1)`, at most `maxDelayMs`, up to half of it taken off
 *   at random, but not before its {@link Result} allows; success forgets the failures. What throws fails.
 */
export class WorkQueue {
  private readonly urgent = new FairQueue<Ticket>();
  private readonly normal = new FairQueue<Ticket>();
  private readonly waiting = new Map<string, Ticket>();
  /** What is being worked on, with what was asked for meanwhile. */
  private readonly working = new Map<string, Ticket | undefined>();
  private readonly failures = new Map<string, number>();
  private readonly delayed = new DelayQueue();
  private timer: { readonly at: number; readonly cancel: () => void } | undefined;
  private startScheduled = false;
  private drained: PromiseWithResolvers<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly options: WorkQueueOptions,
    private readonly work: (key: string, context: WorkContext) => Promise<Result>,
  ) {
    if (!(options.concurrency >= 1)) throw new RangeError(`concurrency must be at least 1, got ${options.concurrency}`);
    if (!(options.baseDelayMs > 0 && options.maxDelayMs >= options.baseDelayMs)) {
      throw new RangeError(`0 < baseDelayMs <= maxDelayMs, got ${options.baseDelayMs} and ${options.maxDelayMs}`);
    }
  }

  /** Asks for work on `key` now; an urgent one goes before those that are not, also when it waits already. */
  add(key: string, options: { readonly urgent?: boolean } = {}): void {
    if (this.drained !== undefined) return;
    const urgent = options.urgent ?? false;
    this.delayed.delete(key);
    const known = this.working.has(key) ? this.working.get(key) : this.waiting.get(key);
    if (known !== undefined && (known.urgent || !urgent)) return;
    const ticket = { key, queuedAt: known?.queuedAt ?? this.clock.now(), urgent, stale: false };
    if (this.working.has(key)) {
      this.working.set(key, ticket);
      return;
    }
    if (known !== undefined) known.stale = true;
    this.enqueue(ticket);
  }

  /** Asks for work on `key` in `delayMs` milliseconds, unless it is asked for earlier than that. */
  addAfter(key: string, delayMs: number): void {
    if (this.drained !== undefined) return;
    if (!(delayMs > 0)) {
      this.add(key);
      return;
    }
    if (this.waiting.has(key) || this.working.get(key) !== undefined) return;
    this.delayed.add(key, this.clock.now() + delayMs);
    this.setTimer();
  }

  /** Forgets `key` and its failures: nothing more is done about it until it is added again. What is in flight ends. */
  forget(key: string): void {
    this.failures.delete(key);
    this.delayed.delete(key);
    const ticket = this.waiting.get(key);
    if (ticket !== undefined) ticket.stale = true;
    this.waiting.delete(key);
    if (this.working.has(key)) this.working.set(key, undefined);
  }

  /** How many keys could be worked on now, were there workers enough. */
  depth(): number {
    return this.waiting.size;
  }

  /** How many keys are being worked on. */
  inFlight(): number {
    return this.working.size;
  }

  /** In time proportional to what waits: for whoever asks now and then. */
  state(): QueueState {
    let oldest: number | undefined;
    for (const { queuedAt } of this.waiting.values()) {
      if (oldest === undefined || queuedAt < oldest) oldest = queuedAt;
    }
    return {
      depth: this.depth(),
      inFlight: this.inFlight(),
      oldestMs: oldest === undefined ? 0 : Math.max(0, this.clock.now() - oldest),
    };
  }

  /** Takes up no more work, forgets what waits, and resolves when what is in flight has ended. */
  drain(): Promise<void> {
    if (this.drained === undefined) {
      this.drained = Promise.withResolvers<void>();
      this.waiting.clear();
      this.urgent.clear();
      this.normal.clear();
      this.delayed.clear();
      this.timer?.cancel();
      this.timer = undefined;
      this.endWhenIdle();
    }
    return this.drained.promise;
  }

  private enqueue(ticket: Ticket): void {
    this.waiting.set(ticket.key, ticket);
    (ticket.urgent ? this.urgent : this.normal).push(namespaceOf(ticket.key), ticket);
    // Not at once: whoever adds many keys in a row decides their order by their urgency alone.
    if (this.startScheduled || this.working.size >= this.options.concurrency) return;
    this.startScheduled = true;
    void Promise.resolve().then(() => {
      this.startScheduled = false;
      this.startWork();
    });
  }

  private startWork(): void {
    while (this.working.size < this.options.concurrency) {
      const ticket = this.urgent.shift(isWanted) ?? this.normal.shift(isWanted);
      if (ticket === undefined) return;
      this.waiting.delete(ticket.key);
      this.working.set(ticket.key, undefined);
      void this.run(ticket);
    }
  }

  private async run({ key, queuedAt }: Ticket): Promise<void> {
    const again = this.againAfter(key, await this.resultOf(key, { queuedAt }));
    const meanwhile = this.working.get(key);
    this.working.delete(key);
    if (this.drained !== undefined) {
      this.endWhenIdle();
      return;
    }
    if (meanwhile !== undefined) this.enqueue(meanwhile);
    else if (again !== undefined) this.addAfter(key, again);
    this.startWork();
  }

  private async resultOf(key: string, context: WorkContext): Promise<Result> {
    try {
      return await this.work(key, context);
    } catch (error) {
      return resultOf(error);
    }
  }

  /** In how many milliseconds to look at `key` again, if at all; whoever is told of failures hears of this one. */
  private againAfter(key: string, result: Result): number | undefined {
    if (result.kind !== 'failed') {
      this.failures.delete(key);
      return result.kind === 'requeue' ? result.afterMs : undefined;
    }
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    const inMs = Math.max(this.backoff(failures), result.atLeastMs);
    try {
      this.options.failed?.(key, result, { failures, inMs });
    } catch {
      // Who only listens must not stop the queue.
    }
    return inMs;
  }

  private backoff(failures: number): number {
    const { baseDelayMs, maxDelayMs, random = Math.random } = this.options;
    return backoffMs({ firstMs: baseDelayMs, mostMs: maxDelayMs }, failures, random());
  }

  /** One timer for all delayed keys: for the earliest. */
  private setTimer(): void {
    const at = this.delayed.earliest();
    if (at === this.timer?.at) return;
    this.timer?.cancel();
    this.timer =
      at === undefined
        ? undefined
        : {
            at,
            cancel: this.clock.after(at - this.clock.now(), () => {
              this.timer = undefined;
              const now = this.clock.now();
              for (let due = this.delayed.take(now); due !== undefined; due = this.delayed.take(now)) this.add(due.key);
              this.setTimer();
            }),
          };
  }

  private endWhenIdle(): void {
    if (this.working.size === 0) this.drained?.resolve();
  }
}

function isWanted(ticket: Ticket): boolean {
  return !ticket.stale;
}

/** Keys without a namespace are one group. */
function namespaceOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}
