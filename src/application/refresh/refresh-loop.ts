import { Injectable } from '@nestjs/common';
import { Clock } from '../ports/clock.ts';
import { WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';
import { queueFacts, WorkQueue } from '../controller/work-queue.ts';
import { RefreshScheduler } from '../trigger/refresh-scheduler.ts';
import { RefreshImage, RefreshPostponed } from './refresh-image.ts';

/** How the controller works. */
export class RefreshSettings {
  /** @param concurrency how many Images are refreshed at the same time */
  constructor(readonly concurrency: number) {}
}

const BASE_DELAY_MS = 2_000;
const MAX_DELAY_MS = 300_000;

/** Refreshes Images for as long as this replica leads: from the triggers into a queue, from the queue to the refresh. */
@Injectable()
export class RefreshLoop {
  #queue: WorkQueue | undefined;
  #retries = 0;

  constructor(
    private readonly triggers: RefreshScheduler,
    private readonly refresh: RefreshImage,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly settings: RefreshSettings,
    metrics: Metrics,
  ) {
    metrics.workqueue('refresh', () => queueFacts(this.#queue, this.#retries));
  }

  /** Begins. The Images must have been seen once. */
  start(): void {
    const queue = new WorkQueue(
      this.clock,
      {
        concurrency: this.settings.concurrency,
        baseDelayMs: BASE_DELAY_MS,
        maxDelayMs: MAX_DELAY_MS,
        failed: (key, error, { failures, inMs }) => this.#failed(key, error, failures, inMs),
      },
      (key, { queuedAt }) => this.refresh.refresh(key, { queuedAt }),
    );
    this.#queue = queue;
    this.triggers.start((key, { urgent }) => queue.add(key, { urgent }));
  }

  /** Ends: takes up nothing new, and resolves when what is in flight has ended. */
  async stop(): Promise<void> {
    this.triggers.stop();
    const queue = this.#queue;
    this.#queue = undefined;
    await queue?.drain();
  }

  #failed(key: string, error: unknown, failures: number, inMs: number): void {
    this.#retries++;
    const fields = { image: key, failures, retryInMs: Math.round(inMs), error };
    const expected =
      error instanceof RefreshPostponed || (error instanceof WriteError && error.consequence === 'conflict');
    if (expected) this.log.debug('refresh is tried again', fields);
    else this.log.error('refresh broke off and is tried again', fields);
  }
}
