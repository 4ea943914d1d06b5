import { LeaderElection } from '../../../src/application/ports/leadership.ts';
import type { AbortSignalLike } from '../../../src/application/ports/tag-registry.ts';

/** A replica that leads as soon as it runs, and no longer where the test makes it {@link lose} the lead. */
export class FakeLeaderElection extends LeaderElection {
  private leads = false;
  private term = new AbortController();

  /** Another replica leads from now on. */
  lose(): void {
    this.leads = false;
    this.term.abort();
  }

  override isLeader(): boolean {
    return this.leads;
  }

  override async run(lead: (signal: AbortSignalLike) => Promise<void>, stop: AbortSignalLike): Promise<void> {
    if (stop.aborted) return;
    const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve()));
    const term = (this.term = new AbortController());
    stop.addEventListener('abort', () => term.abort());
    this.leads = true;
    try {
      await lead(term.signal);
      await stopped;
    } finally {
      this.leads = false;
    }
  }
}

/** A replica that leads already. */
export function leading(): FakeLeaderElection {
  const election = new FakeLeaderElection();
  void election.run(() => new Promise(() => undefined), new AbortController().signal);
  return election;
}
