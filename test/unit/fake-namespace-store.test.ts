import { namespaceStoreContract } from '../contracts/namespace-store.contract.ts';
import { FakeNamespaceStore } from '../support/fakes/fake-namespace-store.ts';

namespaceStoreContract('FakeNamespaceStore', async () => {
  const store = new FakeNamespaceStore();
  store.put('default', { enabled: 'true' });
  return {
    store,
    prefix: 'test',
    create: async (name, annotations) => void store.put(name, annotations),
    annotate: async (name, annotations) => void store.put(name, annotations),
    touch: async (name) => {
      const own = Object.entries(store.annotations(name) ?? {});
      store.put(name, Object.fromEntries(own.map(([key, value]) => [key.replace('kimup.cloudavenue.io/', ''), value])));
    },
    remove: async (name) => store.delete(name),
    stop: async () => undefined,
  };
});
