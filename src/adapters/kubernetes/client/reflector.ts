import type { Clock } from '../../../application/ports/clock.ts';
import type { Log } from '../../../application/ports/log.ts';
import { MonotonicClock } from '../../clock/monotonic-clock.ts';
import { unlessAborted } from './abort.ts';
import type { KubeClient } from './kube-client.ts';
import { hasStatus, KubeError } from './kube-error.ts';
import type { WatchEvent } from './kube-watch.ts';
import type { ObjectStore } from './object-store.ts';
import { isNewer, versionOf } from './resource-version.ts';
import type { KubeObject, Resource, Selection } from './resource.ts';
import { SilenceWatchdog } from './silence-watchdog.ts';
import { WatchHealth } from './watch-health.ts';
import { type Backoff, backoffMs } from '../../../support/backoff.ts';

/** What a reflector asks the API server. */
export type ListAndWatch = Pick<KubeClient, 'listAll' | 'watch'>;

export interface ReflectorOptions extends Selection {
  readonly log?: Log;
  /** How long to wait after failures in a row. */
  readonly backoff?: Backoff;
  /** The shortest and the longest time before a watch is opened anew, seconds. */
  readonly watchSeconds?: { readonly min: number; readonly max: number };
  /**
   * The shortest and the longest time without a word, milliseconds, after which a watch counts as deaf and is opened anew.
   * The API server sends a bookmark about every minute, also where nothing changes.
   */
  readonly silenceMs?: { readonly min: number; readonly max: number };
  /** One that nobody sets, see {@link MonotonicClock}. */
  readonly clock?: Clock;
  /** A number in [0, 1) for the jitter. */
  readonly random?: () => number;
}

const BACKOFF: Backoff = { firstMs: 500, mostMs: 8_000 };
/** A watch that ends sooner than this without having said anything is a failure, or it would be opened without end. */
const SHORT_WATCH_MS = 1_000;
/**
 * A list that is older than what was seen already comes from a replica that is behind, and is asked for again this often. Then it
 * is believed: the cluster was restored from a backup.
 */
const OLD_LISTS = 3;

/** A list or a watch tells of a time before what was seen already. */
class OldNews extends Error {}

/**
 * Keeps a store as the API server has the objects of one kind now: lists them, then follows their changes, for ever.
 * Whatever breaks is tried again, with growing, jittered waits.
 */
export class Reflector<T extends KubeObject> {
  private readonly stopping = new AbortController();
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly health: WatchHealth;
  private running: Promise<void> | undefined;
  /** How far the changes were followed; `undefined` before the first list. */
  private seenVersion: string | undefined;
  private oldLists = 0;

  /** @param listed told after each list that was taken in */
  constructor(
    private readonly client: ListAndWatch,
    private readonly resource: Resource,
    private readonly store: Pick<ObjectStore<T>, 'read' | 'replace' | 'take'>,
    private readonly options: ReflectorOptions,
    private readonly listed: () => void,
  ) {
    this.clock = options.clock ?? new MonotonicClock();
    this.random = options.random ?? Math.random;
    this.health = new WatchHealth(this.clock, (downSeconds) =>
      options.log?.info('the watch works again', { resource: resource.plural, downSeconds }),
    );
  }

  start(): void {
    if (this.running !== undefined) return;
    this.health.begin();
    this.running = this.run();
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** For how long the API server's changes have not come through, milliseconds; 0 while they do, and before the start. */
  staleForMs(): number {
    return this.health.staleForMs();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let resourceVersion: string | undefined;
    let expiredBefore = false;
    while (!signal.aborted) {
      try {
        resourceVersion ??= await this.list();
        for await (const version of this.follow(resourceVersion)) {
          resourceVersion = version;
          expiredBefore = false;
        }
        if (this.health.tooSilent()) resourceVersion = undefined;
      } catch (error) {
        if (signal.aborted) return;
        this.health.failed();
        const expired = hasStatus(error, 410);
        // What a watch can't be read from would come again from the same point in time.
        if (expired || error instanceof OldNews || (error instanceof KubeError && error.reason === 'Unreadable'))
          resourceVersion = undefined;
        // Too old a resource version is the way of the world, also after an outage: the API server answers, so that there is
        // nothing to wait for. It is said, and waited for, only when a new list expires at once.
        if (expired && !expiredBefore) {
          expiredBefore = true;
          continue;
        }
        await this.wait(error);
      }
    }
  }

  /** Lists everything into the store, and returns the point in time to watch from. */
  private async list(): Promise<string> {
    const { items, resourceVersion } = await this.client.listAll<T>(
      this.resource,
      this.options,
      this.stopping.signal,
      (object) => this.store.read(object) as T,
    );
    const older = isNewer(this.seenVersion, resourceVersion);
    if (older) this.insistOn(resourceVersion);
    this.oldLists = 0;
    this.seenVersion = resourceVersion;
    this.store.replace(
      items.filter((object) => object !== undefined),
      older,
    );
    this.listed();
    return resourceVersion;
  }

  /** A list is older than what was seen already. @throws OldNews until the API server has insisted on it */
  private insistOn(resourceVersion: string): void {
    if (this.oldLists < OLD_LISTS) {
      this.oldLists++;
      throw new OldNews(
        `list ${this.resource.plural}: the response has resourceVersion ${resourceVersion}, older than ${this.seenVersion}, which was seen before`,
      );
    }
    this.options.log?.warn(
      'the API server keeps returning an older state than seen before; accepting it (was it restored from a backup?)',
      { resource: this.resource.plural, resourceVersion, seen: this.seenVersion },
    );
  }

  /** Follows the changes, and yields how far it has come, until the watch ends. */
  private async *follow(resourceVersion: string): AsyncGenerator<string> {
    const begun = this.clock.now();
    const silenceMs = this.within(this.options.silenceMs ?? { min: 75_000, max: 90_000 });
    using watchdog = new SilenceWatchdog(this.clock, silenceMs, this.stopping.signal);
    using opening = this.opening(watchdog);
    let said = false;
    let at = resourceVersion;
    try {
      for await (const event of this.watch(resourceVersion, watchdog.signal, opening.opened)) {
        said = true;
        watchdog.heard();
        this.health.heard();
        const version = this.take(event, at);
        if (version === undefined) continue;
        at = this.seenVersion = version;
        yield version;
      }
    } catch (error) {
      if (!watchdog.endedIt()) throw error;
      if (!opening.isOpen()) throw this.failure('the API server did not respond', 'Timeout', error);
      return this.silentSince(watchdog.lastHeardAt());
    }
    if (!said && this.clock.now() - begun < SHORT_WATCH_MS)
      throw this.failure('the API server ended it at once', 'NoAnswer');
    this.health.worked();
  }

  private watch(resourceVersion: string, signal: AbortSignal, opened: () => void): AsyncIterable<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector } = this.options;
    return this.client.watch<T>(this.resource, {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      resourceVersion,
      timeoutSeconds: Math.round(this.within(this.options.watchSeconds ?? { min: 300, max: 600 })),
      signal,
      opened,
    });
  }

  /** Whether the API server has taken a watch up. One that stays open for a while without a word works too. */
  private opening(watchdog: SilenceWatchdog): Disposable & { opened(): void; isOpen(): boolean } {
    let cancel: (() => void) | undefined;
    return {
      opened: () => {
        watchdog.heard();
        cancel = this.clock.after(SHORT_WATCH_MS, () => this.health.open());
      },
      isOpen: () => cancel !== undefined,
      [Symbol.dispose]: () => cancel?.(),
    };
  }

  /** Puts one event of a watch into the store, and returns its resource version. @param at how far the watch has come */
  private take({ type, object }: WatchEvent<T>, at: string): string | undefined {
    const version = versionOf(object);
    if (isNewer(at, version))
      throw new OldNews(`watch ${this.resource.plural}: ${type} event has resourceVersion ${version} after ${at}`);
    if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') this.store.take(type, object);
    return version;
  }

  /** A watch said nothing for too long. If it can't be opened anew, it was deaf since it was last heard. */
  private silentSince(since: number): void {
    this.options.log?.debug('no watch events for too long, reopening the watch', {
      resource: this.resource.plural,
      silentMs: Math.round(this.clock.now() - since),
    });
    this.health.silent(since);
  }

  private failure(problem: string, reason: string, cause?: unknown): KubeError {
    const message = `watch ${this.resource.plural}: ${problem}`;
    return new KubeError(message, 0, reason, undefined, cause === undefined ? {} : { cause });
  }

  private within({ min, max }: { readonly min: number; readonly max: number }): number {
    return min + this.random() * (max - min);
  }

  private async wait(error: unknown): Promise<void> {
    const failures = this.health.failures();
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(
      backoffMs(this.options.backoff ?? BACKOFF, failures, this.random()),
      Math.min(asked, 60_000),
    );
    this.options.log?.warn(
      this.seenVersion === undefined
        ? 'the watch failed, retrying'
        : 'the watch failed, retrying; the cache may be out of date until then',
      {
        resource: this.resource.plural,
        error: error instanceof Error ? error.message : String(error),
        failures,
        downSeconds: Math.round(this.staleForMs() / 1_000),
        waitMs: Math.round(waitMs),
      },
    );
    await this.sleep(waitMs);
  }

  private async sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(ms, resolve);
    await unlessAborted(this.stopping.signal, promise).catch(() => undefined);
    cancel();
  }
}
