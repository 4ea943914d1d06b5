import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Informer } from '../../src/adapters/kubernetes/client/informer.ts';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeError } from '../../src/adapters/kubernetes/client/kube-error.ts';
import {
  NAMESPACES,
  PODS,
  SECRETS,
  type KubeObject,
  type Resource,
} from '../../src/adapters/kubernetes/client/resource.ts';
import { startCluster, type Cluster } from '../../tools/cluster/cluster.ts';
import { startProxy } from '../support/proxy.ts';
import { eventually } from '../support/eventually.ts';
import { FakeLog } from '../support/fakes/recorders.ts';
import type { SharedCluster } from './cluster.ts';
import { connectForAll, kubernetes } from './kubernetes.ts';

const CONFIG_MAPS: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const configMap = (name: string, data: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { test: 'yes' } },
  data,
});

describe('KubeClient and Informer on a real API server', () => {
  let cluster: SharedCluster;
  let client: KubeClient;
  let namespace: string;

  connectForAll((connected) => ({ cluster, client } = connected), 'kimup-client-test/0');
  beforeAll(async () => {
    namespace = await cluster.freshNamespace({ prefix: 'client' });
  });

  const failure = async (promise: Promise<unknown>): Promise<Pick<KubeError, 'status' | 'reason'>> => {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(KubeError);
    const { status, reason } = error as KubeError;
    return { status, reason };
  };

  it("creates, reads, patches and deletes, and says why it can't", async () => {
    const at = { namespace, name: 'one' };
    await client.create(CONFIG_MAPS, { namespace }, configMap('one', { a: '1' }));
    expect(await failure(client.create(CONFIG_MAPS, { namespace }, configMap('one')))).toEqual({
      status: 409,
      reason: 'AlreadyExists',
    });
    const patched = await client.mergePatch<ConfigMap>(CONFIG_MAPS, at, { data: { a: null, b: '2' } }, 'test');
    expect(patched.data).toEqual({ b: '2' });
    const stale = { metadata: { resourceVersion: '1' }, data: { c: '3' } };
    expect(await failure(client.mergePatch(CONFIG_MAPS, at, stale, 'test'))).toEqual({
      status: 409,
      reason: 'Conflict',
    });
    expect(await failure(client.delete(CONFIG_MAPS, at, { uid: 'another' }))).toEqual({
      status: 409,
      reason: 'Conflict',
    });
    await client.delete(CONFIG_MAPS, at, { uid: patched.metadata?.uid ?? '' });
    expect(await failure(client.get(CONFIG_MAPS, at))).toEqual({ status: 404, reason: 'NotFound' });
    expect(await failure(client.delete(CONFIG_MAPS, at))).toEqual({ status: 404, reason: 'NotFound' });
    expect(
      await failure(client.create(CONFIG_MAPS, { namespace }, { ...configMap('x'), metadata: { name: 'NOT a name' } })),
    ).toEqual({ status: 422, reason: 'Invalid' });
  });

  it('applies: takes over by force, and takes away what it leaves out', async () => {
    const at = { namespace, name: 'applied' };
    await client.apply(CONFIG_MAPS, at, { data: { a: '1', b: '1' } }, 'first');
    await client.apply(CONFIG_MAPS, at, { data: { b: '2', c: '2' } }, 'second');
    await client.apply(CONFIG_MAPS, at, { data: { a: '3' } }, 'first');
    expect((await client.get<ConfigMap>(CONFIG_MAPS, at)).data).toEqual({ a: '3', b: '2', c: '2' });
    await client.apply(CONFIG_MAPS, at, {}, 'second');
    expect((await client.get<ConfigMap>(CONFIG_MAPS, at)).data).toEqual({ a: '3' });
  });

  it('reads 1,100 objects in three pages, and an informer has them all and follows', async () => {
    const many = await cluster.freshNamespace({ prefix: 'many' });
    const names = Array.from({ length: 1_100 }, (_, index) => `object-${String(index).padStart(4, '0')}`);
    for (let from = 0; from < names.length; from += 50) {
      await Promise.all(
        names.slice(from, from + 50).map((name) => client.create(CONFIG_MAPS, { namespace: many }, configMap(name))),
      );
    }
    const since = new Date();
    const listed = await client.list<ConfigMap>(CONFIG_MAPS, { namespace: many, labelSelector: 'test=yes' });
    expect(listed.map((object) => object.metadata?.name).sort()).toEqual(names);
    const pages = (await cluster.auditLog({ userAgentPrefix: 'kimup-client-test', since })).filter(
      ({ verb }) => verb === 'list',
    );
    expect(pages).toHaveLength(3);

    const informer = new Informer<ConfigMap>(client, CONFIG_MAPS, { namespace: many, labelSelector: 'test=yes' });
    const told: string[] = [];
    informer.subscribe({
      changed: (now, previous) => told.push(`${previous === undefined ? '+' : '~'}${now.metadata?.name}`),
      deleted: (last) => told.push(`-${last.metadata?.name}`),
    });
    informer.start();
    await informer.whenSynced();
    expect(told).toHaveLength(1_100);
    told.length = 0;
    await client.mergePatch(CONFIG_MAPS, { namespace: many, name: 'object-0007' }, { data: { a: '1' } }, 'test');
    await client.delete(CONFIG_MAPS, { namespace: many, name: 'object-0008' });
    await client.create(CONFIG_MAPS, { namespace: many }, configMap('new'));
    await eventually(() => told.length === 3);
    expect(told).toEqual(['~object-0007', '-object-0008', '+new']);
    expect(informer.get(many, 'object-0007')?.data).toEqual({ a: '1' });
    expect(informer.get(many, 'object-0007')?.metadata?.managedFields).toBeUndefined();
    await informer.stop();
  });

  it('leaves a selection by deletion when an object does not match it any more', async () => {
    await client.create(CONFIG_MAPS, { namespace }, configMap('selected'));
    const informer = new Informer<ConfigMap>(client, CONFIG_MAPS, { namespace, labelSelector: 'test=yes' });
    const gone: (string | undefined)[] = [];
    informer.subscribe({ changed: () => undefined, deleted: (last) => gone.push(last.metadata?.name) });
    informer.start();
    await informer.whenSynced();
    await client.mergePatch(
      CONFIG_MAPS,
      { namespace, name: 'selected' },
      { metadata: { labels: { test: null } } },
      'test',
    );
    await eventually(() => gone.includes('selected'));
    expect(informer.get(namespace, 'selected')).toBeUndefined();
    await informer.stop();
  });

  it('does not wait for ever on a network that passes nothing on, without a word', async () => {
    const apiServer = new URL(cluster.apiServer.url);
    const proxy = await startProxy(() => Number(apiServer.port));
    const dir = mkdtempSync(join(tmpdir(), 'kimup-proxied-'));
    const kubeconfig = join(dir, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      readFileSync(cluster.kubeconfig, 'utf8').replaceAll(apiServer.host, `127.0.0.1:${proxy.port}`),
    );
    const proxied = kubernetes(kubeconfig);
    await client.create(CONFIG_MAPS, { namespace }, configMap('behind'));
    const informer = new Informer<ConfigMap>(proxied.client, CONFIG_MAPS, {
      namespace,
      labelSelector: 'test=yes',
      silenceMs: { min: 2_000, max: 2_500 },
      backoff: { firstMs: 50, mostMs: 200 },
    });
    informer.start();
    await informer.whenSynced();
    await eventually(() => informer.staleForMs() === 0);

    proxy.stall();
    await client.mergePatch(CONFIG_MAPS, { namespace, name: 'behind' }, { data: { a: '1' } }, 'test');
    // Connections that are open say nothing and new ones are not made: the watch is given up, and it shows.
    await eventually(() => informer.staleForMs() > 0);
    expect(informer.get(namespace, 'behind')?.data).toBeUndefined();
    // What was held back stays so, as behind a router that has forgotten the connection.
    proxy.cut();
    proxy.resume();
    await eventually(() => informer.get(namespace, 'behind')?.data?.['a'] === '1' && informer.staleForMs() === 0);
    await informer.stop();
    await proxied.close();
    await proxy.stop();
    rmSync(dir, { recursive: true });
  });

  it('begins a watch from long ago, or says 410', async () => {
    const watch = client.watch(CONFIG_MAPS, { namespace, resourceVersion: '1', timeoutSeconds: 5 });
    // The API server may still know that far back; what matters is that nothing else comes of it.
    const first = await watch.next().then(
      ({ value }) => value,
      (error: unknown) => error,
    );
    if (first instanceof KubeError) expect(first.status).toBe(410);
    await watch.return();
  });

  it('is as whom the token says, and no more', async () => {
    await cluster.kubectl(['-n', namespace, 'create', 'serviceaccount', 'reader']);
    await cluster.kubectl([
      '-n',
      namespace,
      'create',
      'rolebinding',
      'reader',
      '--clusterrole=view',
      `--serviceaccount=${namespace}:reader`,
    ]);
    const reader = kubernetes(await cluster.serviceAccountKubeconfig(namespace, 'reader'));
    expect(await reader.client.list(PODS, { namespace })).toEqual([]);
    expect(await failure(reader.client.list(SECRETS, { namespace }))).toEqual({ status: 403, reason: 'Forbidden' });
    expect(await failure(reader.client.list(NAMESPACES))).toEqual({ status: 403, reason: 'Forbidden' });
    await reader.close();
  });
});

describe('Informer, when the API server goes away', () => {
  let cluster: Cluster;
  beforeAll(async () => void (cluster = await startCluster({ nodes: 'kwok', name: 'informer' })), 900_000);
  afterAll(() => cluster?.stop());

  it('keeps what it knows, and goes on when it is back: changes and deletions of meanwhile included', async () => {
    const { client, close } = kubernetes(cluster.kubeconfig);
    const log = new FakeLog();
    const at = (name: string) => ({ namespace: 'default', name });
    for (const name of ['stays', 'goes', 'changes'])
      await client.create(CONFIG_MAPS, { namespace: 'default' }, configMap(name));
    const informer = new Informer<ConfigMap>(client, CONFIG_MAPS, {
      labelSelector: 'test=yes',
      log,
      backoff: { firstMs: 100, mostMs: 500 },
    });
    informer.start();
    await informer.whenSynced();

    const server = cluster.component('kube-apiserver');
    await server.stop();
    await eventually(() => log.lines.length >= 2);
    expect(informer.synced()).toBe(true);
    expect(informer.list()).toHaveLength(3);
    await server.start();
    await cluster.apiServerReady();
    await client.delete(CONFIG_MAPS, at('goes'));
    await client.mergePatch(CONFIG_MAPS, at('changes'), { data: { a: '2' } }, 'test');
    await eventually(() => informer.list().length === 2 && informer.get('default', 'changes')?.data?.['a'] === '2');

    // A server that hangs: requests end by their timeout, the watch goes on when it thaws.
    server.kill('SIGSTOP');
    const ended: string[] = [];
    const longer = client.get(CONFIG_MAPS, at('stays')).then(
      () => ended.push('without a limit of its own'),
      () => ended.push('without a limit of its own'),
    );
    await expect(
      client.get(CONFIG_MAPS, at('stays'), AbortSignal.timeout(1_000)).finally(() => ended.push('after a second')),
    ).rejects.toMatchObject({ status: 0, reason: 'Timeout' });
    server.kill('SIGCONT');
    await longer;
    expect(ended).toEqual(['after a second', 'without a limit of its own']);
    await client.mergePatch(CONFIG_MAPS, at('changes'), { data: { a: '3' } }, 'test');
    await eventually(() => informer.get('default', 'changes')?.data?.['a'] === '3');
    await informer.stop();
    await close();
  });
});
