import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import type { Component } from '../../../tools/cluster/process/component.ts';
import { startProxy, type TcpProxy } from '../proxy.ts';
import { componentArguments, type InstallOptions } from './component-process.ts';
import type { ComponentName } from './components.ts';
import { httpGet } from './http-get.ts';

/** One of several processes of a component. */
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

/**
 * Starts a replica with a way of its own to the API server.
 * @param flags further ones, after those of the options
 */
export async function startReplica(
  cluster: Cluster,
  component: ComponentName,
  name: string,
  flags: readonly string[],
  options: InstallOptions,
): Promise<Replica> {
  const apiServer = new URL(cluster.apiServer.url);
  const network = await startProxy(() => Number(apiServer.port));
  const { args, env, healthz, metrics } = await componentArguments(cluster, component, options);
  const kubeconfig = join(cluster.dir, `${name}.kubeconfig`);
  const given = args.find((arg) => arg.startsWith('--kubeconfig='))!.slice('--kubeconfig='.length);
  const through = readFileSync(given, 'utf8').replaceAll(cluster.apiServer.url, `https://127.0.0.1:${network.port}`);
  writeFileSync(kubeconfig, through, { mode: 0o600 });
  // Of a flag that is given twice the last one counts.
  const running = await cluster.spawn(name, process.execPath, [...args, `--kubeconfig=${kubeconfig}`, ...flags], {
    env: { ...env, POD_NAME: name },
  });
  return {
    name,
    process: running,
    network,
    ready: async () => running.ended === undefined && (await isReady(healthz)),
    hears: async () => {
      const { text } = await httpGet(`http://127.0.0.1:${metrics}/metrics`);
      const down = text.match(/^kimup_watch_down_seconds\{.*$/gm) ?? [];
      return down.length > 0 && down.every((line) => line.endsWith(' 0'));
    },
  };
}

/** Whether /readyz says so within a second. */
async function isReady(healthz: number): Promise<boolean> {
  const answer = await httpGet(`http://127.0.0.1:${healthz}/readyz`, 1_000).catch(() => undefined);
  return answer?.status === 200;
}
