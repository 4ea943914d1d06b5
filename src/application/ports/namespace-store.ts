/** A namespace as far as kimup cares. */
export interface Namespace {
  readonly name: string;
  /** Its annotations under `kimup.cloudavenue.io/`, by their whole key. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface NamespaceListener {
  /** A namespace is new (also after it was deleted and made again: {@link deleted} comes first), or its annotations changed. */
  changed(namespace: Namespace, previous: Namespace | undefined): void;
  deleted(namespace: Namespace): void;
}

/** The namespaces of the cluster. Reading never asks the API server: it shows the present state as the watch brought it. */
export abstract class NamespaceStore {
  /** The annotations of the namespace `name`, `undefined` when it is not there. */
  abstract annotations(name: string): Readonly<Record<string, string>> | undefined;
  /** All of them, in any order. */
  abstract list(): readonly Namespace[];
  /** Whether every namespace was seen at least once. */
  abstract synced(): boolean;
  /** For how long changes have not come through, milliseconds; 0 while they do. What is read meanwhile may be old. */
  abstract staleForMs(): number;
  /** Tells of all present namespaces first, then of every change. */
  abstract subscribe(listener: NamespaceListener): void;
}
