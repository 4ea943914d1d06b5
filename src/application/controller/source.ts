/** How a key is asked for. */
export interface Asked {
  /** Before the keys that are not urgent. */
  readonly urgent?: boolean;
  /** In that many milliseconds, together with all that is asked for until then; at once without it. Never urgent. */
  readonly afterMs?: number;
}

/** Asks for work on a key. */
export type Enqueue = (key: string, asked?: Asked) => void;

/** What tells a controller on which keys there is work. */
export interface Source {
  /** Tells of every key that there may be work on, then of each that something changes for. Called again after `stop`. */
  start(enqueue: Enqueue): void;
  /** Tells of nothing any more. */
  stop(): void;
}

/** A listener that is called only while the source is started. */
export type WhileStarted = <T extends readonly unknown[]>(listener: (...args: T) => void) => (...args: T) => void;

export interface SubscriptionOptions {
  /**
   * Subscribes to whatever the keys follow from. Called once, at the first start: nobody can be unsubscribed from. A listener
   * that computes keys is wrapped in `whileStarted`: a replica that stands by does not compute what nobody takes.
   */
  readonly subscribe: (enqueue: Enqueue, whileStarted: WhileStarted) => void;
  /** Every key, told of at each start: what changed while another replica led was told to nobody. */
  readonly keys?: () => Iterable<string>;
}

/** A source that subscribes once, and passes on what it is told while it is started. */
export class Subscription implements Source {
  private enqueue: Enqueue | undefined;
  private subscribed = false;

  constructor(private readonly options: SubscriptionOptions) {}

  start(enqueue: Enqueue): void {
    this.enqueue = enqueue;
    if (!this.subscribed) {
      this.subscribed = true;
      this.options.subscribe(
        (key, asked) => this.enqueue?.(key, asked),
        (listener) =>
          (...args) => {
            if (this.enqueue !== undefined) listener(...args);
          },
      );
    }
    for (const key of this.options.keys?.() ?? []) enqueue(key);
  }

  stop(): void {
    this.enqueue = undefined;
  }
}
