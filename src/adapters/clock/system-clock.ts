import { Injectable } from '@nestjs/common';
import { Clock } from '../../application/ports/clock.ts';

/** The longest delay that setTimeout takes; above it, it fires at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The clock of the machine. */
@Injectable()
export class SystemClock extends Clock {
  override now(): number {
    return Date.now();
  }

  override after(delayMs: number, callback: () => void): () => void {
    let timeout: NodeJS.Timeout;
    const wait = (left: number): void => {
      timeout =
        left > LONGEST_TIMEOUT_MS
          ? setTimeout(() => wait(left - LONGEST_TIMEOUT_MS), LONGEST_TIMEOUT_MS)
          : setTimeout(callback, Math.max(0, left));
    };
    wait(delayMs);
    return () => clearTimeout(timeout);
  }
}
