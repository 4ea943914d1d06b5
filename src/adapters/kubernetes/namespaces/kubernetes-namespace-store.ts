import { Injectable } from '@nestjs/common';
import { Log } from '../../../application/ports/log.ts';
import { type Namespace, type NamespaceListener, NamespaceStore } from '../../../application/ports/namespace-store.ts';
import { ANNOTATION_PREFIX } from '../../../domain/image/image.ts';
import { Informer } from '../client/informer.ts';
import { KubeClient } from '../client/kube-client.ts';
import { type KubeObject, NAMESPACES } from '../client/resource.ts';

/** The namespaces of the cluster by a watch; of each only its name and kimup's annotations are kept. */
@Injectable()
export class KubernetesNamespaceStore extends NamespaceStore {
  private readonly informer: Informer<KubeObject>;

  constructor(client: KubeClient, log: Log) {
    super();
    this.informer = new Informer<KubeObject>(client, NAMESPACES, { trim, log });
  }

  start(): void {
    this.informer.start();
  }

  stop(): Promise<void> {
    return this.informer.stop();
  }

  whenSynced(signal?: AbortSignal): Promise<void> {
    return this.informer.whenSynced(signal);
  }

  override annotations(name: string): Readonly<Record<string, string>> | undefined {
    const namespace = this.informer.get(undefined, name);
    return namespace === undefined ? undefined : (namespace.metadata?.annotations ?? {});
  }

  override list(): readonly Namespace[] {
    return this.informer.list().map(namespaceOf);
  }

  override staleForMs(): number {
    return this.informer.staleForMs();
  }

  override synced(): boolean {
    return this.informer.synced();
  }

  override subscribe(listener: NamespaceListener): void {
    this.informer.subscribe({
      changed: (now, previous) => {
        if (previous !== undefined && isSame(now.metadata?.annotations, previous.metadata?.annotations)) return;
        listener.changed(namespaceOf(now), previous && namespaceOf(previous));
      },
      deleted: (last) => {
        listener.deleted(namespaceOf(last));
      },
    });
  }
}

function trim({ apiVersion, kind, metadata = {} }: KubeObject): KubeObject {
  const { name, uid, resourceVersion } = metadata;
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(ANNOTATION_PREFIX)),
  );
  return { ...{ apiVersion, kind }, metadata: { ...{ name, uid, resourceVersion }, annotations } } as KubeObject;
}

function namespaceOf({ metadata }: KubeObject): Namespace {
  return { name: metadata?.name ?? '', annotations: metadata?.annotations ?? {} };
}

function isSame(a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
