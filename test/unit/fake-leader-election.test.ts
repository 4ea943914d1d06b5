import { expect, it } from 'vitest';
import type { AbortSignalLike } from '../../src/application/ports/tag-registry.ts';
import { leaderElectionContract } from '../contracts/leadership.contract.ts';
import { FakeLeaderElection, leading } from '../support/fakes/fake-leader-election.ts';
import { LEADS } from '../support/fakes/leads.ts';

leaderElectionContract(
  'FakeLeaderElection',
  async () => ({ replica: () => new FakeLeaderElection(), stop: async () => undefined }),
  { severalReplicas: false },
);

it('leads already, where a test only needs a leader', () => {
  expect([LEADS.isLeader(), leading().isLeader()]).toEqual([true, true]);
});

it('loses the lead when the test says so: its work is told', async () => {
  const election = new FakeLeaderElection();
  let term: AbortSignalLike | undefined;
  const stop = new AbortController();
  const done = election.run(async (signal) => void (term = signal), stop.signal);
  expect([election.isLeader(), term?.aborted]).toEqual([true, false]);
  election.lose();
  expect([election.isLeader(), term?.aborted]).toEqual([false, true]);
  stop.abort();
  await done;
});
