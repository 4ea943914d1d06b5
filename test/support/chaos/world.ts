// The world that the chaos tests shake: one cluster of kwok nodes, kimup with two replicas of each component, and applications
// that are born on v1.0.0 while v1.1.0 is there already. Whatever happens on the way, the end is the same.
import { Informer } from '../../../src/adapters/kubernetes/client/informer.ts';
import type { KubeClient } from '../../../src/adapters/kubernetes/client/kube-client.ts';
import {
  DAEMONSETS,
  DEPLOYMENTS,
  EVENTS,
  IMAGES,
  type KubeObject,
  NAMESPACES,
  PODS,
  REPLICASETS,
  type Resource,
  STATEFULSETS,
} from '../../../src/adapters/kubernetes/client/resource.ts';
import { type Cluster, startCluster } from '../../../tools/cluster/cluster.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { kubernetes } from '../../integration/kubernetes.ts';
import { manifest } from '../../integration/workloads.ts';
import { buildBundle } from '../path/install.ts';
import { installReplicas, type Replicas } from '../path/replicas.ts';
import { type RegistryServer, startRegistryServer } from '../registry-server.ts';

export const BASE = 'v1.0.0';
export const NEXT = 'v1.1.0';

export interface Status {
  readonly tag?: string;
  readonly digest?: string;
  readonly result?: string;
  readonly time?: string;
  readonly update?: { readonly tag: string; readonly digest?: string; readonly since: string };
  readonly rollout?: {
    readonly tag: string;
    readonly phase: string;
    readonly workloads?: readonly { readonly kind: string; readonly phase: string }[];
  };
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

interface RawImage extends KubeObject {
  readonly status?: Status;
}

interface RawPod extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly image?: string }[] };
}

interface RawWorkload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly metadata?: KubeObject['metadata']; readonly spec?: RawPod['spec'] };
  };
}

/** An application of one scenario: its namespace, which is its Image's and repository's name too. */
export interface App {
  readonly name: string;
  /** Without a tag. */
  readonly repository: string;
  /** What NEXT points at. */
  readonly digest: string | undefined;
}

/** What was seen of an Image, in order, each once in a row. */
interface Seen {
  readonly tags: string[];
  /** `tag since`, of each `status.update`. */
  readonly updates: string[];
}

export class World {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly replicas: Replicas;
  readonly scripted: RegistryServer;
  readonly #images: Informer<RawImage>;
  readonly #close: () => Promise<void>;
  readonly #seen = new Map<string, Seen>();
  readonly #tookMs: number[] = [];
  #count = 0;

  private constructor(
    cluster: Cluster,
    client: KubeClient,
    close: () => Promise<void>,
    replicas: Replicas,
    scripted: RegistryServer,
  ) {
    this.cluster = cluster;
    this.client = client;
    this.#close = close;
    this.replicas = replicas;
    this.scripted = scripted;
    this.#images = new Informer<RawImage>(client, IMAGES, { backoffMs: { base: 100, max: 500 } });
    this.#images.subscribe({ changed: (image) => this.#see(image), deleted: () => {} });
    this.#images.start();
  }

  static async start(): Promise<World> {
    await buildBundle();
    const [cluster, scripted] = await Promise.all([
      startCluster({ nodes: 'kwok', name: 'chaos', progress: console.log }),
      startRegistryServer(),
    ]);
    try {
      const { client, close } = kubernetes(cluster.kubeconfig);
      const replicas = await installReplicas(cluster, client, 2, {
        flags: { controller: [`--plain-http-registries=${cluster.registry.host},${scripted.host}`] },
      });
      return new World(cluster, client, close, replicas, scripted);
    } catch (error) {
      await Promise.all([cluster.stop(), scripted.stop()]);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#images.stop();
    await this.#close();
    await this.replicas.stop();
    await Promise.all([this.cluster.stop(), this.scripted.stop()]);
  }

  /** The end of each replica's log, for a test that failed. */
  logs(): string {
    const around = ['kube-controller-manager', 'kube-scheduler', 'kwok']
      .map((name) => `${name}:\n${this.cluster.component(name).logTail(5)}`)
      .join('\n');
    return `${around}\n${(['operator', 'controller'] as const).flatMap((component) => this.replicas.of(component).map(({ name, process }) => `${name} (${process.ended ?? 'runs'}):\n${process.logTail(25)}`)).join('\n')}`;
  }

  /** Pushes an application's tags and starts its workloads on BASE: three kinds, six pods. Its Image is not there yet. */
  async app(prefix: string, tags: readonly string[] = [BASE, NEXT]): Promise<App> {
    const name = `${prefix}-${++this.#count}`;
    const repository = `${this.cluster.registry.host}/${name}`;
    let digest: string | undefined;
    for (const tag of tags) digest = await this.push(name, tag);
    await this.workloads(name, `${repository}:${BASE}`);
    return { name, repository, digest };
  }

  push(repository: string, tag: string): Promise<string> {
    return this.cluster.registry.push(repository, tag, {
      files: [{ path: '/version', content: Buffer.from(`${repository} ${tag}`) }],
      config: { entrypoint: ['/version'] },
    });
  }

  /** Makes a namespace in scope with the three workloads, and waits for their pods. */
  async workloads(namespace: string, image: string): Promise<void> {
    await this.cluster.apply([
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace, annotations: { 'kimup.cloudavenue.io/enabled': 'true' } },
      },
      manifest('Deployment', { name: 'web', namespace, image, replicas: 2 }),
      manifest('StatefulSet', { name: 'db', namespace, image }),
      manifest('DaemonSet', { name: 'agent', namespace, image }),
    ]);
    await until(
      async () => ((await this.client.list<KubeObject>(PODS, { namespace })).length === 6 ? true : undefined),
      HANG_MS,
      `the pods of ${namespace}`,
      100,
    );
  }

  /** Applies the Image of an application: the path begins. */
  async begin({ name, repository }: Pick<App, 'name' | 'repository'>, crontab = '*/2 * * * * *'): Promise<void> {
    await this.cluster.apply([
      {
        apiVersion: 'kimup.cloudavenue.io/v1alpha1',
        kind: 'Image',
        metadata: { name, namespace: name },
        spec: {
          image: repository,
          baseTag: BASE,
          triggers: [{ type: 'crontab', value: crontab }],
          rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
        },
      },
    ]);
  }

  status(name: string): Status {
    return this.#images.get(name, name)?.status ?? {};
  }

  /** What was seen of an Image since it is there. */
  seen(name: string): Seen {
    return this.#seen.get(name) ?? { tags: [], updates: [] };
  }

  /** Waits until the Image's status is so. */
  async statusWhen(name: string, what: string, holds: (status: Status) => boolean): Promise<Status> {
    return until(
      () => (holds(this.status(name)) ? this.status(name) : undefined),
      HANG_MS,
      `${name} to ${what}`,
      20,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; its status: ${JSON.stringify(this.status(name))}`);
    });
  }

  /**
   * Waits until an application is where every path ends, on NEXT, after exactly one move. How long that took is told, and asserted by nobody.
   * @param timeoutMs 0 where it is to be there already
   */
  async ends(app: App, timeoutMs = HANG_MS): Promise<void> {
    const begun = performance.now();
    let wrong: readonly string[] = ['not looked yet'];
    await until(
      async () => {
        if (this.status(app.name).tag !== NEXT) {
          wrong = [`the Image's status is ${JSON.stringify(this.status(app.name))}`];
          return undefined;
        }
        wrong = await this.#wrong(app, NEXT);
        return wrong.length === 0 ? true : undefined;
      },
      timeoutMs,
      `${app.name} to be on ${NEXT}`,
      100,
    ).catch(async (error: Error) => {
      const objects = await this.cluster.kubectl([
        'get',
        'nodes,pods,statefulsets,events',
        '-n',
        app.name,
        '-o',
        'wide',
      ]);
      throw new Error(
        `${error.message}; what is wrong:\n${wrong.join('\n')}\nseen: ${JSON.stringify(this.seen(app.name))}\n${objects}`,
      );
    });
    this.#tookMs.push(performance.now() - begun);
  }

  /** How long the applications took to be where they belong, for whoever reads it. */
  took(): string {
    const seconds = this.#tookMs.map((ms) => ms / 1_000).toSorted((a, b) => a - b);
    return `${seconds.length} times the end was come to, after ${seconds[Math.floor(seconds.length / 2)]?.toFixed(1)} s, ${seconds.at(-1)?.toFixed(1)} s at most`;
  }

  /** Forgets an application. */
  async end({ name }: Pick<App, 'name'>): Promise<void> {
    await this.client.delete(IMAGES, { namespace: name, name });
    await this.client.delete(NAMESPACES, { name });
  }

  /** The model of the end: what differs from it, a line each. */
  async #wrong({ name: namespace, repository, digest }: App, tag: string): Promise<string[]> {
    const found: string[] = [];
    const same = (what: string, is: unknown, wanted: unknown): void => {
      if (JSON.stringify(is) !== JSON.stringify(wanted))
        found.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
    };
    const all = <T extends KubeObject>(resource: Resource): Promise<T[]> =>
      this.client.list<T>(resource, { namespace });
    const image = await this.client.get<RawImage>(IMAGES, { namespace, name: namespace });
    const { status = {} } = image;
    same('status.tag', status.tag, tag);
    same('status.digest', status.digest, digest);
    same('status.result', status.result, 'Success');
    same('status.update', status.update, undefined);
    same('status.rollout', [status.rollout?.tag, status.rollout?.phase], [tag, 'Healthy']);
    same('rows', status.rollout?.workloads?.map(({ kind, phase }) => `${kind} ${phase}`).toSorted(), [
      'DaemonSet Healthy',
      'Deployment Healthy',
      'StatefulSet Healthy',
    ]);
    same('Ready', status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    same('annotation', image.metadata?.annotations?.['kimup.cloudavenue.io/tag'], tag);

    for (const resource of [DEPLOYMENTS, STATEFULSETS, DAEMONSETS]) {
      const [{ metadata, spec } = {} as RawWorkload] = await all<RawWorkload>(resource);
      same(
        `${resource.kind}'s entry`,
        spec?.template?.metadata?.annotations?.['kimup.cloudavenue.io/images'],
        `${namespace}=${tag}@${digest}`,
      );
      same(`${resource.kind}'s image`, spec?.template?.spec?.containers?.[0]?.image, `${repository}:${BASE}`);
      // Made, and changed once.
      same(`${resource.kind}'s generation`, metadata?.generation, 2);
    }
    same('ReplicaSets', (await all<RawWorkload>(REPLICASETS)).map(({ spec }) => spec?.replicas).toSorted(), [0, 2]);
    const pods = (await all<RawPod>(PODS)).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    same(
      'pods',
      pods.map(({ spec }) => spec?.containers?.[0]?.image),
      Array.from({ length: 6 }, () => `${repository}:${tag}`),
    );

    // Exactly one move. Events are written at most once, and may be lost with the process.
    const { tags } = this.seen(namespace);
    if (![tag, `${BASE} ${tag}`].includes(tags.join(' '))) found.push(`tags seen: ${tags.join(', ')}`);
    if (this.seen(namespace).updates.length > 1) found.push(`moves: ${this.seen(namespace).updates.join(', ')}`);
    const events = (await all<KubeObject & { readonly reason?: string; readonly series?: object }>(EVENTS)).filter(
      ({ reason }) => reason === 'UpdateFound' || reason === 'Updated',
    );
    for (const reason of ['UpdateFound', 'Updated']) {
      const told = events.filter((event) => event.reason === reason);
      if (told.length > 1 || told.some(({ series }) => series !== undefined))
        found.push(`${told.length} events ${reason}: ${JSON.stringify(told)}`);
    }
    return found;
  }

  #see({ metadata: { namespace = '', name = '' } = {}, status: { tag, update } = {} }: RawImage): void {
    if (namespace !== name) return;
    let seen = this.#seen.get(name);
    if (seen === undefined) this.#seen.set(name, (seen = { tags: [], updates: [] }));
    if (tag !== undefined && seen.tags.at(-1) !== tag) seen.tags.push(tag);
    const move = update && `${update.tag} ${update.since}`;
    if (move !== undefined && seen.updates.at(-1) !== move) seen.updates.push(move);
  }
}
