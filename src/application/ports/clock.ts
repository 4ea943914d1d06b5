/** The time, and waking up later. The one source of both for use cases, so that a test can hold it. */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract now(): number;

  /**
   * Calls `callback` once, `delayMs` milliseconds from now (at once for 0 or less, but never synchronously).
   * Any delay is allowed, also one above 2^31 ms. Returns what cancels it.
   */
  abstract after(delayMs: number, callback: () => void): () => void;
}
