import { SystemClock } from './system-clock.ts';

/** A clock that nobody sets: for how long something takes. It begins at the machine's time and goes its own way from there. */
export class MonotonicClock extends SystemClock {
  override now(): number {
    return performance.timeOrigin + performance.now();
  }
}
