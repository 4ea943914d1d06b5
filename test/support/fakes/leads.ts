import type { LeaderElection } from '../../../src/application/ports/leadership.ts';

/** A replica that leads. */
export const LEADS: Pick<LeaderElection, 'isLeader'> = { isLeader: () => true };
