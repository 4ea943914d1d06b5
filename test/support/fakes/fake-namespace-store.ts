import { isDeepStrictEqual } from 'node:util';
import {
  type Namespace,
  type NamespaceListener,
  NamespaceStore,
} from '../../../src/application/ports/namespace-store.ts';

/** Namespaces in memory. */
export class FakeNamespaceStore extends NamespaceStore {
  /** What {@link staleForMs} says. */
  downMs = 0;
  private readonly namespaces = new Map<string, Namespace>();
  private readonly listeners: NamespaceListener[] = [];
  private isSynced = true;

  /** Makes a namespace or changes its annotations, which are given without their prefix; tells nobody where they are the same. */
  put(name: string, says: { readonly enabled?: string; readonly 'failure-policy'?: string } = {}): Namespace {
    const previous = this.namespaces.get(name);
    const namespace = {
      name,
      annotations: Object.fromEntries(
        Object.entries(says).map(([key, value]) => [`kimup.cloudavenue.io/${key}`, value]),
      ),
    };
    this.namespaces.set(name, namespace);
    if (previous !== undefined && isDeepStrictEqual(previous.annotations, namespace.annotations)) return namespace;
    for (const listener of this.listeners) listener.changed(namespace, previous);
    return namespace;
  }

  delete(name: string): void {
    const namespace = this.namespaces.get(name);
    if (namespace === undefined) return;
    this.namespaces.delete(name);
    for (const listener of this.listeners) listener.deleted(namespace);
  }

  setSynced(synced: boolean): void {
    this.isSynced = synced;
  }

  override annotations(name: string): Readonly<Record<string, string>> | undefined {
    return this.namespaces.get(name)?.annotations;
  }

  override list(): readonly Namespace[] {
    return [...this.namespaces.values()];
  }

  override staleForMs(): number {
    return this.downMs;
  }

  override synced(): boolean {
    return this.isSynced;
  }

  override subscribe(listener: NamespaceListener): void {
    for (const namespace of this.namespaces.values()) listener.changed(namespace, undefined);
    this.listeners.push(listener);
  }
}
