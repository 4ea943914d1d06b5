import type { Informer } from './informer.ts';
import type { KubeObject } from './resource.ts';

type Watch = Pick<Informer<KubeObject>, 'start' | 'stop' | 'synced' | 'whenSynced'>;

/** The informers of a component: started, stopped and ready together. */
export class Informers {
  /** @param informers by what readiness calls them, as in `images` */
  constructor(private readonly informers: Readonly<Record<string, Watch>>) {}

  start(): void {
    for (const informer of Object.values(this.informers)) informer.start();
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.informers).map((informer) => informer.stop()));
  }

  synced(): boolean {
    return this.missing().length === 0;
  }

  /** What has not been seen whole yet. */
  missing(): string[] {
    return Object.entries(this.informers).filter(([, informer]) => !informer.synced()).map(([name]) => name);
  }

  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all(Object.values(this.informers).map((informer) => informer.whenSynced(signal)));
  }
}
