import { SecretCertificateStore } from '../../src/adapters/kubernetes/certificates/secret-certificate-store.ts';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { SECRETS } from '../../src/adapters/kubernetes/client/resource.ts';
import { certificateStoreContract } from '../contracts/certificate-store.contract.ts';
import type { SharedCluster } from './cluster.ts';
import { connectForAll } from './kubernetes.ts';

let cluster: SharedCluster;
let client: KubeClient;

connectForAll((connected) => ({ cluster, client } = connected));

certificateStoreContract('SecretCertificateStore', async () => {
  const at = { namespace: await cluster.freshNamespace({ prefix: 'certificate' }), name: 'kimup-webhook-cert' };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Secret', metadata: at }]);
  const store = (): SecretCertificateStore => new SecretCertificateStore(client, { ...at, fieldManager: 'test' });
  return {
    store: store(),
    other: store(),
    remove: async (key) => {
      const data = key === undefined ? null : { [key]: null };
      await client.mergePatch(SECRETS, at, { data }, 'somebody');
    },
    breakIt: () => client.delete(SECRETS, at),
    stop: async () => undefined,
  };
});
