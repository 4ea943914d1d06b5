import { LeaderElection } from '../../../src/application/ports/leadership.ts';

class Leads extends LeaderElection {
  override isLeader(): boolean {
    return true;
  }

  override async run(
    lead: Parameters<LeaderElection['run']>[0],
    stop: Parameters<LeaderElection['run']>[1],
  ): Promise<void> {
    await lead(stop);
  }
}

/** A replica that leads. */
export const LEADS: LeaderElection = new Leads();
