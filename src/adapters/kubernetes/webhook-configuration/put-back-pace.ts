import { backoffMs } from '../../../support/backoff.ts';

/** Somebody who changes the configuration back time and again is not fought at full speed. */
const PUT_BACK = { firstMs: 200, mostMs: 30_000 };
/** After so long without another change they begin anew. Milliseconds. */
const FORGOTTEN_AFTER_MS = 60_000;

/** How fast something is put back that others change: waits that double, until it has been left alone for a minute. */
export class PutBackPace {
  private times = 0;
  private lastAt = 0;

  /** How long the next putting back has to wait yet. @param now milliseconds since the epoch */
  waitMs(now: number): number {
    const since = now - this.lastAt;
    if (since > FORGOTTEN_AFTER_MS) this.times = 0;
    return this.times === 0 ? 0 : Math.max(0, backoffMs(PUT_BACK, this.times) - since);
  }

  /** It was put back at `now`: how many times in a row. */
  putBack(now: number): number {
    this.lastAt = now;
    return ++this.times;
  }
}
