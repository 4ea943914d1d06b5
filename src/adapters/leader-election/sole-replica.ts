import { LeaderElection } from '../../application/ports/leadership.ts';
import type { AbortSignalLike } from '../../application/ports/tag-registry.ts';

/** Leads without asking anybody, for `--leader-elect=false`: whoever sets that makes sure that there is one replica. */
export class SoleReplica extends LeaderElection {
  private leads = false;

  override isLeader(): boolean {
    return this.leads;
  }

  override async run(lead: (signal: AbortSignalLike) => Promise<void>, stop: AbortSignalLike): Promise<void> {
    if (stop.aborted) return;
    this.leads = true;
    try {
      await lead(stop);
    } finally {
      this.leads = false;
    }
  }
}
