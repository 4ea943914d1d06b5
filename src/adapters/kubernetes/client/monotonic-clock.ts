import { Clock } from '../../../application/ports/clock.ts';

/** A clock that nobody sets: for how long something takes. It begins at the machine's time and goes its own way from there. */
export class MonotonicClock extends Clock {
  override now(): number {
    return performance.timeOrigin + performance.now();
  }

  override after(delayMs: number, wake: () => void): () => void {
    const timeout = setTimeout(wake, Math.max(0, delayMs));
    return () => clearTimeout(timeout);
  }
}
