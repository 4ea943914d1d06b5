// Where the parts of a control plane listen: on addresses of this host, or of the real node's own network.
import { NODE_ADDRESS } from '../nodes/node-network.ts';

/** Where the parts of a control plane listen. */
export interface Endpoints {
  /** Address that the API server is reached at, by nodes and components. */
  readonly address: string;
  /** What the API server listens on. */
  readonly bind: string;
  readonly apiServer: number;
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
}

/** In the node's network, where nothing else listens: the usual ports. */
export const NODE_ENDPOINTS: Endpoints = {
  address: NODE_ADDRESS,
  bind: '0.0.0.0',
  apiServer: 6443,
  etcdClient: 2379,
  etcdPeer: 2380,
  controllerManager: 10257,
  scheduler: 10259,
};

/** On this host: five ports that are free. */
export function hostEndpoints([
  apiServer = 0,
  etcdClient = 0,
  etcdPeer = 0,
  controllerManager = 0,
  scheduler = 0,
]: readonly number[]): Endpoints {
  return { address: '127.0.0.1', bind: '127.0.0.1', apiServer, etcdClient, etcdPeer, controllerManager, scheduler };
}
