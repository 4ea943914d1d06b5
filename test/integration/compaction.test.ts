import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Informer } from '../../src/adapters/kubernetes/client/informer.ts';
import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';
import { IMAGES, type KubeObject } from '../../src/adapters/kubernetes/client/resource.ts';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import { imageManifest } from '../support/builders/manifests.ts';
import { eventually } from '../support/eventually.ts';
import { FakeLog } from '../support/fakes/recorders.ts';

const ROOT = join(import.meta.dirname, '../..');
const IMAGES_TOTAL = 2_000;

/** etcd's own API, as JSON over HTTP, at the address that the API server was told. */
async function etcd<T>(cluster: Cluster, path: string, body: object): Promise<T> {
  const { pid } = cluster.component('kube-apiserver');
  const address = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    .split('\0')
    .find((argument) => argument.startsWith('--etcd-servers='))
    ?.slice('--etcd-servers='.length);
  const response = await fetch(`${address}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** Makes etcd forget all that was before now. */
async function compact(cluster: Cluster): Promise<void> {
  const { header } = await etcd<{ header: { revision: string } }>(cluster, '/v3/kv/range', {
    key: Buffer.from('/').toString('base64'),
    count_only: true,
  });
  await etcd(cluster, '/v3/kv/compaction', { revision: header.revision, physical: true });
}

describe('2,000 Images on a real API server whose etcd is compacted', () => {
  let cluster: Cluster;
  let connection: KubeConnection;
  let client: KubeClient;
  const names = Array.from({ length: IMAGES_TOTAL }, (_, index) => `image-${String(index).padStart(4, '0')}`);
  const at = (name: string) => ({ namespace: 'default', name });

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 'kwok', name: 'compaction' });
    await cluster.kubectl(['apply', '--server-side', '-f', join(ROOT, 'crds/kimup.cloudavenue.io_images.yaml')]);
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd/images.kimup.cloudavenue.io']);
    connection = KubeConnection.load({ kubeconfig: cluster.kubeconfig, userAgent: 'kimup-compaction/0' });
    client = new KubeClient(connection);
    for (let from = 0; from < names.length; from += 32) {
      await Promise.all(
        names
          .slice(from, from + 32)
          .map((name) =>
            client.create(
              IMAGES,
              { namespace: 'default' },
              imageManifest({ name, image: 'registry.test/whoami', baseTag: 'v1.9.0' }),
            ),
          ),
      );
    }
  });
  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
  });

  it('are listed in four pages, and whole though the list has expired in the middle', async () => {
    const since = new Date();
    expect(await client.list(IMAGES)).toHaveLength(IMAGES_TOTAL);
    const lists = async (): Promise<number[]> =>
      (await cluster.auditLog({ userAgentPrefix: 'kimup-compaction', since }))
        .filter(({ verb }) => verb === 'list')
        .map(({ code }) => code);
    expect(await lists()).toEqual([200, 200, 200, 200]);

    // The second page is asked for when nobody knows the state of the first any more: neither etcd nor the API server's cache.
    const server = cluster.component('kube-apiserver');
    const access = connection.access.bind(connection);
    let requests = 0;
    connection.access = async (watch) => {
      if (++requests === 2) {
        await cluster.kubectl(['label', 'image', names[0]!, 'page=one']);
        await compact(cluster);
        await server.stop();
        await server.start();
        await cluster.apiServerReady();
        await cluster.kubectl(['get', 'images', names[0]!]);
      }
      return access(watch);
    };
    const listed = await client.listAll<KubeObject>(IMAGES);
    connection.access = access;
    expect(listed.items.map(({ metadata }) => metadata?.name).sort()).toEqual(names);
    expect(listed.items.find(({ metadata }) => metadata?.name === names[0])?.metadata?.labels).toEqual({ page: 'one' });
    expect((await lists()).slice(4)).toContain(410);
  });

  it('are followed on: a watch from before the compaction says 410, and an informer lists anew and misses nothing', async () => {
    const old = (await client.listAll(IMAGES)).resourceVersion;
    const log = new FakeLog();
    const informer = new Informer<KubeObject>(client, IMAGES, { log, backoff: { firstMs: 50, mostMs: 200 } });
    const told: string[] = [];
    informer.start();
    await informer.whenSynced();
    informer.subscribe({
      changed: (now, previous) => {
        if (previous !== undefined) told.push(`~${now.metadata?.name}`);
      },
      deleted: (last) => told.push(`-${last.metadata?.name}`),
    });

    const server = cluster.component('kube-apiserver');
    const access = connection.access.bind(connection);
    const { promise: changed, resolve: go } = Promise.withResolvers<void>();
    // kimup is kept from the API server until all has changed, and is forgotten.
    connection.access = async (watch) => {
      await changed;
      return access(watch);
    };
    await server.stop();
    await server.start();
    await cluster.apiServerReady();
    await cluster.kubectl(['delete', 'image', names[7]!]);
    await cluster.kubectl(['label', 'image', names[8]!, 'changed=yes']);
    await compact(cluster);
    await server.stop();
    await server.start();
    await cluster.apiServerReady();
    connection.access = access;
    go();

    await eventually(
      () =>
        informer.list().length === IMAGES_TOTAL - 1 &&
        informer.get('default', names[8]!)?.metadata?.labels?.['changed'] === 'yes',
    );
    expect(told.sort()).toEqual([`-${names[7]}`, `~${names[8]}`]);
    const watch = client.watch(IMAGES, { resourceVersion: old, timeoutSeconds: 5 });
    await expect(watch.next()).rejects.toMatchObject({ status: 410, reason: 'Expired' });
    await client.mergePatch(IMAGES, at(names[9]!), { metadata: { labels: { changed: 'again' } } }, 'test');
    await eventually(() => told.includes(`~${names[9]}`));
    await eventually(() => informer.staleForMs() === 0);
    await informer.stop();
  });
});
