/** Somebody who changes the configuration back time and again is not fought at full speed. Milliseconds. */
const PUT_BACK_MS = { first: 100, most: 30_000, forgottenAfter: 60_000 };

/** How fast something is put back that others change: waits that double, until it has been left alone for a minute. */
export class PutBackPace {
  private times = 0;
  private lastAt = 0;

  /** How long the next putting back has to wait yet. @param now milliseconds since the epoch */
  waitMs(now: number): number {
    const since = now - this.lastAt;
    if (since > PUT_BACK_MS.forgottenAfter) this.times = 0;
    return this.times === 0 ? 0 : Math.max(0, Math.min(PUT_BACK_MS.most, PUT_BACK_MS.first * 2 ** this.times) - since);
  }

  /** It was put back at `now`: how many times in a row. */
  putBack(now: number): number {
    this.lastAt = now;
    return ++this.times;
  }
}
