import { setImmediate } from 'node:timers/promises';
import { Clock } from '../../../src/application/ports/clock.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their time, those of the same time in the
 * order in which they were set, and each sees the time that it was set for.
 */
export class FakeClock extends Clock {
  private time: number;
  private order = 0;
  private readonly timers = new Set<Timer>();

  /** @param start the time at first, in milliseconds since the epoch; 2026-01-01T00:00:00Z when left out */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    super();
    this.time = start;
  }

  override now(): number {
    return this.time;
  }

  override after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { at: this.time + Math.max(0, delayMs), order: this.order++, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /**
   * Moves the time on by `ms`. Timers due until then fire, also those that are set on the way; promises settle before the
   * first, after each, and before this returns. `advance(0)` fires what is due now.
   */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await setImmediate();
    for (let timer = this.earliest(); timer !== undefined && timer.at <= end; timer = this.earliest()) {
      this.timers.delete(timer);
      this.time = Math.max(this.time, timer.at);
      timer.callback();
      await setImmediate();
    }
    this.time = Math.max(this.time, end);
  }

  /** Moves the time to the earliest timer and fires all that is due then; returns false when there is none. */
  async advanceToNext(): Promise<boolean> {
    const timer = this.earliest();
    if (timer === undefined) return false;
    await this.advance(timer.at - this.time);
    return true;
  }

  /** Milliseconds until each pending timer, the earliest first. */
  pending(): number[] {
    return [...this.timers].map((timer) => timer.at - this.time).sort((a, b) => a - b);
  }

  private earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.timers) {
      if (
        earliest === undefined ||
        timer.at < earliest.at ||
        (timer.at === earliest.at && timer.order < earliest.order)
      )
        earliest = timer;
    }
    return earliest;
  }
}
