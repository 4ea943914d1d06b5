import { namespaceStoreContract } from '../../../../test/contracts/namespace-store.contract.ts';
import { FakeLog } from '../../../../test/support/fakes/recorders.ts';
import { ScriptedApiServer } from '../../../../test/support/fakes/scripted-api-server.ts';
import { KubeClient } from '../client/kube-client.ts';
import { KubeConnection } from '../client/kube-connection.ts';
import type { KubeObject } from '../client/resource.ts';
import { KubernetesNamespaceStore } from './kubernetes-namespace-store.ts';

namespaceStoreContract('KubernetesNamespaceStore', async () => {
  const server = await ScriptedApiServer.start();
  const connection = KubeConnection.to(server.url, 'test');
  const store = new KubernetesNamespaceStore(new KubeClient(connection), new FakeLog());
  const namespaces = new Map<string, KubeObject>();
  let version = 1;
  store.start();
  (await server.next()).json(200, { metadata: { resourceVersion: '1' }, items: [] });
  const watch = await server.next();
  watch.lines();
  await store.whenSynced();

  /** Makes a namespace, or changes it. */
  const put = (name: string, annotations: Readonly<Record<string, string>>): void => {
    const known = namespaces.get(name);
    const resourceVersion = String(++version);
    const prefixed = Object.entries(annotations).map(([key, value]) => [`kimup.cloudavenue.io/${key}`, value]);
    const namespace = {
      metadata: {
        name,
        uid: known?.metadata?.uid ?? `uid-${version}`,
        resourceVersion,
        labels: { version: resourceVersion },
        annotations: { ...Object.fromEntries(prefixed), 'example.test/version': resourceVersion },
      },
    };
    namespaces.set(name, namespace);
    watch.lines({ type: known === undefined ? 'ADDED' : 'MODIFIED', object: namespace });
  };
  let annotated: Readonly<Record<string, string>> = {};
  return {
    store,
    prefix: 'test',
    create: async (name, annotations) => put(name, (annotated = annotations)),
    annotate: async (name, annotations) => put(name, (annotated = annotations)),
    touch: async (name) => put(name, annotated),
    remove: async (name) => {
      const { metadata } = namespaces.get(name)!;
      namespaces.delete(name);
      watch.lines({ type: 'DELETED', object: { metadata: { ...metadata, resourceVersion: String(++version) } } });
    },
    stop: async () => {
      await store.stop();
      await connection.close();
      await server.stop();
    },
  };
});
