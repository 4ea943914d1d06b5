import type { Log } from '../../../application/ports/log.ts';
import type { ObjectReader } from './object-reader.ts';
import { isNewer, versionOf } from './resource-version.ts';
import { type KubeObject, metadataOf } from './resource.ts';

/** Who is told of the changes of a store. */
export interface ObjectListener<T> {
  /** An object is new (`previous` is absent, also after it was deleted and made again) or has changed. */
  changed(now: T, previous: T | undefined): void;
  deleted(last: T): void;
}

/** The objects of one kind, by namespace and name. An object never goes back to an older version of itself. */
export class ObjectStore<T extends KubeObject> {
  private readonly namespaces = new Map<string, Map<string, T>>();
  /** The lists that were asked for since they changed last, by namespace; `undefined` for all objects. */
  private readonly lists = new Map<string | undefined, readonly T[]>();
  private readonly listeners: ObjectListener<T>[] = [];

  /** @param kind of the objects, for what is logged */
  constructor(
    private readonly reader: Pick<ObjectReader<T>, 'read'>,
    private readonly kind: string,
    private readonly log?: Log,
  ) {}

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
  subscribe(listener: ObjectListener<T>): void {
    for (const object of this.list()) this.tell(listener, object, () => listener.changed(object, undefined));
    this.listeners.push(listener);
  }

  /** What is kept of an object that came: the known one, where it did not change; `undefined` for one that can't be read. */
  read(raw: T): T | undefined {
    return this.unchanged(raw) ?? this.reader.read(raw);
  }

  /**
   * Makes the objects of a list, as {@link read} returned them, all that there is.
   * @param evenOlder where the list is older than what is known, and is believed all the same
   */
  replace(items: readonly T[], evenOlder: boolean): void {
    const gone = new Set(this.list());
    for (const object of items) {
      const known = this.known(object);
      if (known !== undefined && known.metadata?.uid === object.metadata?.uid) gone.delete(known);
    }
    // First what is gone, so that an object made again under its name is told of as deleted, then as new.
    for (const object of gone) this.remove(object);
    for (const object of items) this.put(object, evenOlder);
  }

  /** Takes in one change. An object that can't be read takes the one that is known with it: that is no longer the present state. */
  take(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: T): void {
    if (type !== 'DELETED' && this.unchanged(raw) !== undefined) return;
    const object = this.reader.read(raw);
    const known = object ?? this.known(raw);
    if (known === undefined) return;
    if (object !== undefined && type !== 'DELETED') this.put(object);
    else this.remove(known);
  }

  /** Takes in an object as it is now; it is read only if it is newer than the known one, of the same uid. */
  observe(raw: T): void {
    const known = this.known(raw);
    if (known === undefined || known.metadata?.uid !== raw.metadata?.uid || !isNewer(versionOf(raw), versionOf(known)))
      return;
    const object = this.reader.read(raw);
    if (object !== undefined) this.put(object);
  }

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
    const { namespace, name = '' } = metadataOf(object);
    return this.get(namespace, name);
  }

  /** What is known of an object, where that is the same version of it: what was written here comes by the watch too, and a list brings much that did not change. */
  private unchanged(raw: T): T | undefined {
    const known = this.known(raw);
    const version = versionOf(raw);
    return version !== undefined && known?.metadata?.uid === raw.metadata?.uid && versionOf(known!) === version
      ? known
      : undefined;
  }

  private changedIn(namespace: string): void {
    this.lists.delete(undefined);
    this.lists.delete(namespace);
  }

  private tell(listener: ObjectListener<T>, object: T, call: () => void): void {
    try {
      call();
    } catch (error) {
      const { namespace, name } = object.metadata ?? {};
      this.log?.error('a listener failed', {
        kind: this.kind,
        namespace,
        name,
        listener: listener.constructor.name,
        error,
      });
    }
  }
}
