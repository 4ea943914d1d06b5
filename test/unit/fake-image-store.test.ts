import { imageStoreContract } from '../contracts/image-store.contract.ts';
import { FakeImageStore } from '../support/fakes/fake-image-store.ts';

imageStoreContract('FakeImageStore', async () => {
  const store = new FakeImageStore();
  const namespace = 'demo';
  const spec = {
    image: 'registry.test/whoami',
    baseTag: 'v1.9.0',
    imagePullSecrets: ['pull'],
    triggers: [{ type: 'crontab', value: '*/15 * * * * *' }],
    rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
  } as const;
  return {
    controller: store,
    operator: store,
    namespace,
    create: async (name, annotations = {}) => void store.put({ namespace, name, annotations, spec }),
    changeBaseTag: async (name, baseTag) => void store.put({ namespace, name, spec: { ...spec, baseTag } }),
    remove: async (name) => store.delete({ namespace, name }),
    stop: async () => undefined,
  };
});
