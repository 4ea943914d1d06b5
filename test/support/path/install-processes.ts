// kimup as two processes beside kwok nodes.
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import type { Component } from '../../../tools/cluster/process/component.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { applyCertificateSecret, componentArguments, type InstallOptions } from './component-process.ts';
import { type ComponentName, COMPONENTS } from './components.ts';
import { httpGet } from './http-get.ts';
import type { Installation } from './install.ts';

interface Started {
  readonly process: Component;
  /** Its ports. */
  readonly metrics: number;
  readonly healthz: number;
}

/** Starts both components and waits until they are ready. The ground must be there, and dist/ built. */
export async function installProcesses(cluster: Cluster, options: InstallOptions): Promise<Installation> {
  await applyCertificateSecret(cluster);
  const [operator, controller] = await Promise.all([
    start(cluster, 'operator', options),
    start(cluster, 'controller', options),
  ]);
  const started: Record<ComponentName, Started> = { operator, controller };
  for (const component of COMPONENTS) await ready(started[component]);
  return {
    metrics: async (component) => (await httpGet(`http://127.0.0.1:${started[component].metrics}/metrics`)).text,
    log: async (component, lines) => started[component].process.logTail(lines),
    process: (component) => started[component].process,
    ready: (component, timeoutMs) => ready(started[component], timeoutMs),
  };
}

async function start(cluster: Cluster, component: ComponentName, options: InstallOptions): Promise<Started> {
  const { args, env, metrics, healthz } = await componentArguments(cluster, component, options);
  return { metrics, healthz, process: await cluster.spawn(`kimup-${component}`, process.execPath, args, { env }) };
}

/** Waits until a component says that it is ready. @throws Error with the end of its log */
async function ready({ process: running, healthz }: Started, timeoutMs = HANG_MS): Promise<void> {
  await until(
    async () => {
      if (running.ended !== undefined) return true;
      const answer = await httpGet(`http://127.0.0.1:${healthz}/readyz`).catch(() => undefined);
      return answer?.status === 200 || undefined;
    },
    timeoutMs,
    `${running.name} to be ready`,
    20,
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${running.logTail()}`);
  });
  if (running.ended !== undefined)
    throw new Error(`${running.name} ended with ${running.ended}:\n${running.logTail()}`);
}
