import type { Clock } from '../../../application/ports/clock.ts';

/** Ends one watch when nothing was heard of it for too long, or when who watches stops. Dispose of it when the watch has ended. */
export class SilenceWatchdog implements Disposable {
  private readonly ending = new AbortController();
  private heardAt: number;
  private expired = false;
  private cancel: () => void = () => undefined;
  private readonly stop = (): void => this.ending.abort(this.stopping.reason);

  /**
   * @param longestMs how long the watch may be silent, milliseconds
   * @param stopping aborts when the watch is not wanted any more
   */
  constructor(
    private readonly clock: Clock,
    private readonly longestMs: number,
    private readonly stopping: AbortSignal,
  ) {
    this.heardAt = clock.now();
    if (stopping.aborted) this.stop();
    else stopping.addEventListener('abort', this.stop, { once: true });
    this.arm();
  }

  /** Aborts when the watch is to end. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** The watch said something, just now. */
  heard(): void {
    this.heardAt = this.clock.now();
  }

  /** When the watch last said something, or was begun, by the clock. */
  lastHeardAt(): number {
    return this.heardAt;
  }

  /** Whether it was silence that ended the watch. */
  endedIt(): boolean {
    return this.expired && !this.stopping.aborted;
  }

  [Symbol.dispose](): void {
    this.cancel();
    this.stopping.removeEventListener('abort', this.stop);
  }

  /** One timer a watch, that looks when the last word was, not one a word. */
  private arm(): void {
    const leftMs = this.heardAt + this.longestMs - this.clock.now();
    this.cancel = this.clock.after(Math.max(1, leftMs), () => {
      if (this.heardAt + this.longestMs > this.clock.now()) return this.arm();
      this.expired = true;
      this.ending.abort(new Error('no watch events for too long'));
    });
  }
}
