// Installs kimup on a local cluster: on real nodes as pods from the plain manifests, on kwok nodes as two processes
// with the tokens of the same ServiceAccounts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join, relative } from 'node:path';
import { buildAndPush } from '../../../tools/cluster/images/build-and-push.ts';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import type { Component } from '../../../tools/cluster/process/component.ts';
import { freePorts } from '../../../tools/cluster/sockets/free-ports.ts';
import { run } from '../../../tools/cluster/process/run.ts';
import { tail } from '../../../tools/cluster/process/tail.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const NAMESPACE = 'kimup-operator';
const COMPONENTS = ['operator', 'controller'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** kimup as it runs on a cluster. */
export interface Installation {
  /** The component's metrics, as Prometheus would scrape them. */
  metrics(component: ComponentName): Promise<string>;
  /** The end of the component's log. */
  log(component: ComponentName, lines?: number): Promise<string>;
  /** The component's process, to stop, freeze or start again; only where it is one. */
  process(component: ComponentName): Component;
  /** Waits until the component says that it is ready, after its process was started again; only where it is one. */
  ready(component: ComponentName, timeoutMs?: number): Promise<void>;
}

/** Compiles and bundles both components into dist/. */
export async function buildBundle(): Promise<void> {
  await run(['npm', 'run', '--silent', 'build'], { cwd: ROOT, timeoutMs: 180_000 });
}

/** Applies the CRDs, the namespace and the RBAC, as a user would. */
export async function applyGround(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['apply', '-f', join(ROOT, 'crds')]);
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'], {
    timeoutMs: 70_000,
  });
  await cluster.kubectl([
    'apply',
    '-f',
    join(ROOT, 'deploy', 'namespace.yaml'),
    '-f',
    join(ROOT, 'deploy', 'rbac.yaml'),
  ]);
}

export interface InstallOptions {
  /** Further flags of both components. */
  readonly flags?: Partial<Record<ComponentName, readonly string[]>>;
}

/** Installs kimup and waits until both components are ready. dist/ must be built. */
export async function install(cluster: Cluster, options: InstallOptions = {}): Promise<Installation> {
  await applyGround(cluster);
  return cluster.nodes === 'real' ? installPods(cluster, options) : installProcesses(cluster, options);
}

function flagsOf(cluster: Cluster, component: ComponentName, { flags = {} }: InstallOptions): string[] {
  const own = component === 'controller' ? [`--plain-http-registries=${cluster.registry.host}`] : [];
  return [...own, ...(flags[component] ?? [])];
}

async function installPods(cluster: Cluster, options: InstallOptions): Promise<Installation> {
  const image = await buildAndPush({ context: ROOT, registry: cluster.registry, repository: 'kimup', tag: 'local' });
  const colon = image.lastIndexOf(':');
  const overlay = join(cluster.dir, 'kimup');
  mkdirSync(overlay, { recursive: true });
  const patches = COMPONENTS.map((component) => ({
    target: { kind: 'Deployment', name: `kimup-${component}` },
    patch: JSON.stringify(
      flagsOf(cluster, component, options).map((value) => ({
        op: 'add',
        path: '/spec/template/spec/containers/0/args/-',
        value,
      })),
    ),
  }));
  writeFileSync(
    join(overlay, 'kustomization.yaml'),
    JSON.stringify({
      resources: [relative(overlay, join(ROOT, 'deploy'))],
      images: [{ name: 'kimup', newName: image.slice(0, colon), newTag: image.slice(colon + 1) }],
      patches: patches.filter(({ patch }) => patch !== '[]'),
    }),
  );
  await cluster.kubectl(['apply', '-k', overlay]);
  for (const component of COMPONENTS) {
    await cluster
      .kubectl(['rollout', 'status', `deployment/kimup-${component}`, '-n', NAMESPACE, '--timeout=120s'], {
        timeoutMs: 130_000,
      })
      .catch(async (error: Error) => {
        const pods = await cluster.kubectl(['describe', 'pods', '-n', NAMESPACE]).catch(String);
        throw new Error(
          `kimup-${component} is not ready: ${error.message}\n${await podLog(cluster, component, 30)}\n${pods}`,
        );
      });
  }
  return {
    metrics: async (component) => {
      const pod = await cluster.kubectl([
        'get',
        'pods',
        '-n',
        NAMESPACE,
        '-l',
        `app.kubernetes.io/component=${component}`,
        '-o',
        'jsonpath={.items[0].metadata.name}',
      ]);
      return cluster.kubectl(['get', '--raw', `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:9080/proxy/metrics`]);
    },
    log: (component, lines = 20) => podLog(cluster, component, lines),
    process: () => {
      throw new Error('on real nodes the components are pods, not processes');
    },
    ready: () => {
      throw new Error('on real nodes the components are pods, not processes');
    },
  };
}

function podLog(cluster: Cluster, component: ComponentName, lines: number): Promise<string> {
  return cluster
    .kubectl(['logs', '-n', NAMESPACE, `deployment/kimup-${component}`, `--tail=${lines}`])
    .catch((error: Error) => error.message);
}

async function installProcesses(cluster: Cluster, options: InstallOptions): Promise<Installation> {
  // The Secret alone: Service and Deployment are for pods.
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kimup-webhook-cert', namespace: NAMESPACE } },
  ]);
  const started = await Promise.all(
    COMPONENTS.map(async (component) => {
      const { args, env, metrics, healthz } = await componentArguments(cluster, component, options);
      return {
        component,
        metrics,
        healthz,
        process: await cluster.spawn(`kimup-${component}`, process.execPath, args, { env }),
      };
    }),
  );
  const of = (name: ComponentName) => started.find(({ component }) => component === name)!;
  const log = (component: ComponentName, lines = 20) =>
    tail(join(cluster.dir, 'logs', `kimup-${component}.log`), lines);
  const ready = async (component: ComponentName, timeoutMs = HANG_MS): Promise<void> => {
    const { healthz, process: running } = of(component);
    await until(
      async () => {
        if (running.ended !== undefined) return true;
        return (
          (await httpGet(`http://127.0.0.1:${healthz}/readyz`).catch(() => undefined))?.status === 200 || undefined
        );
      },
      timeoutMs,
      `kimup-${component} to be ready`,
      20,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${log(component)}`);
    });
    if (running.ended !== undefined)
      throw new Error(`kimup-${component} ended with ${running.ended}:\n${log(component)}`);
  };
  for (const component of COMPONENTS) await ready(component);
  return {
    metrics: async (component) => (await httpGet(`http://127.0.0.1:${of(component).metrics}/metrics`)).text,
    log: async (component, lines) => log(component, lines),
    process: (component) => of(component).process,
    ready,
  };
}

/** How one component runs as a process: the arguments of Node.js, the environment, and its ports, free ones. */
export async function componentArguments(
  cluster: Cluster,
  component: ComponentName,
  options: InstallOptions = {},
): Promise<{ args: string[]; env: Record<string, string>; metrics: number; healthz: number }> {
  const account = { operator: 'kimup', controller: 'kimup-controller' } as const;
  const [metrics = 0, healthz = 0, webhook = 0] = await freePorts(3);
  const args = [
    ...nodeOptions(),
    join(ROOT, 'dist', `${component}.mjs`),
    `--kubeconfig=${await cluster.serviceAccountKubeconfig(NAMESPACE, account[component])}`,
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

export function httpGet(url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('error', reject)
        .on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    }).on('error', reject);
  });
}
