import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Readiness } from '../../../application/health/readiness.ts';
import { Log } from '../../../application/ports/log.ts';
import { Metrics } from '../../../application/ports/metrics.ts';
import { Informer, type InformerOptions } from './informer.ts';
import { KubeClient } from './kube-client.ts';
import type { KubeObject, Resource } from './resource.ts';

/** An informer, or what has some. */
export type Watch = Pick<Informer<KubeObject>, 'start' | 'stop' | 'synced' | 'whenSynced' | 'staleForMs'>;

const BEHIND_MS = 30_000;

/** What a watch is to its component. */
export interface WatchOptions {
  /** Whether this replica answers whoever asks it without what is seen here: it is ready before that was seen, but does not lead. */
  readonly optional?: boolean;
}

/** All informers of a component: known here, so that they start, are waited for and stop as one, and are in metrics and readiness. */
@Injectable()
export class Informers implements OnModuleInit, OnModuleDestroy {
  private readonly all: { readonly name: string; readonly watch: Watch; readonly optional: boolean }[] = [];

  constructor(
    private readonly client: KubeClient,
    private readonly log: Log,
    private readonly metrics: Metrics,
    readiness: Readiness,
  ) {
    readiness.needs(() => (this.synced() ? undefined : `caches not synced yet: ${this.missing().join(', ')}`));
    readiness.mentions(() => {
      const missing = this.namesOf((one) => one.optional && !one.watch.synced());
      return missing.length === 0 ? undefined : `caches not synced yet: ${missing.join(', ')}`;
    });
    readiness.mentions(() => {
      const behind = this.behind();
      return behind.length === 0 ? undefined : `the cache is out of date: ${behind.join(', ')}`;
    });
  }

  onModuleInit(): void {
    this.start();
  }

  /** Before events are written for the last time: a watch can bring some. */
  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** Makes an informer. It starts with the others. */
  of<T extends KubeObject>(
    resource: Resource,
    options: InformerOptions<T> = {},
    watchOptions: WatchOptions = {},
  ): Informer<T> {
    const informer = new Informer<T>(this.client, resource, { log: this.log, ...options });
    return this.add(resource.plural, informer, watchOptions);
  }

  /** Takes in what has informers of its own. @param name as in `workloads`, for people */
  add<T extends Watch>(name: string, watch: T, { optional = false }: WatchOptions = {}): T {
    this.all.push({ name, watch, optional });
    this.metrics.watch(name, () => watch.staleForMs() / 1_000);
    return watch;
  }

  start(): void {
    for (const { watch } of this.all) watch.start();
  }

  /** Whether each that readiness needs has seen everything once. */
  synced(): boolean {
    return this.missing().length === 0;
  }

  /** What is needed and has not been seen whole yet, as in `images`. */
  missing(): string[] {
    return this.namesOf(({ optional, watch }) => !optional && !watch.synced());
  }

  /** What is behind the API server for longer than a restart of it takes, and for how long, as in `images for 75 s`: what is known is served meanwhile. */
  behind(): string[] {
    return this.all
      .filter(({ watch }) => watch.synced() && watch.staleForMs() >= BEHIND_MS)
      .map(({ name, watch }) => `${name} for ${Math.round(watch.staleForMs() / 1_000)} s`);
  }

  /** Resolves once each has seen everything, also what is optional for readiness; rejects when `signal` aborts before. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.all.map(({ watch }) => watch.whenSynced(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map(({ watch }) => watch.stop()));
  }

  private namesOf(which: (one: { readonly optional: boolean; readonly watch: Watch }) => boolean): string[] {
    return this.all.filter(which).map(({ name }) => name);
  }
}
