import { tagRegistryContract } from '../contracts/tag-registry.contract.ts';
import { FakeTagRegistry } from '../support/fakes/fake-tag-registry.ts';

tagRegistryContract('FakeTagRegistry', async () => {
  const registry = new FakeTagRegistry();
  registry.put('host/team/app', { v1: 'sha256:1', v2: 'sha256:2', latest: 'sha256:2' });
  registry.protect('host/team/app', 'secret');
  return {
    registry,
    host: 'host',
    tags: ['v1', 'v2', 'latest'],
    digests: new Map([
      ['v1', 'sha256:1'],
      ['latest', 'sha256:2'],
    ]),
    access: { credentials: [{ username: 'me', password: 'secret' }], insecureSkipTLSVerify: false },
    stop: async () => {},
  };
});
