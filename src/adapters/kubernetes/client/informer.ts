import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../application/ports/log.ts';
import type { KubeClient } from './kube-client.ts';
import { hasStatus, KubeError } from './kube-error.ts';
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
  /** What is kept of an object; without it everything but `metadata.managedFields`. */
  readonly trim?: (object: T) => T;
  readonly log?: Log;
  /** The wait after the first failure in a row and the longest one, milliseconds. */
  readonly backoffMs?: { readonly base: number; readonly max: number };
  /** The shortest and the longest time before a watch is opened anew, seconds. */
  readonly watchSeconds?: { readonly min: number; readonly max: number };
}

/** A watch that ends sooner than this without having said anything is a failure, or it would be opened without end. */
const SHORT_WATCH_MS = 1_000;

/**
 * All objects of one kind as the API server has them now: lists them, then follows their changes, for ever.
 * Whatever breaks is tried again, with growing, jittered waits; what is known stays readable meanwhile.
 */
export class Informer<T extends KubeObject> {
  private readonly namespaces = new Map<string, Map<string, T>>();
  private readonly lists = new Map<string | undefined, readonly T[]>();
  private readonly listeners: InformerListener<T>[] = [];
  private readonly stopping = new AbortController();
  private readonly firstSync = Promise.withResolvers<void>();
  private running: Promise<void> | undefined;
  private isSynced = false;
  private failures = 0;

  constructor(
    private readonly client: KubeClient,
    private readonly resource: Resource,
    private readonly options: InformerOptions<T> = {},
  ) {
    this.firstSync.promise.catch(() => undefined);
  }

  start(): void {
    this.running ??= this.run();
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
      list = namespace === undefined
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

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let resourceVersion: string | undefined;
    while (!signal.aborted) {
      try {
        resourceVersion ??= await this.relist();
        for await (const version of this.follow(resourceVersion)) resourceVersion = version;
      } catch (error) {
        if (signal.aborted) return;
        const expired = hasStatus(error, 410);
        if (expired) resourceVersion = undefined;
        this.failures++;
        // Too old a resource version is the way of the world, and said only when it comes again at once.
        if (expired && this.failures === 1) continue;
        await this.wait(error);
      }
    }
  }

  /** Lists everything, tells of what differs from what was known, and returns the point in time to watch from. */
  private async relist(): Promise<string> {
    const { items, resourceVersion } = await this.client.listAll<T>(this.resource, this.options, this.stopping.signal, (object) => this.trimmed(object));
    const gone = new Set(this.list());
    for (const object of items) {
      const known = this.known(object);
      if (known !== undefined && known.metadata?.uid === object.metadata?.uid) gone.delete(known);
    }
    // First what is gone, so that an object made again under its name is told of as deleted, then as new.
    for (const object of gone) this.remove(object);
    for (const object of items) this.put(object);
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
    const begun = performance.now();
    let said = false;
    const events = this.client.watch<T>(this.resource, {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      resourceVersion,
      timeoutSeconds: Math.round(min + Math.random() * (max - min)),
      signal: this.stopping.signal,
    });
    for await (const { type, object } of events) {
      said = true;
      this.failures = 0;
      const version = object.metadata?.resourceVersion;
      if (type === 'ADDED' || type === 'MODIFIED') this.put(this.trimmed(object));
      else if (type === 'DELETED') this.remove(this.trimmed(object));
      if (version) yield version;
    }
    if (!said && performance.now() - begun < SHORT_WATCH_MS) {
      throw new KubeError(`watch ${this.resource.plural}: the API server ended it at once`, 0, 'NoAnswer');
    }
    this.failures = 0;
  }

  private put(object: T): void {
    const { name, namespace = '' } = object.metadata ?? {};
    if (!name) {
      this.options.log?.warn('an object without a name is left out', { kind: this.resource.kind, namespace });
      return;
    }
    const previous = this.namespaces.get(namespace)?.get(name);
    const remade = previous !== undefined && previous.metadata?.uid !== object.metadata?.uid;
    if (remade) this.remove(previous);
    else if (previous !== undefined && previous.metadata?.resourceVersion === object.metadata?.resourceVersion) return;
    let objects = this.namespaces.get(namespace);
    if (objects === undefined) this.namespaces.set(namespace, objects = new Map());
    objects.set(name, object);
    this.changedIn(namespace);
    for (const listener of this.listeners) this.tell(listener, object, () => listener.changed(object, remade ? undefined : previous));
  }

  private remove(last: T): void {
    const { name = '', namespace = '' } = last.metadata ?? {};
    const objects = this.namespaces.get(namespace);
    const known = objects?.get(name);
    if (objects === undefined || known === undefined) return;
    objects.delete(name);
    if (objects.size === 0) this.namespaces.delete(namespace);
    this.changedIn(namespace);
    const told = known.metadata?.uid === last.metadata?.uid ? last : known;
    for (const listener of this.listeners) this.tell(listener, told, () => listener.deleted(told));
  }

  private known(object: T): T | undefined {
    return this.get(object.metadata?.namespace, object.metadata?.name ?? '');
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
      this.options.log?.error('a listener failed', { kind: this.resource.kind, namespace, name, listener: listener.constructor.name, error });
    }
  }

  private trimmed(object: T): T {
    // Items of a list carry neither, the events of a watch both.
    const whole = object.kind === undefined ? { ...object, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind } : object;
    if (this.options.trim !== undefined) return this.options.trim(whole);
    if (whole.metadata?.managedFields === undefined) return whole;
    const { managedFields: _, ...metadata } = whole.metadata;
    return { ...whole, metadata };
  }

  private async wait(error: unknown): Promise<void> {
    const { base, max } = this.options.backoffMs ?? { base: 500, max: 30_000 };
    const asked = error instanceof KubeError ? error.retryAfterMs ?? 0 : 0;
    const waitMs = Math.max(Math.min(max, base * 2 ** Math.min(this.failures - 1, 20)) * (1 - Math.random() / 2), Math.min(asked, 60_000));
    this.options.log?.warn('the watch broke and is tried again', {
      resource: this.resource.plural,
      error: error instanceof Error ? error.message : String(error),
      failures: this.failures,
      waitMs: Math.round(waitMs),
    });
    await sleep(waitMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
