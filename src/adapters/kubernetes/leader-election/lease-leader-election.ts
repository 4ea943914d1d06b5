import { setTimeout as sleep } from 'node:timers/promises';
import { LeaderElection } from '../../../application/ports/leadership.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { AbortSignalLike } from '../../../application/ports/tag-registry.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { hasStatus } from '../client/kube-error.ts';
import { apiVersionOf, LEASES, type KubeObject } from '../client/resource.ts';
import { microTime } from '../client/micro-time.ts';
import { Term } from './term.ts';

/** Which Lease replicas agree on, and how long they believe it. */
export class LeaseOptions {
  readonly namespace!: string;
  /** The Lease's name. */
  readonly name!: string;
  /** Who this is: unique among all replicas, also after a restart. */
  readonly identity!: string;
  /** As in `kimup-operator`. */
  readonly fieldManager!: string;
  /** How long the lead holds without being renewed, and how often it is renewed; milliseconds. */
  readonly leaseMs?: number;
  readonly renewMs?: number;
  /** How often one that stands by looks, at most, milliseconds: how long a lead that was given back may lie there. */
  readonly standbyMs?: number;

  constructor(values: LeaseOptions) {
    Object.assign(this, values);
  }
}

/** Another's Lease is believed for at most this long, whatever it says: one that nobody renews must not keep everybody out. */
const LONGEST_LEASE_MS = 60_000;

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** Who holds a Lease that was made in place of a deleted one, until somebody takes it. */
const UNKNOWN_HOLDER = 'unknown';

/**
 * Leads by holding a coordination.k8s.io Lease. No two clocks are compared: others wait until they have seen the Lease unchanged
 * for as long as it is valid, by their own monotonic clock; the leader stops counting on it a quarter earlier, by its own, and
 * from before it asked. So a leader that can't renew, or that was frozen, has ended before another begins.
 */
export class LeaseLeaderElection extends LeaderElection {
  private readonly leaseMs: number;
  private readonly renewMs: number;
  private readonly standbyMs: number;
  /** Until when this replica may count on leading, on the monotonic clock. */
  private leadsUntil = -Infinity;
  /** The Lease as it was last seen or written; undefined while there is none, or it is not known how it is now. */
  private lease: Lease | undefined;
  /** The resource version of the Lease that was seen last; undefined for none. */
  private seenVersion: string | undefined;
  /** Whether there ever was a Lease: one that is missing then was deleted by somebody, and its holder may not know yet. */
  private hasSeenOne = false;
  /** From when on no other can count on leading by the Lease that was seen last, on the monotonic clock. */
  private freeAt = -Infinity;

  constructor(
    private readonly client: KubeClient,
    private readonly options: LeaseOptions,
    private readonly log: Log,
  ) {
    super();
    this.leaseMs = options.leaseMs ?? 6_000;
    this.renewMs = options.renewMs ?? 2_000;
    this.standbyMs = options.standbyMs ?? this.renewMs / 2;
  }

  override isLeader(): boolean {
    return performance.now() < this.leadsUntil;
  }

  override async run(lead: (signal: AbortSignalLike) => Promise<void>, stop: AbortSignalLike): Promise<void> {
    const stopping = new AbortController();
    const forward = (): void => stopping.abort();
    stop.addEventListener('abort', forward);
    if (stop.aborted) forward();
    try {
      while (!stopping.signal.aborted) {
        if ((await this.ask(() => this.acquire())) === true) await this.leadUntilLost(lead, stopping.signal);
        else await pause(this.standbyMs, stopping.signal);
      }
    } finally {
      stop.removeEventListener('abort', forward);
    }
  }

  private async leadUntilLost(lead: (signal: AbortSignalLike) => Promise<void>, stop: AbortSignal): Promise<void> {
    const { namespace, name, identity } = this.options;
    const lease = `${namespace}/${name}`;
    this.log.info('this replica is the leader', { lease, identity });
    using term = new Term(lead, stop);
    const deadline = setInterval(
      () => {
        if (!this.isLeader()) term.lapse();
      },
      Math.max(10, this.leaseMs / 40),
    );
    try {
      await this.renewDuring(term);
      term.end();
      if (!stop.aborted && !term.hasEnded())
        this.log.warn('this replica is no longer the leader', {
          lease,
          identity,
          holder: this.lease?.spec?.holderIdentity,
        });
      await term.work;
    } finally {
      clearInterval(deadline);
      await this.release();
    }
  }

  /**
   * Renews the Lease until the work has ended or the lead has lapsed: what winds down after a stop is still covered by the Lease.
   * A lead that has lapsed is not taken up again before the work of this term has ended: another may have led since.
   */
  private async renewDuring(term: Term): Promise<void> {
    let renewed: boolean | undefined = true;
    while (!term.hasEnded() && this.isLeader()) {
      // Soon after a failure, since the Lease runs out.
      await pause(renewed === undefined ? this.renewMs / 4 : this.renewMs, term.overSignal);
      if (!term.hasEnded() && this.isLeader()) renewed = await this.ask(() => this.renew());
    }
  }

  /** What `question` answers, undefined when the API server can't be asked now. */
  private async ask(question: () => Promise<boolean>): Promise<boolean | undefined> {
    try {
      return await question();
    } catch (error) {
      const { namespace, name } = this.options;
      this.log.warn('could not get or renew the Lease', {
        lease: `${namespace}/${name}`,
        error: error instanceof Error ? error.message : String(error),
      });
      // Whether it was written is not known.
      this.lease = undefined;
      return undefined;
    }
  }

  /** Takes the Lease if it is free; whether this replica has it now. */
  private async acquire(): Promise<boolean> {
    await this.look();
    if (this.lease === undefined && this.hasSeenOne) {
      await this.putInItsPlace();
      return false;
    }
    if (!this.isHolder(this.lease) && performance.now() < this.freeAt) return false;
    return this.take();
  }

  /** Renews the Lease of a replica that leads; false when it is another's. */
  private async renew(): Promise<boolean> {
    // A leader writes what it knows; whoever changed it meanwhile makes that a conflict, and it looks again.
    if (this.lease !== undefined && (await this.take())) return true;
    await this.look();
    // Deleted by somebody: it is made again here first, since those that stand by wait for as long as it would have held.
    const lost =
      this.lease !== undefined && !this.isHolder(this.lease) && this.lease.spec?.holderIdentity !== UNKNOWN_HOLDER;
    if (!lost && (await this.take())) return true;
    if (lost) this.leadsUntil = -Infinity;
    return false;
  }

  private async look(): Promise<void> {
    const { namespace, name } = this.options;
    try {
      this.lease = await this.client.get<Lease>(LEASES, { namespace, name }, this.timeout());
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      this.lease = undefined;
    }
    const version = this.lease?.metadata?.resourceVersion;
    this.hasSeenOne ||= version !== undefined;
    if (version === this.seenVersion) return;
    this.seenVersion = version;
    const { holderIdentity, leaseDurationSeconds = 0 } = this.lease?.spec ?? {};
    if (this.lease !== undefined && !holderIdentity) this.freeAt = -Infinity;
    // Whoever held one that is gone leads until it notices.
    else
      this.freeAt =
        performance.now() + Math.min(LONGEST_LEASE_MS, Math.max(this.leaseMs, leaseDurationSeconds * 1_000));
  }

  /**
   * Makes a Lease in place of one that somebody deleted, for a holder that nobody knows. That two looks found none does not say
   * that there was none in between; that this one is unchanged does. The leader takes it back at its next renewal.
   */
  private async putInItsPlace(): Promise<void> {
    const { namespace, name, fieldManager } = this.options;
    const now = microTime(Date.now());
    const spec = {
      holderIdentity: UNKNOWN_HOLDER,
      leaseDurationSeconds: Math.ceil(this.leaseMs / 1_000),
      acquireTime: now,
      renewTime: now,
      leaseTransitions: 0,
    };
    try {
      this.lease = await this.client.create<Lease>(
        LEASES,
        { namespace },
        { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind, metadata: { namespace, name }, spec },
        fieldManager,
        this.timeout(),
      );
      this.seenVersion = this.lease.metadata?.resourceVersion;
      this.freeAt = performance.now() + this.leaseMs;
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
  }

  /** Writes the Lease as one's own; false when somebody else has written or deleted it since it was seen. */
  private async take(): Promise<boolean> {
    const { namespace, name, identity, fieldManager } = this.options;
    const now = microTime(Date.now());
    const mine = this.isHolder(this.lease);
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.leaseMs / 1_000),
      acquireTime: mine ? (this.lease?.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (this.lease?.spec?.leaseTransitions ?? 0) + (mine || this.lease === undefined ? 0 : 1),
    };
    const body = {
      apiVersion: apiVersionOf(LEASES),
      kind: LEASES.kind,
      metadata: { ...this.lease?.metadata, managedFields: undefined, namespace, name },
      spec,
    };
    // The lease counts from before it was asked for: nobody can have seen it earlier.
    const asked = performance.now();
    try {
      const lease =
        this.lease === undefined
          ? await this.client.create<Lease>(LEASES, { namespace }, body, fieldManager, this.timeout())
          : await this.client.replace<Lease>(LEASES, { namespace, name }, body, fieldManager, this.timeout());
      this.lease = lease;
      this.seenVersion = lease.metadata?.resourceVersion;
      this.leadsUntil = asked + this.leaseMs * 0.75;
      return this.isLeader();
    } catch (error) {
      if (!hasStatus(error, 409) && !hasStatus(error, 404)) throw error;
      return false;
    }
  }

  /** Gives the Lease back, so that another need not wait until it has expired. */
  private async release(): Promise<void> {
    this.leadsUntil = -Infinity;
    const {
      lease,
      options: { namespace, name, fieldManager },
    } = this;
    this.lease = undefined;
    if (lease === undefined || !this.isHolder(lease)) return;
    try {
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(Date.now()) };
      await this.client.replace(LEASES, { namespace, name }, { ...lease, spec }, fieldManager, this.timeout());
    } catch (error) {
      this.log.info('the Lease could not be released; it will expire by itself', {
        lease: `${namespace}/${name}`,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  private isHolder(lease: Lease | undefined): boolean {
    return lease?.spec?.holderIdentity === this.options.identity;
  }

  /** A renewal must have failed while there is time for another. */
  private timeout(): AbortSignal {
    return AbortSignal.timeout(this.leaseMs / 4);
  }
}

/** Up to a fifth shorter at random, so that those that stand by don't all ask at once. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms * (1 - Math.random() / 5), undefined, { signal }).catch(() => undefined);
}
