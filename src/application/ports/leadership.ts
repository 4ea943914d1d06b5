import type { AbortSignalLike } from './tag-registry.ts';

/** Of all replicas of a component one leads; the others stand by. */
export abstract class LeaderElection {
  /**
   * Takes part until `stop` aborts. Calls `lead` whenever this replica becomes the leader; its signal aborts when it has to end,
   * because the lead was lost or this replica stops. No other replica leads before `lead`'s signal has aborted, and this one
   * takes part again only when the promise of `lead` has settled. After a stop it goes on leading until then: what is in flight
   * can end under the lead.
   * Resolves after `stop`, when `lead` has ended and the lead was given back; rejects with what `lead` throws.
   * @param lead the leader's work; it ends after its signal has aborted, not before, unless it fails
   */
  abstract run(lead: (signal: AbortSignalLike) => Promise<void>, stop: AbortSignalLike): Promise<void>;

  /** Whether this replica is certain to lead now. */
  abstract isLeader(): boolean;
}
