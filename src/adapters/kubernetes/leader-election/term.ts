import type { AbortSignalLike } from '../../../application/ports/tag-registry.ts';

/** One term of leading: its work, until that ends by itself or is told to. Dispose of it when the work has ended. */
export class Term implements Disposable {
  /** Settles as the work does. */
  readonly work: Promise<void>;
  private readonly ending = new AbortController();
  private readonly over = new AbortController();
  private ended = false;
  private readonly endWithStop = (): void => this.end();

  /**
   * Begins the work at once.
   * @param lead the work; its signal aborts when the term ends
   * @param stop ends the term
   */
  constructor(
    lead: (signal: AbortSignalLike) => Promise<void>,
    private readonly stop: AbortSignal,
  ) {
    stop.addEventListener('abort', this.endWithStop, { once: true });
    if (stop.aborted) this.end();
    this.work = (async () => lead(this.ending.signal))().finally(() => {
      this.ended = true;
      this.over.abort();
    });
    // Awaited by who leads, later; until then it must not count as unhandled.
    this.work.catch(() => undefined);
  }

  /** Tells the work to end. */
  end(): void {
    this.ending.abort();
  }

  /** The lead is lost: the work is told to end, and nothing is left to renew. */
  lapse(): void {
    this.ending.abort();
    this.over.abort();
  }

  /** Whether the work has ended. */
  hasEnded(): boolean {
    return this.ended;
  }

  /** Aborts when there is nothing left to renew. */
  get overSignal(): AbortSignal {
    return this.over.signal;
  }

  [Symbol.dispose](): void {
    this.stop.removeEventListener('abort', this.endWithStop);
  }
}
