// kimup with several replicas of each component, as processes beside kwok nodes: each reaches the API server by a way of its
// own that a test can cut, and the API server reaches the webhook by a Service's stand-in.
import type { KubeClient } from '../../../src/adapters/kubernetes/client/kube-client.ts';
import { type KubeObject, LEASES } from '../../../src/adapters/kubernetes/client/resource.ts';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { freePorts } from '../../../tools/cluster/sockets/free-ports.ts';
import { applyCertificateSecret, type InstallOptions } from './component-process.ts';
import { type ComponentName, NAMESPACE } from './components.ts';
import { applyGround } from './install.ts';
import { type Replica, startReplica } from './replica.ts';
import { WebhookService } from './webhook-service.ts';

const LEASE_NAMES = { operator: '71be4586.kimup.cloudavenue.io', controller: 'kimup-controller' } as const;

export interface Lease extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

/** Installs kimup with `count` replicas of each component and waits until all are ready. dist/ must be built. */
export async function installReplicas(
  cluster: Cluster,
  client: KubeClient,
  count: number,
  options: InstallOptions = {},
): Promise<Replicas> {
  await applyGround(cluster);
  await applyCertificateSecret(cluster);
  const service = new WebhookService();
  const url = `--webhook-url=https://127.0.0.1:${await service.start()}`;
  const operator = async (index: number): Promise<Replica> => {
    const [port = 0] = await freePorts(1);
    const flags = [`--webhook-port=127.0.0.1:${port}`, url];
    const replica = await startReplica(cluster, 'operator', `kimup-operator-${index}`, flags, options);
    service.add(replica, port);
    return replica;
  };
  const controller = (index: number): Promise<Replica> =>
    startReplica(cluster, 'controller', `kimup-controller-${index}`, [], options);
  const indices = Array.from({ length: count }, (_, index) => index);
  const all = {
    operator: await Promise.all(indices.map(operator)),
    controller: await Promise.all(indices.map(controller)),
  };
  const replicas = new Replicas(client, all, service);
  await replicas.allReady();
  return replicas;
}

export class Replicas {
  private readonly client: KubeClient;
  private readonly byComponent: Readonly<Record<ComponentName, readonly Replica[]>>;
  private readonly service: WebhookService;

  constructor(
    client: KubeClient,
    byComponent: Readonly<Record<ComponentName, readonly Replica[]>>,
    service: WebhookService,
  ) {
    this.client = client;
    this.byComponent = byComponent;
    this.service = service;
  }

  of(component: ComponentName): readonly Replica[] {
    return this.byComponent[component];
  }

  /** Undefined while there is none, or no answer within 2 s. */
  lease(component: ComponentName): Promise<Lease | undefined> {
    const lease = { namespace: NAMESPACE, name: LEASE_NAMES[component] };
    return this.client.get<Lease>(LEASES, lease, AbortSignal.timeout(2_000)).catch(() => undefined);
  }

  /** The replica that holds the Lease now; undefined while none does. */
  async holder(component: ComponentName): Promise<Replica | undefined> {
    const identity = (await this.lease(component))?.spec?.holderIdentity ?? '';
    return this.byComponent[component].find(({ name }) => identity.startsWith(`${name}_`));
  }

  /** Waits until one leads, which is not `but`. */
  leader(component: ComponentName, timeoutMs: number, but?: Replica): Promise<Replica> {
    return until(
      async () => {
        const found = await this.holder(component);
        return found === but ? undefined : found;
      },
      timeoutMs,
      `a ${but === undefined ? '' : 'another '}${component} to lead`,
      20,
    );
  }

  /** Waits until all are ready; those that ended are started first. */
  async allReady(timeoutMs = HANG_MS): Promise<void> {
    for (const { process } of this.all) await process.start();
    await until(
      async () => {
        const ready = await Promise.all(this.all.map((replica) => replica.ready()));
        return ready.every(Boolean) && this.service.allReady ? true : undefined;
      },
      timeoutMs,
      'all replicas to be ready',
      50,
    ).catch((error: Error) => {
      const states = this.all.map(({ name, process }) => `${name}: ${process.ended ?? 'runs'}; ${process.logTail(3)}`);
      throw new Error([error.message, ...states].join('\n'));
    });
  }

  /** Waits until all of them hear of the API server's changes. */
  async allHear(): Promise<void> {
    await until(
      async () => {
        const hear = await Promise.all(this.all.map((replica) => replica.hears()));
        return hear.every(Boolean) ? true : undefined;
      },
      HANG_MS,
      'all replicas to hear of changes',
      50,
    );
  }

  /** Ends the ways that they take; the processes end with the cluster. */
  async stop(): Promise<void> {
    await this.service.stop();
    await Promise.all(this.all.map(({ network }) => network.stop()));
  }

  private get all(): Replica[] {
    return [...this.byComponent.operator, ...this.byComponent.controller];
  }
}
