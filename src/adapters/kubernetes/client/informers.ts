import type { Log } from '../../../application/ports/log.ts';
import { Informer, type InformerOptions } from './informer.ts';
import type { KubeClient } from './kube-client.ts';
import type { KubeObject, Resource } from './resource.ts';

/** All informers of a component: made here, so that they start, are waited for and stop as one. */
export class Informers {
  private readonly all: { readonly resource: Resource; readonly informer: Pick<Informer<KubeObject>, 'start' | 'stop' | 'synced' | 'whenSynced'> }[] = [];

  constructor(private readonly client: KubeClient, private readonly log: Log) {}

  /** Makes an informer. It starts with the others. */
  of<T extends KubeObject>(resource: Resource, options: InformerOptions<T> = {}): Informer<T> {
    const informer = new Informer<T>(this.client, resource, { log: this.log, ...options });
    this.all.push({ resource, informer });
    return informer;
  }

  start(): void {
    for (const { informer } of this.all) informer.start();
  }

  /** Whether each has seen everything once. */
  synced(): boolean {
    return this.missing().length === 0;
  }

  /** What has not been seen whole yet, as in `images`. */
  missing(): string[] {
    return this.all.filter(({ informer }) => !informer.synced()).map(({ resource }) => resource.plural);
  }

  /** Resolves once synced; rejects when `signal` aborts before. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.all.map(({ informer }) => informer.whenSynced(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map(({ informer }) => informer.stop()));
  }
}
