// The world that the chaos tests shake: one cluster of kwok nodes, kimup with two replicas of each component, and applications
// that are born on v1.0.0 while v1.1.0 is there already. Whatever happens on the way, the end is the same.
import { Informer } from '../../../src/adapters/kubernetes/client/informer.ts';
import type { KubeClient } from '../../../src/adapters/kubernetes/client/kube-client.ts';
import { IMAGES, type KubeObject, NAMESPACES, PODS } from '../../../src/adapters/kubernetes/client/resource.ts';
import { type Cluster, startCluster } from '../../../tools/cluster/cluster.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { kubernetes } from '../../integration/kubernetes.ts';
import { manifest } from '../../integration/workloads.ts';
import { imageManifest, namespaceInScope } from '../builders/manifests.ts';
import { buildBundle } from '../path/install.ts';
import { installReplicas, type Replicas } from '../path/replicas.ts';
import { type RegistryServer, startRegistryServer } from '../registry-server.ts';
import { type App, BASE, NEXT } from './app.ts';
import { differencesFromEnd } from './end-state.ts';
import { ImageHistory, type RawImage, type Seen, type Status } from './image-history.ts';

/** The crontab of Images that are refreshed all the time, and one that nobody waits for. */
export const OFTEN = '*/2 * * * * *';
export const YEARLY = '0 0 0 1 1 *';

export class World {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  readonly replicas: Replicas;
  readonly scripted: RegistryServer;
  private readonly images: Informer<RawImage>;
  private readonly close: () => Promise<void>;
  private readonly history = new ImageHistory();
  private readonly tookMs: number[] = [];
  private count = 0;

  private constructor(
    cluster: Cluster,
    client: KubeClient,
    close: () => Promise<void>,
    replicas: Replicas,
    scripted: RegistryServer,
  ) {
    this.cluster = cluster;
    this.client = client;
    this.close = close;
    this.replicas = replicas;
    this.scripted = scripted;
    this.images = new Informer<RawImage>(client, IMAGES, { backoff: { firstMs: 100, mostMs: 500 } });
    this.images.subscribe({ changed: (image) => this.history.note(image), deleted: () => {} });
    this.images.start();
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
    await this.images.stop();
    await this.close();
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
    const name = `${prefix}-${++this.count}`;
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
      namespaceInScope(namespace),
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
  async begin({ name, repository }: Pick<App, 'name' | 'repository'>, crontab = OFTEN): Promise<void> {
    await this.cluster.apply([imageManifest({ name, namespace: name, image: repository, baseTag: BASE, crontab })]);
  }

  status(name: string): Status {
    return this.images.get(name, name)?.status ?? {};
  }

  /** What was seen of an Image since it is there. */
  seen(name: string): Seen {
    return this.history.of(name);
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
        wrong = await differencesFromEnd(this.client, app, NEXT, this.seen(app.name));
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
    this.tookMs.push(performance.now() - begun);
  }

  /** How long the applications took to be where they belong, for whoever reads it. */
  took(): string {
    const seconds = this.tookMs.map((ms) => ms / 1_000).toSorted((a, b) => a - b);
    return `${seconds.length} times the end was reached, after ${seconds[Math.floor(seconds.length / 2)]?.toFixed(1)} s, ${seconds.at(-1)?.toFixed(1)} s at most`;
  }

  /** Forgets an application. */
  async end({ name }: Pick<App, 'name'>): Promise<void> {
    await this.client.delete(IMAGES, { namespace: name, name });
    await this.client.delete(NAMESPACES, { name });
  }
}
