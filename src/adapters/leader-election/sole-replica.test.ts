import { leaderElectionContract } from '../../../test/contracts/leadership.contract.ts';
import { SoleReplica } from './sole-replica.ts';

leaderElectionContract('SoleReplica', async () => ({ replica: () => new SoleReplica(), stop: async () => undefined }), {
  severalReplicas: false,
});
