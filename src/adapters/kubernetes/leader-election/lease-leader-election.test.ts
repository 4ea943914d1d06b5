import { leaderElectionContract } from '../../../../test/contracts/leadership.contract.ts';
import { FakeLog } from '../../../../test/support/fakes/recorders.ts';
import { KubeError } from '../client/kube-error.ts';
import type { KubeObject } from '../client/resource.ts';
import { LeaseLeaderElection } from './lease-leader-election.ts';

/** The API server as far as one Lease goes. */
class Leases {
  private lease: KubeObject | undefined;
  private version = 0;

  async get(): Promise<KubeObject> {
    if (this.lease === undefined) throw new KubeError('leases "lead" not found', 404, 'NotFound');
    return this.lease;
  }

  async create(_resource: unknown, _at: unknown, body: KubeObject): Promise<KubeObject> {
    if (this.lease !== undefined) throw new KubeError('leases "lead" already exists', 409, 'AlreadyExists');
    return this.put(body);
  }

  async replace(_resource: unknown, _at: unknown, body: KubeObject): Promise<KubeObject> {
    if (body.metadata?.resourceVersion !== this.lease?.metadata?.resourceVersion)
      throw new KubeError('the object has been modified', 409, 'Conflict');
    return this.put(body);
  }

  private put(body: KubeObject): KubeObject {
    return (this.lease = { ...body, metadata: { ...body.metadata, resourceVersion: String(++this.version) } });
  }
}

leaderElectionContract(
  'LeaseLeaderElection',
  async () => {
    const leases = new Leases();
    let replicas = 0;
    return {
      replica: () =>
        new LeaseLeaderElection(
          leases as never,
          // The Lease holds for as long as kimup's own, so that a starved machine loses no lead; what waits, waits shortly.
          { namespace: 'default', name: 'lead', identity: `replica-${++replicas}`, fieldManager: 'test', renewMs: 20 },
          new FakeLog(),
        ),
      stop: async () => undefined,
    };
  },
  { severalReplicas: true },
);
