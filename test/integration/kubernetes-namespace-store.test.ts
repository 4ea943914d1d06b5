import { randomBytes } from 'node:crypto';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { hasStatus } from '../../src/adapters/kubernetes/client/kube-error.ts';
import { NAMESPACES } from '../../src/adapters/kubernetes/client/resource.ts';
import { KubernetesNamespaceStore } from '../../src/adapters/kubernetes/namespaces/kubernetes-namespace-store.ts';
import { namespaceStoreContract } from '../contracts/namespace-store.contract.ts';
import { eventually } from '../support/eventually.ts';
import { FakeLog } from '../support/fakes/recorders.ts';
import { connectForAll } from './kubernetes.ts';

let client: KubeClient;

connectForAll((connected) => ({ client } = connected));

namespaceStoreContract('KubernetesNamespaceStore', async () => {
  const store = new KubernetesNamespaceStore(client, new FakeLog());
  store.start();
  await store.whenSynced();
  const prefixed = (annotations: Readonly<Record<string, string | null>>): Record<string, string | null> =>
    Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`kimup.cloudavenue.io/${key}`, value]));
  return {
    store,
    prefix: `namespaces-${randomBytes(4).toString('hex')}`,
    create: async (name, annotations) =>
      void (await client.create(
        NAMESPACES,
        {},
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name, annotations: { ...prefixed(annotations), 'example.test/other': '1' }, labels: { a: '1' } },
        },
      )),
    annotate: async (name, annotations) => {
      const absent = { enabled: null, 'failure-policy': null };
      const patch = { metadata: { annotations: prefixed({ ...absent, ...annotations }) } };
      await client.mergePatch(NAMESPACES, { name }, patch, 'user');
    },
    touch: async (name) => {
      const changed = randomBytes(4).toString('hex');
      const patch = { metadata: { annotations: { 'example.test/other': changed }, labels: { a: changed } } };
      await client.mergePatch(NAMESPACES, { name }, patch, 'user');
    },
    remove: async (name) => {
      await client.delete(NAMESPACES, { name });
      await eventually(() =>
        client.get(NAMESPACES, { name }).then(
          () => false,
          (error: unknown) => hasStatus(error, 404),
        ),
      );
    },
    stop: () => store.stop(),
  };
});
