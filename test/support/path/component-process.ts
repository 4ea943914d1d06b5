// How a component runs as a process beside kwok nodes, with the token of its ServiceAccount.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import { freePorts } from '../../../tools/cluster/sockets/free-ports.ts';
import { type ComponentName, NAMESPACE } from './components.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const ACCOUNTS = { operator: 'kimup', controller: 'kimup-controller' } as const;

export interface InstallOptions {
  /** Further flags of both components. */
  readonly flags?: Partial<Record<ComponentName, readonly string[]>>;
}

export interface ComponentProcess {
  /** The arguments of Node.js. */
  readonly args: string[];
  readonly env: Record<string, string>;
  /** Its ports. */
  readonly metrics: number;
  readonly healthz: number;
}

/** The flags of a component that it needs on a local cluster, then those of the options. */
export function flagsOf(cluster: Cluster, component: ComponentName, { flags = {} }: InstallOptions): string[] {
  const own = component === 'controller' ? [`--plain-http-registries=${cluster.registry.host}`] : [];
  return [...own, ...(flags[component] ?? [])];
}

/** How one component runs as a process. Its ports are free ones. dist/ must be built. */
export async function componentArguments(
  cluster: Cluster,
  component: ComponentName,
  options: InstallOptions = {},
): Promise<ComponentProcess> {
  const [metrics = 0, healthz = 0, webhook = 0] = await freePorts(3);
  const args = [
    ...nodeOptions(),
    join(ROOT, 'dist', `${component}.mjs`),
    `--kubeconfig=${await cluster.serviceAccountKubeconfig(NAMESPACE, ACCOUNTS[component])}`,
    `--metrics-port=127.0.0.1:${metrics}`,
    `--healthz-port=127.0.0.1:${healthz}`,
    ...(component === 'operator'
      ? [
          `--webhook-port=127.0.0.1:${webhook}`,
          `--webhook-url=https://${await cluster.reachableAs(webhook)}`,
          `--webhook-cert-dir=${join(cluster.dir, 'no-certificate')}`,
        ]
      : []),
    ...flagsOf(cluster, component, options),
  ];
  return { args, env: { POD_NAMESPACE: NAMESPACE }, metrics, healthz };
}

/** The options of Node.js that the image runs with. */
export function nodeOptions(): string[] {
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1];
  return (JSON.parse(entrypoint ?? '[]') as string[]).slice(1);
}

/** The Secret of the webhook's certificate, which the operator fills. Service and Deployment are for pods. */
export async function applyCertificateSecret(cluster: Cluster): Promise<void> {
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kimup-webhook-cert', namespace: NAMESPACE } },
  ]);
}
