import { unlessAborted } from './abort.ts';
import { KubeError } from './kube-error.ts';
import { ObjectReader } from './object-reader.ts';
import { ObjectStore, type ObjectListener } from './object-store.ts';
import { Reflector, type ListAndWatch, type ReflectorOptions } from './reflector.ts';
import type { KubeObject, Resource } from './resource.ts';

export interface InformerOptions<T> extends ReflectorOptions {
  /** What is kept of an object; without it everything but `metadata.managedFields`. An object that it throws for is left out. */
  readonly trim?: (object: T) => T;
}

/**
 * All objects of one kind as the API server has them now: a {@link Reflector} that lists and watches, into an
 * {@link ObjectStore} that is read and tells of changes. What is known stays readable whatever breaks.
 */
export class Informer<T extends KubeObject> {
  private readonly store: ObjectStore<T>;
  private readonly reflector: Reflector<T>;
  private readonly firstSync = Promise.withResolvers<void>();
  private isSynced = false;

  constructor(
    client: ListAndWatch,
    private readonly resource: Resource,
    options: InformerOptions<T> = {},
  ) {
    this.store = new ObjectStore(new ObjectReader<T>(resource, options.trim, options.log), resource.kind, options.log);
    this.reflector = new Reflector<T>(client, resource, this.store, options, () => {
      this.isSynced = true;
      this.firstSync.resolve();
    });
    this.firstSync.promise.catch(() => undefined);
  }

  start(): void {
    this.reflector.start();
  }

  /** Ends the watch for good. What is known stays readable. */
  async stop(): Promise<void> {
    this.firstSync.reject(new KubeError(`watch ${this.resource.plural}: stopped`, 0, 'Aborted'));
    await this.reflector.stop();
  }

  /** Whether every object was seen once, and every listener told of it. Stays true when the watch breaks. */
  synced(): boolean {
    return this.isSynced;
  }

  /** For how long the API server's changes have not come through, milliseconds; 0 while they do, and before the start. */
  staleForMs(): number {
    return this.reflector.staleForMs();
  }

  /** Resolves once synced; rejects when `signal` aborts or the informer is stopped before. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.isSynced) return;
    const { promise } = this.firstSync;
    await (signal === undefined ? promise : unlessAborted(signal, promise));
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.store.get(namespace, name);
  }

  /** Those of one namespace, or all. A snapshot: it does not change afterwards. */
  list(namespace?: string): readonly T[] {
    return this.store.list(namespace);
  }

  /** Tells `listener` of all that is there, at once, then of every change. One that throws is logged and misses nothing else. */
  subscribe(listener: ObjectListener<T>): void {
    this.store.subscribe(listener);
  }

  /**
   * Takes in what the API server answered to a write or a read of one object, so that nobody decides on an older state of it
   * until the watch has come that far. What is not known, is of another uid, or is not newer changes nothing.
   */
  observe(answer: T): void {
    this.store.observe(answer);
  }
}
