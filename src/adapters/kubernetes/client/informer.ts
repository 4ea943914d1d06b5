import type { Clock } from '../../../application/ports/clock.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { KubeClient } from './kube-client.ts';
import { hasStatus, KubeError } from './kube-error.ts';
import { MonotonicClock } from '../../clock/monotonic-clock.ts';
import { isNewer } from './resource-version.ts';
import { apiVersionOf, type KubeObject, type Resource } from './resource.ts';

export interface InformerListener<T> {
  /** An object is new (`previous` is absent, also after it was deleted and made again) or has changed. */
  changed(now: T, previous: T | undefined): void;
  deleted(last: T): void;
}

export interface InformerOptions<T> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What is kept of an object; without it everything but `metadata.managedFields`. An object that it throws for is left out. */
  readonly trim?: (object: T) => T;
  readonly log?: Log;
  /** The wait after the first failure in a row and the longest one, milliseconds. */
  readonly backoffMs?: { readonly base: number; readonly max: number };
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

/** What an informer asks the API server. */
export type ListAndWatch = Pick<KubeClient, 'listAll' | 'watch'>;

/** A watch that ends sooner than this without having said anything is a failure, or it would be opened without end. */
const SHORT_WATCH_MS = 1_000;
/**
 * A list that is older than what was seen already comes from a replica that is behind, and is asked for again this often. Then it
 * is believed: the cluster was restored from a backup.
 */
const OLD_LISTS = 3;
/** After so many silent watches in a row all is listed anew: an API server that was restored from a backup has nothing to tell after a point in time that it has not reached. */
const SILENT_WATCHES = 4;

/** A list or a watch tells of a time before what was seen already. */
class OldNews extends Error {}

/**
 * All objects of one kind as the API server has them now: lists them, then follows their changes, for ever.
 * Whatever breaks is tried again, with growing, jittered waits; what is known stays readable meanwhile. An object never goes
 * back to an older version of itself.
 */
export class Informer<T extends KubeObject> {
  private readonly namespaces = new Map<string, Map<string, T>>();
  private readonly lists = new Map<string | undefined, readonly T[]>();
  private readonly listeners: InformerListener<T>[] = [];
  private readonly stopping = new AbortController();
  private readonly firstSync = Promise.withResolvers<void>();
  private readonly clock: Clock;
  private readonly random: () => number;
  private running: Promise<void> | undefined;
  private isSynced = false;
  private failures = 0;
  /** Since when the API server's changes do not come through; `undefined` while they do. */
  private downSince: number | undefined;
  /** Since when they might not have, for a watch that said nothing for too long. */
  private suspectSince: number | undefined;
  private silences = 0;
  /** When the API server last said anything. */
  private heardAt = 0;
  /** How far the changes were followed. */
  private seenVersion: string | undefined;
  private oldLists = 0;
  /** The objects that were said to be broken, by namespace and name, and at which version. */
  private readonly broken = new Map<string, string>();

  constructor(
    private readonly client: ListAndWatch,
    private readonly resource: Resource,
    private readonly options: InformerOptions<T> = {},
  ) {
    this.clock = options.clock ?? new MonotonicClock();
    this.random = options.random ?? Math.random;
    this.firstSync.promise.catch(() => undefined);
  }

  start(): void {
    if (this.running !== undefined) return;
    this.heardAt = this.downSince = this.clock.now();
    this.running = this.run();
  }

  /** Ends the watch for good. What is known stays readable. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.firstSync.reject(new KubeError(`watch ${this.resource.plural}: stopped`, 0, 'Aborted'));
    await this.running;
  }

  /** Whether every object was seen once, and every listener told of it. Stays true when the watch breaks. */
  synced(): boolean {
    return this.isSynced;
  }

  /** For how long the API server's changes have not come through, milliseconds; 0 while they do, and before the start. */
  staleForMs(): number {
    return this.downSince === undefined ? 0 : Math.max(0, this.clock.now() - this.downSince);
  }

  /** Resolves once synced; rejects when `signal` aborts or the informer is stopped before. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.isSynced) return;
    signal?.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([this.firstSync.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.namespaces.get(namespace ?? '')?.get(name);
  }

  /** Those of one namespace, or all. A snapshot: it does not change afterwards. */
  list(namespace?: string): readonly T[] {
    let list = this.lists.get(namespace);
    if (list === undefined) {
      list =
        namespace === undefined
          ? [...this.namespaces.values()].flatMap((objects) => [...objects.values()])
          : [...(this.namespaces.get(namespace)?.values() ?? [])];
      this.lists.set(namespace, list);
    }
    return list;
  }

  /** Tells `listener` of all that is there, at once, then of every change. One that throws is logged and misses nothing else. */
  subscribe(listener: InformerListener<T>): void {
    for (const object of this.list()) this.tell(listener, object, () => listener.changed(object, undefined));
    this.listeners.push(listener);
  }

  /**
   * Takes in what the API server answered to a write or a read of one object, so that nobody decides on an older state of it
   * until the watch has come that far. What is not known, is of another uid, or is not newer changes nothing.
   */
  observe(answer: T): void {
    const known = this.known(answer);
    if (
      known === undefined ||
      known.metadata?.uid !== answer.metadata?.uid ||
      !isNewer(versionOf(answer), versionOf(known))
    )
      return;
    const object = this.trimmed(answer);
    if (object !== undefined) this.put(object);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let resourceVersion: string | undefined;
    let expiredBefore = false;
    while (!signal.aborted) {
      try {
        resourceVersion ??= await this.relist();
        for await (const version of this.follow(resourceVersion)) {
          resourceVersion = version;
          expiredBefore = false;
        }
        if (this.silences >= SILENT_WATCHES) {
          this.silences = 0;
          resourceVersion = undefined;
        }
      } catch (error) {
        if (signal.aborted) return;
        this.downSince ??= this.suspectSince ?? this.clock.now();
        const expired = hasStatus(error, 410);
        // What a watch can't be read from would come again from the same point in time.
        if (expired || error instanceof OldNews || (error instanceof KubeError && error.reason === 'Unreadable'))
          resourceVersion = undefined;
        this.failures++;
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

  /** Lists everything, tells of what differs from what was known, and returns the point in time to watch from. */
  private async relist(): Promise<string> {
    const listed = await this.client.listAll<T>(
      this.resource,
      this.options,
      this.stopping.signal,
      (object) => (this.seen(object) ?? this.trimmed(object)) as T,
    );
    const { resourceVersion } = listed;
    const items = listed.items.filter((object) => object !== undefined);
    this.heardAt = this.clock.now();
    const rolledBack = isNewer(this.seenVersion, resourceVersion);
    if (rolledBack && this.oldLists < OLD_LISTS) {
      this.oldLists++;
      throw new OldNews(
        `list ${this.resource.plural}: the answer is of ${resourceVersion}, but ${this.seenVersion} was seen already`,
      );
    }
    if (rolledBack)
      this.options.log?.warn(
        'the API server stays behind what was seen already and is believed: was it restored from a backup?',
        { resource: this.resource.plural, resourceVersion, seen: this.seenVersion },
      );
    this.oldLists = 0;
    this.seenVersion = resourceVersion;
    const gone = new Set(this.list());
    for (const object of items) {
      const known = this.known(object);
      if (known !== undefined && known.metadata?.uid === object.metadata?.uid) gone.delete(known);
    }
    // First what is gone, so that an object made again under its name is told of as deleted, then as new.
    for (const object of gone) this.remove(object);
    for (const object of items) this.put(object, rolledBack);
    if (!this.isSynced) {
      this.isSynced = true;
      this.firstSync.resolve();
    }
    return resourceVersion;
  }

  /** Follows the changes, and yields how far it has come, until the watch ends. */
  private async *follow(resourceVersion: string): AsyncGenerator<string> {
    const { min, max } = this.options.watchSeconds ?? { min: 300, max: 600 };
    const { namespace, labelSelector, fieldSelector } = this.options;
    const begun = this.clock.now();
    let opened = false;
    let said = false;
    let at = resourceVersion;
    const ending = this.endWhenSilent();
    const settled = this.upAfter(SHORT_WATCH_MS);
    try {
      const events = this.client.watch<T>(this.resource, {
        ...(namespace === undefined ? {} : { namespace }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
        resourceVersion,
        timeoutSeconds: Math.round(min + this.random() * (max - min)),
        signal: ending.signal,
        opened: () => {
          opened = true;
          this.heardAt = this.clock.now();
          settled.arm();
        },
      });
      for await (const { type, object } of events) {
        said = true;
        this.heardAt = this.clock.now();
        this.silences = 0;
        this.up();
        this.failures = 0;
        const version = versionOf(object);
        if (isNewer(at, version))
          throw new OldNews(`watch ${this.resource.plural}: ${type} tells of ${version} after ${at}`);
        if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') this.take(type, object);
        if (version === undefined) continue;
        at = this.seenVersion = version;
        yield version;
      }
    } catch (error) {
      if (!ending.silent()) throw error;
      if (!opened)
        throw new KubeError(`watch ${this.resource.plural}: the API server did not answer`, 0, 'Timeout', undefined, {
          cause: error,
        });
      // Not a failure yet: an API server may have nothing to say. If the watch can't be opened anew, it was deaf since it was last heard.
      this.options.log?.debug('the watch said nothing for too long and is opened anew', {
        resource: this.resource.plural,
        silentMs: Math.round(this.clock.now() - this.heardAt),
      });
      this.suspectSince ??= this.heardAt;
      this.silences++;
      return;
    } finally {
      ending.done();
      settled.cancel();
    }
    if (!said && this.clock.now() - begun < SHORT_WATCH_MS) {
      throw new KubeError(`watch ${this.resource.plural}: the API server ended it at once`, 0, 'NoAnswer');
    }
    this.up();
    this.failures = 0;
  }

  /** One change of the watch. An object that can't be read takes the one that is known with it: that is no longer the present state. */
  private take(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: T): void {
    if (type !== 'DELETED' && this.seen(raw) !== undefined) return;
    const object = this.trimmed(raw);
    const known = object ?? (isObject(raw) ? this.known(raw) : undefined);
    if (known === undefined) return;
    if (object !== undefined && type !== 'DELETED') this.put(object);
    else this.remove(known);
  }

  /** A signal for a watch: aborts when this informer stops, or when nothing was heard for too long. */
  private endWhenSilent(): { readonly signal: AbortSignal; silent(): boolean; done(): void } {
    const { min, max } = this.options.silenceMs ?? { min: 75_000, max: 90_000 };
    const longest = min + this.random() * (max - min);
    const ending = new AbortController();
    const stop = (): void => ending.abort(this.stopping.signal.reason);
    if (this.stopping.signal.aborted) stop();
    else this.stopping.signal.addEventListener('abort', stop, { once: true });
    let silent = false;
    let heard = this.clock.now();
    let cancel = (): void => undefined;
    // One timer a watch, that looks when the last word was, not one a word.
    const arm = (): void => {
      heard = Math.max(heard, this.heardAt);
      cancel = this.clock.after(Math.max(1, heard + longest - this.clock.now()), () => {
        if (Math.max(heard, this.heardAt) + longest > this.clock.now()) return arm();
        silent = true;
        ending.abort(new Error('nothing was heard for too long'));
      });
    };
    arm();
    return {
      signal: ending.signal,
      silent: () => silent && !this.stopping.signal.aborted,
      done: () => {
        cancel();
        this.stopping.signal.removeEventListener('abort', stop);
      },
    };
  }

  /** A watch that stays open for that long without a word is one. */
  private upAfter(ms: number): { arm(): void; cancel(): void } {
    let cancel = (): void => undefined;
    return {
      arm: () => {
        cancel = this.clock.after(ms, () => this.up());
      },
      cancel: () => cancel(),
    };
  }

  private up(): void {
    this.suspectSince = undefined;
    if (this.downSince === undefined) return;
    const downSeconds = Math.round(this.staleForMs() / 1_000);
    this.downSince = undefined;
    if (downSeconds > 0 && this.failures > 0)
      this.options.log?.info('the watch is back', { resource: this.resource.plural, downSeconds });
  }

  /** @param evenOlder where the present state is an older one than that which was known */
  private put(object: T, evenOlder = false): void {
    const { name = '', namespace = '' } = object.metadata ?? {};
    const previous = this.namespaces.get(namespace)?.get(name);
    const remade = previous !== undefined && previous.metadata?.uid !== object.metadata?.uid;
    if (remade) this.remove(previous);
    else if (
      previous !== undefined &&
      (versionOf(previous) === versionOf(object) || (!evenOlder && isNewer(versionOf(previous), versionOf(object))))
    )
      return;
    let objects = this.namespaces.get(namespace);
    if (objects === undefined) this.namespaces.set(namespace, (objects = new Map()));
    objects.set(name, object);
    this.changedIn(namespace);
    for (const listener of this.listeners)
      this.tell(listener, object, () => listener.changed(object, remade ? undefined : previous));
  }

  private remove(last: T): void {
    const { name = '', namespace = '' } = last.metadata ?? {};
    const objects = this.namespaces.get(namespace);
    const known = objects?.get(name);
    if (objects === undefined || known === undefined) return;
    // The end of one that was made again since.
    if (known.metadata?.uid !== last.metadata?.uid && isNewer(versionOf(known), versionOf(last))) return;
    objects.delete(name);
    if (objects.size === 0) this.namespaces.delete(namespace);
    this.changedIn(namespace);
    const told = known.metadata?.uid === last.metadata?.uid ? last : known;
    for (const listener of this.listeners) this.tell(listener, told, () => listener.deleted(told));
  }

  private known(object: T): T | undefined {
    return this.get(object.metadata?.namespace, object.metadata?.name ?? '');
  }

  /** What is known of an object, where that is the same version of it: what was written here comes by the watch too, and a list brings much that did not change. */
  private seen(raw: T): T | undefined {
    const known = isObject(raw) ? this.known(raw) : undefined;
    const version = versionOf(raw);
    return version !== undefined && known?.metadata?.uid === raw.metadata?.uid && versionOf(known!) === version
      ? known
      : undefined;
  }

  private changedIn(namespace: string): void {
    this.lists.delete(undefined);
    this.lists.delete(namespace);
  }

  private tell(listener: InformerListener<T>, object: T, call: () => void): void {
    try {
      call();
    } catch (error) {
      const { namespace, name } = object.metadata ?? {};
      this.options.log?.error('a listener failed', {
        kind: this.resource.kind,
        namespace,
        name,
        listener: listener.constructor.name,
        error,
      });
    }
  }

  /** What is kept of an object; `undefined` for one that can't be read, which is said once for each version of it. */
  private trimmed(object: T): T | undefined {
    try {
      if (!isObject(object)) throw new TypeError('it is no object');
      const { name, namespace } = object.metadata ?? {};
      if (typeof name !== 'string' || name === '' || (namespace !== undefined && typeof namespace !== 'string'))
        throw new TypeError('it has no name');
      // Items of a list carry neither, the events of a watch both.
      const whole =
        object.kind === undefined
          ? { ...object, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind }
          : object;
      const kept = this.options.trim === undefined ? withoutManagedFields(whole) : this.options.trim(whole);
      if (this.broken.size > 0) this.broken.delete(brokenKey(object));
      return kept;
    } catch (error) {
      this.leftOut(object, error);
      return undefined;
    }
  }

  private leftOut(object: T, error: unknown): void {
    const key = brokenKey(object);
    const version = (isObject(object) ? versionOf(object) : undefined) ?? '';
    if (version !== '' && this.broken.get(key) === version) return;
    if (this.broken.size >= MAX_BROKEN) this.broken.clear();
    this.broken.set(key, version);
    this.options.log?.warn("an object can't be read and is left out", {
      kind: this.resource.kind,
      object: key,
      problem: error instanceof Error ? error.message : String(error),
    });
  }

  private async wait(error: unknown): Promise<void> {
    const { base, max } = this.options.backoffMs ?? { base: 500, max: 8_000 };
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(
      Math.min(max, base * 2 ** Math.min(this.failures - 1, 20)) * (1 - this.random() / 2),
      Math.min(asked, 60_000),
    );
    this.options.log?.warn(
      this.isSynced
        ? 'the watch broke and is tried again; what is known may be behind meanwhile'
        : 'the watch broke and is tried again',
      {
        resource: this.resource.plural,
        error: error instanceof Error ? error.message : String(error),
        failures: this.failures,
        downSeconds: Math.round(this.staleForMs() / 1_000),
        waitMs: Math.round(waitMs),
      },
    );
    await this.sleep(waitMs);
  }

  private async sleep(ms: number): Promise<void> {
    const { signal } = this.stopping;
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.after(ms, resolve);
    const stop = (): void => resolve();
    signal.addEventListener('abort', stop, { once: true });
    await promise;
    signal.removeEventListener('abort', stop);
    cancel();
  }
}

/** How many broken objects are remembered as said. */
const MAX_BROKEN = 1_000;

function versionOf(object: KubeObject): string | undefined {
  const version = isObject(object) ? object.metadata?.resourceVersion : undefined;
  return typeof version === 'string' && version !== '' ? version : undefined;
}

function brokenKey(object: KubeObject): string {
  const { namespace, name } = (isObject(object) ? object.metadata : undefined) ?? {};
  return namespace === undefined ? String(name ?? '') : `${namespace}/${name}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
