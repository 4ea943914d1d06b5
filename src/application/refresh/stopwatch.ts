import type { Clock } from '../ports/clock.ts';

/** Measures how long something takes, without what it waits for meanwhile. Pauses follow one another. */
export class Stopwatch {
  private readonly began: number;
  private pausedMs = 0;

  constructor(private readonly clock: Clock) {
    this.began = clock.now();
  }

  /** Stands still until the promise that `work` returns is settled. */
  async pauseFor<T>(work: () => Promise<T>): Promise<T> {
    const from = this.clock.now();
    try {
      return await work();
    } finally {
      this.pausedMs += this.clock.now() - from;
    }
  }

  /** Stands still while `work` runs. */
  pausedDuring<T>(work: () => T): T {
    const from = this.clock.now();
    try {
      return work();
    } finally {
      this.pausedMs += this.clock.now() - from;
    }
  }

  /** Milliseconds since it was made, pauses left out. */
  elapsedMs(): number {
    return this.clock.now() - this.began - this.pausedMs;
  }
}
