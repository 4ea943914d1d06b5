import { certificateStoreContract } from '../../../../test/contracts/certificate-store.contract.ts';
import { KubeError } from '../client/kube-error.ts';
import { SecretCertificateStore } from './secret-certificate-store.ts';

certificateStoreContract('SecretCertificateStore', async () => {
  let data: Record<string, string> = {};
  let resourceVersion = 1;
  let isForbidden = false;
  const answer = () => {
    if (isForbidden) throw new KubeError('secrets "kimup-webhook-cert" is forbidden', 403, 'Forbidden');
    return { metadata: { resourceVersion: String(resourceVersion) }, data };
  };
  const client = {
    get: async () => answer(),
    mergePatch: async (_: unknown, __: unknown, body: ReturnType<typeof answer>) => {
      if (answer().metadata.resourceVersion !== body.metadata.resourceVersion)
        throw new KubeError('the object has been modified', 409, 'Conflict');
      resourceVersion++;
      data = { ...data, ...body.data };
      return answer();
    },
  };
  const store = () =>
    new SecretCertificateStore(client as never, { namespace: 'kimup-operator', fieldManager: 'kimup-operator' });
  return {
    store: store(),
    other: store(),
    remove: async (key) => {
      resourceVersion++;
      data = Object.fromEntries(Object.entries(data).filter(([name]) => key !== undefined && name !== key));
    },
    breakIt: async () => {
      isForbidden = true;
    },
    stop: async () => undefined,
  };
});
