import { afterAll, beforeAll } from 'vitest';
import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';
import { sharedCluster, type SharedCluster } from './cluster.ts';

/** A client as kimup's processes have one, to be closed at the end. */
export function kubernetes(
  kubeconfig: string,
  userAgent = 'kimup-test/0',
): { client: KubeClient; close(): Promise<void> } {
  const connection = KubeConnection.load({ kubeconfig, userAgent });
  return { client: new KubeClient(connection), close: () => connection.close() };
}

/** Connects to the shared cluster before all tests of a file, tells `connected`, and closes the connection after them. */
export function connectForAll(
  connected: (to: { readonly cluster: SharedCluster; readonly client: KubeClient }) => void,
  userAgent?: string,
): void {
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const cluster = await sharedCluster();
    const connection = kubernetes(cluster.kubeconfig, userAgent);
    close = connection.close;
    connected({ cluster, client: connection.client });
  });
  afterAll(() => close?.());
}
