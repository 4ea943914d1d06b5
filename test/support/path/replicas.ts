// kimup with several replicas of each component, as processes beside kwok nodes: each reaches the API server by a way of its
// own that a test can cut, and the API server reaches the webhook by a Service's stand-in.
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import type { KubeClient } from '../../../src/adapters/kubernetes/client/kube-client.ts';
import { type KubeObject, LEASES } from '../../../src/adapters/kubernetes/client/resource.ts';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import type { Component } from '../../../tools/cluster/process/component.ts';
import { freePorts } from '../../../tools/cluster/sockets/free-ports.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { startProxy, type TcpProxy } from '../proxy.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { applyGround, componentArguments, type ComponentName, httpGet, type InstallOptions } from './install.ts';

const NAMESPACE = 'kimup-operator';
const LEASE = { operator: '71be4586.kimup.cloudavenue.io', controller: 'kimup-controller' } as const;
export const COMPONENTS = ['operator', 'controller'] as const;

export interface Replica {
  /** As its pod would be called. */
  readonly name: string;
  readonly process: Component;
  /** Its way to the API server. */
  readonly network: TcpProxy;
  /** Whether it says that it is ready. */
  ready(): Promise<boolean>;
  /** Whether the API server's changes come through to it, as its metrics say. */
  hears(): Promise<boolean>;
}

export interface Lease extends KubeObject {
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

export interface Replicas {
  of(component: ComponentName): readonly Replica[];
  lease(component: ComponentName): Promise<Lease | undefined>;
  /** The replica that holds the Lease now; undefined while none does. */
  holder(component: ComponentName): Promise<Replica | undefined>;
  /** Waits until one leads, which is not `but`. */
  leader(component: ComponentName, timeoutMs: number, but?: Replica): Promise<Replica>;
  /** Waits until all are ready; those that ended are started first. */
  allReady(timeoutMs?: number): Promise<void>;
  /** Waits until all of them hear of the API server's changes. */
  allHear(): Promise<void>;
  stop(): Promise<void>;
}

/** Installs kimup with `count` replicas of each component and waits until all are ready. dist/ must be built. */
export async function installReplicas(
  cluster: Cluster,
  client: KubeClient,
  count: number,
  options: InstallOptions = {},
): Promise<Replicas> {
  await applyGround(cluster);
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kimup-webhook-cert', namespace: NAMESPACE } },
  ]);
  const apiServer = new URL(cluster.apiServer.url);
  const webhooks: { readonly replica: Replica; readonly port: number; ready: boolean }[] = [];
  let turn = 0;
  const service = await startProxy(() => {
    const ready = webhooks.filter((one) => one.ready);
    return ready[turn++ % ready.length]?.port;
  });
  const url = `--webhook-url=https://127.0.0.1:${service.port}`;

  const start = async (component: ComponentName, index: number): Promise<Replica> => {
    const name = `kimup-${component}-${index}`;
    const network = await startProxy(() => Number(apiServer.port));
    const { args, env, healthz, metrics } = await componentArguments(cluster, component, options);
    const given = args.find((arg) => arg.startsWith('--kubeconfig='))!.slice('--kubeconfig='.length);
    const kubeconfig = join(cluster.dir, `${name}.kubeconfig`);
    writeFileSync(
      kubeconfig,
      readFileSync(given, 'utf8').replaceAll(cluster.apiServer.url, `https://127.0.0.1:${network.port}`),
      { mode: 0o600 },
    );
    const [webhook = 0] = await freePorts(1);
    // Of a flag that is given twice the last one counts.
    const own = [
      `--kubeconfig=${kubeconfig}`,
      ...(component === 'operator' ? [`--webhook-port=127.0.0.1:${webhook}`, url] : []),
    ];
    const process_ = await cluster.spawn(name, process.execPath, [...args, ...own], {
      env: { ...env, POD_NAME: name },
    });
    const replica: Replica = {
      name,
      process: process_,
      network,
      ready: async () => process_.ended === undefined && (await statusOf(`http://127.0.0.1:${healthz}/readyz`)) === 200,
      hears: async () => {
        const { text } = await httpGet(`http://127.0.0.1:${metrics}/metrics`);
        const down = text.match(/^kimup_watch_down_seconds\{.*$/gm) ?? [];
        return down.length > 0 && down.every((line) => line.endsWith(' 0'));
      },
    };
    if (component === 'operator') webhooks.push({ replica, port: webhook, ready: false });
    return replica;
  };
  const all = {
    operator: await Promise.all(Array.from({ length: count }, (_, i) => start('operator', i))),
    controller: await Promise.all(Array.from({ length: count }, (_, i) => start('controller', i))),
  };
  // What the kubelet's readiness probes and the endpoints of a Service do.
  let stopped = false;
  const probing = (async () => {
    while (!stopped) {
      await Promise.all(webhooks.map(async (one) => (one.ready = await one.replica.ready())));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();

  const lease: Replicas['lease'] = (component) =>
    client
      .get<Lease>(LEASES, { namespace: NAMESPACE, name: LEASE[component] }, AbortSignal.timeout(2_000))
      .catch(() => undefined);
  const holder: Replicas['holder'] = async (component) => {
    const identity = (await lease(component))?.spec?.holderIdentity ?? '';
    return all[component].find(({ name }) => identity.startsWith(`${name}_`));
  };
  const replicas: Replicas = {
    of: (component) => all[component],
    lease,
    holder,
    leader: (component, timeoutMs, but) =>
      until(
        async () => {
          const found = await holder(component);
          return found === but ? undefined : found;
        },
        timeoutMs,
        `a ${but === undefined ? '' : 'another '}${component} to lead`,
        20,
      ),
    async allReady(timeoutMs = HANG_MS) {
      for (const { process: one } of [...all.operator, ...all.controller]) await one.start();
      await until(
        async () => {
          const ready = await Promise.all([...all.operator, ...all.controller].map((one) => one.ready()));
          return ready.every(Boolean) && webhooks.every((one) => one.ready) ? true : undefined;
        },
        timeoutMs,
        'all replicas to be ready',
        50,
      ).catch((error: Error) => {
        throw new Error(
          [
            error.message,
            ...[...all.operator, ...all.controller].map(
              ({ name, process: one }) => `${name}: ${one.ended ?? 'runs'}; ${one.logTail(3)}`,
            ),
          ].join('\n'),
        );
      });
    },
    async allHear() {
      await until(
        async () => {
          const hear = await Promise.all([...all.operator, ...all.controller].map((one) => one.hears()));
          return hear.every(Boolean) ? true : undefined;
        },
        HANG_MS,
        'all replicas to hear of changes',
        50,
      );
    },
    async stop() {
      stopped = true;
      await probing;
      await Promise.all(
        [service, ...[...all.operator, ...all.controller].map(({ network }) => network)].map((proxy) => proxy.stop()),
      );
    },
  };
  await replicas.allReady();
  return replicas;
}

/** The status of an answer; 0 for none within a second. */
function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    get(url, { timeout: 1_000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('timeout', function (this: { destroy(): void }) {
        this.destroy();
      })
      .on('error', () => resolve(0));
  });
}
