// The model of the end: how an application and its Image are, whatever happened on the way.
import type { KubeClient } from '../../../src/adapters/kubernetes/client/kube-client.ts';
import {
  DAEMONSETS,
  DEPLOYMENTS,
  EVENTS,
  IMAGES,
  type KubeObject,
  PODS,
  type Resource,
  STATEFULSETS,
} from '../../../src/adapters/kubernetes/client/resource.ts';
import { type App, BASE } from './app.ts';
import type { RawImage, Seen } from './image-history.ts';
import { REPLICASETS } from '../replica-sets.ts';

interface RawPod extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
}

interface RawWorkload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly metadata?: KubeObject['metadata']; readonly spec?: RawPod['spec'] };
  };
}

/** What differs from an application that is on `tag` after exactly one move, a line each. `seen` is its Image's history. */
export async function differencesFromEnd(client: KubeClient, app: App, tag: string, seen: Seen): Promise<string[]> {
  const check = new EndCheck(client, app, tag);
  await check.image();
  await check.workloads();
  await check.pods();
  check.moves(seen);
  await check.events();
  return check.differences;
}

class EndCheck {
  readonly differences: string[] = [];
  private readonly client: KubeClient;
  private readonly app: App;
  private readonly tag: string;

  constructor(client: KubeClient, app: App, tag: string) {
    this.client = client;
    this.app = app;
    this.tag = tag;
  }

  async image(): Promise<void> {
    const { name } = this.app;
    const { metadata, status = {} } = await this.client.get<RawImage>(IMAGES, { namespace: name, name });
    this.same('status.tag', status.tag, this.tag);
    this.same('status.digest', status.digest, this.app.digest);
    this.same('status.result', status.result, 'Success');
    this.same('status.update', status.update, undefined);
    this.same('status.rollout', [status.rollout?.tag, status.rollout?.phase], [this.tag, 'Healthy']);
    this.same('rows', status.rollout?.workloads?.map(({ kind, phase }) => `${kind} ${phase}`).toSorted(), [
      'DaemonSet Healthy',
      'Deployment Healthy',
      'StatefulSet Healthy',
    ]);
    this.same('Ready', status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    this.same('annotation', metadata?.annotations?.['kimup.cloudavenue.io/tag'], this.tag);
  }

  async workloads(): Promise<void> {
    const { name, repository, digest } = this.app;
    for (const resource of [DEPLOYMENTS, STATEFULSETS, DAEMONSETS]) {
      const [{ metadata, spec } = {} as RawWorkload] = await this.all<RawWorkload>(resource);
      this.same(
        `${resource.kind}'s entry`,
        spec?.template?.metadata?.annotations?.['kimup.cloudavenue.io/images'],
        `${name}=${this.tag}@${digest}`,
      );
      this.same(`${resource.kind}'s image`, spec?.template?.spec?.containers?.[0]?.image, `${repository}:${BASE}`);
      // Made, and changed once.
      this.same(`${resource.kind}'s generation`, metadata?.generation, 2);
    }
    const replicaSets = await this.all<RawWorkload>(REPLICASETS);
    this.same('ReplicaSets', replicaSets.map(({ spec }) => spec?.replicas).toSorted(), [0, 2]);
  }

  async pods(): Promise<void> {
    const pods = (await this.all<RawPod>(PODS)).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    this.same(
      'pods',
      pods.map(({ spec }) => spec?.containers?.[0]?.image),
      Array.from({ length: 6 }, () => `${this.app.repository}:${this.tag}`),
    );
  }

  /** Exactly one move. */
  moves({ tags, updates }: Seen): void {
    if (![this.tag, `${BASE} ${this.tag}`].includes(tags.join(' ')))
      this.differences.push(`tags seen: ${tags.join(', ')}`);
    if (updates.length > 1) this.differences.push(`moves: ${updates.join(', ')}`);
  }

  /** Events are written at most once, and may be lost with the process. */
  async events(): Promise<void> {
    const all = await this.all<KubeObject & { readonly reason?: string; readonly series?: object }>(EVENTS);
    for (const reason of ['UpdateFound', 'Updated']) {
      const told = all.filter((event) => event.reason === reason);
      if (told.length > 1 || told.some(({ series }) => series !== undefined))
        this.differences.push(`${told.length} events ${reason}: ${JSON.stringify(told)}`);
    }
  }

  private all<T extends KubeObject>(resource: Resource): Promise<T[]> {
    return this.client.list<T>(resource, { namespace: this.app.name });
  }

  private same(what: string, is: unknown, wanted: unknown): void {
    if (JSON.stringify(is) !== JSON.stringify(wanted))
      this.differences.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
  }
}
