// What happens to an API server.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../../tools/cluster/cluster.ts';

const READY_MS = 60_000;

/** SIGKILL, a new start, and back once it is ready. */
export async function killApiServer(cluster: Cluster): Promise<void> {
  const server = cluster.component('kube-apiserver');
  server.kill('SIGKILL');
  await server.exited();
  await server.start();
  await controlPlaneIsBack(cluster);
}

/**
 * Waits for the API server, and starts what else a cluster is made of anew: its controllers and kwok wait for up to a minute
 * before they ask again, which says nothing of kimup.
 */
export async function controlPlaneIsBack(cluster: Cluster): Promise<void> {
  await cluster.apiServerReady(READY_MS);
  await Promise.all(
    ['kube-controller-manager', 'kube-scheduler', 'kwok'].map(async (name) => {
      const component = cluster.component(name);
      component.kill('SIGKILL');
      await component.exited();
      // A new kwok would wait until the old one's nodes have expired.
      if (name === 'kwok') await cluster.kubectl(['delete', 'leases', '--all', '-n', 'kube-node-lease']);
      await component.start();
    }),
  );
}

/** Stops it for `ms` or for as long as `meanwhile` takes; back once it is ready again. */
export async function withoutApiServer<T>(cluster: Cluster, ms: number, meanwhile: () => Promise<T>): Promise<T> {
  const server = cluster.component('kube-apiserver');
  server.kill('SIGKILL');
  await server.exited();
  const [result] = await Promise.all([meanwhile(), sleep(ms)]);
  await server.start();
  await controlPlaneIsBack(cluster);
  return result;
}

/** Makes etcd forget all but the present, through the gateway on its client port. */
export async function compactEtcd(cluster: Cluster): Promise<void> {
  const arguments_ = readFileSync(`/proc/${cluster.component('etcd').pid}/cmdline`, 'utf8').split('\0');
  const url = arguments_
    .find((argument) => argument.startsWith('--listen-client-urls='))!
    .slice('--listen-client-urls='.length);
  const ask = async (path: string, body: object): Promise<{ header: { revision: string } }> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { header: { revision: string } };
  };
  const {
    header: { revision },
  } = await ask('/v3/kv/range', { key: Buffer.from('/').toString('base64') });
  await ask('/v3/kv/compaction', { revision, physical: true });
}
