/** Waits that grow after each failure. */
export interface Backoff {
  /** The wait after the first failure, milliseconds. */
  readonly firstMs: number;
  /** The longest wait, milliseconds; without it they grow for as long as failures are counted. */
  readonly mostMs?: number;
  /** How many times as long each wait is as the one before; 2 without it. */
  readonly factor?: number;
}

/** More failures than this make no difference: far beyond any maximum, and still a finite number. */
const MOST_COUNTED = 52;

/**
 * How long to wait after so many failures in a row, milliseconds.
 * @param failures 1 for the first one
 * @param random from 0 up to 1: up to half of the wait is taken off, so that those that failed together don't try together; without
 *   it the wait is the whole one
 */
export function backoffMs({ firstMs, mostMs = Infinity, factor = 2 }: Backoff, failures: number, random = 0): number {
  const whole = Math.min(mostMs, firstMs * factor ** Math.min(failures - 1, MOST_COUNTED));
  return whole * (1 - random / 2);
}
