import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';

/** A client as kimup's processes have one, to be closed at the end. */
export function kubernetes(
  kubeconfig: string,
  userAgent = 'kimup-test/0',
): { client: KubeClient; close(): Promise<void> } {
  const connection = KubeConnection.load({ kubeconfig, userAgent });
  return { client: new KubeClient(connection), close: () => connection.close() };
}
