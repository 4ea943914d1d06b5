import { secretReaderContract } from '../contracts/secret-reader.contract.ts';
import { FakeSecretReader } from '../support/fakes/fake-secret-reader.ts';

secretReaderContract('FakeSecretReader', async () => {
  const reader = new FakeSecretReader();
  return {
    reader,
    namespace: 'default',
    elsewhere: 'elsewhere',
    put: async (...secret) => reader.put(...secret),
    putMalformed: async (namespace, name) => reader.put(namespace, name, 'malformed'),
    stop: async () => undefined,
  };
});
