import { SystemClock } from '../../../src/adapters/clock/system-clock.ts';

/** The machine's clock, set back or forward by a test; what waits, waits in real time. */
export class ShiftedClock extends SystemClock {
  shiftMs = 0;

  override now(): number {
    return super.now() + this.shiftMs;
  }
}
