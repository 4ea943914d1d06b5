import { setTimeout as sleep } from 'node:timers/promises';
import { LeaderElection } from '../../application/ports/leadership.ts';
import type { Log } from '../../application/ports/log.ts';
import type { AbortSignalLike } from '../../application/ports/tag-registry.ts';
import type { KubeClient } from './client/kube-client.ts';
import { hasStatus } from './client/kube-error.ts';
import { apiVersionOf, LEASES, type KubeObject } from './client/resource.ts';
import { microTime } from './micro-time.ts';

export interface LeaseOptions {
  readonly namespace: string;
  /** The Lease's name. */
  readonly name: string;
  /** Who this is: unique among all replicas, also after a restart. */
  readonly identity: string;
  /** As in `kimup-operator`. */
  readonly fieldManager: string;
  /** How long the lead holds without being renewed, and how often it is renewed; milliseconds. */
  readonly leaseMs?: number;
  readonly renewMs?: number;
}

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/**
 * Leads by holding a coordination.k8s.io Lease. No two clocks are compared: others wait until they have seen the Lease unchanged
 * for as long as it is valid, by their own monotonic clock; the leader stops counting on it a quarter earlier, by its own.
 */
export class LeaseLeaderElection extends LeaderElection {
  private readonly leaseMs: number;
  private readonly renewMs: number;
  /** Until when this replica may count on leading, on the monotonic clock. */
  private leadsUntil = -Infinity;
  /** The Lease as it was last seen or written. */
  private lease: Lease | undefined;
  /** The Lease's version that was seen last, and when it was first seen, on the monotonic clock. */
  private seenVersion: string | undefined;
  private seenAt = 0;
  private failed = false;

  constructor(
    private readonly client: KubeClient,
    private readonly options: LeaseOptions,
    private readonly log: Log,
  ) {
    super();
    this.leaseMs = options.leaseMs ?? 6_000;
    this.renewMs = options.renewMs ?? 2_000;
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
        if (await this.acquire()) await this.leadUntilLost(lead, stopping.signal);
        else await this.pause(stopping.signal);
      }
    } finally {
      stop.removeEventListener('abort', forward);
    }
  }

  private async leadUntilLost(lead: (signal: AbortSignalLike) => Promise<void>, stop: AbortSignal): Promise<void> {
    const { namespace, name, identity } = this.options;
    this.log.info('this replica leads', { lease: `${namespace}/${name}`, identity });
    const term = new AbortController();
    const end = (): void => term.abort();
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();

    let ended = false;
    const over = new AbortController();
    const work = (async () => lead(term.signal))().finally(() => {
      ended = true;
      over.abort();
    });
    // Awaited below; until then it must not count as unhandled.
    work.catch(() => term.abort());

    const deadline = setInterval(() => {
      if (!this.isLeader()) term.abort();
    }, Math.max(10, this.leaseMs / 40));
    try {
      // What winds down after a stop is still covered by the lease.
      while (!(term.signal.aborted && ended)) {
        await this.pause(term.signal.aborted ? over.signal : term.signal);
        if (term.signal.aborted && ended) break;
        if (!(await this.acquire()) && !this.isLeader()) {
          term.abort();
          break;
        }
      }
      if (!stop.aborted && !ended) this.log.warn('this replica has lost the lead', { lease: `${namespace}/${name}`, identity });
      await work;
    } finally {
      clearInterval(deadline);
      stop.removeEventListener('abort', end);
      await this.release();
    }
  }

  /** Takes or renews the Lease; false when it is another's, or can't be asked now. */
  private async acquire(): Promise<boolean> {
    try {
      const held = await this.tryAcquire();
      this.failed = false;
      if (!held) this.leadsUntil = -Infinity;
      return held;
    } catch (error) {
      const { namespace, name } = this.options;
      this.log.warn('the Lease can\'t be asked for', { lease: `${namespace}/${name}`, error: error instanceof Error ? error.message : String(error) });
      this.lease = undefined;
      this.failed = true;
      return false;
    }
  }

  private async tryAcquire(): Promise<boolean> {
    // A leader writes what it knows; whoever changed it meanwhile makes that a conflict, and it looks again.
    if (this.lease === undefined || !this.isHolder(this.lease)) await this.look();
    for (let attempt = 1; attempt <= 2; attempt++) {
      if (this.lease !== undefined && !this.isHolder(this.lease) && !this.isExpired(this.lease)) return false;
      try {
        await this.take();
        return true;
      } catch (error) {
        // Another was faster, or took it away.
        if (!hasStatus(error, 409) && !hasStatus(error, 404)) throw error;
        await this.look();
      }
    }
    return false;
  }

  private async look(): Promise<void> {
    const { namespace, name } = this.options;
    try {
      const lease = await this.client.get<Lease>(LEASES, { namespace, name }, this.timeout());
      if (lease.metadata?.resourceVersion !== this.seenVersion) this.seenAt = performance.now();
      this.seenVersion = lease.metadata?.resourceVersion;
      this.lease = lease;
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      this.lease = undefined;
      this.seenVersion = undefined;
    }
  }

  private async take(): Promise<void> {
    const { namespace, name, identity, fieldManager } = this.options;
    const now = microTime(Date.now());
    const mine = this.lease !== undefined && this.isHolder(this.lease);
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.leaseMs / 1_000),
      acquireTime: mine ? this.lease?.spec?.acquireTime ?? now : now,
      renewTime: now,
      leaseTransitions: (this.lease?.spec?.leaseTransitions ?? 0) + (mine || this.lease === undefined ? 0 : 1),
    };
    const body = { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind, metadata: { ...this.lease?.metadata, managedFields: undefined, namespace, name }, spec };
    // The lease counts from before it was asked for: nobody can have seen it earlier.
    const asked = performance.now();
    const lease = this.lease === undefined
      ? await this.client.create<Lease>(LEASES, { namespace }, body, fieldManager, this.timeout())
      : await this.client.replace<Lease>(LEASES, { namespace, name }, body, fieldManager, this.timeout());
    this.lease = lease;
    this.seenVersion = lease.metadata?.resourceVersion;
    this.leadsUntil = asked + this.leaseMs * 0.75;
  }

  /** Gives the Lease back, so that another need not wait until it has expired. */
  private async release(): Promise<void> {
    this.leadsUntil = -Infinity;
    const { lease, options: { namespace, name, fieldManager } } = this;
    this.lease = undefined;
    if (lease === undefined || !this.isHolder(lease)) return;
    try {
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(Date.now()) };
      await this.client.replace(LEASES, { namespace, name }, { ...lease, spec }, fieldManager, this.timeout());
    } catch (error) {
      this.log.info('the Lease could not be given back, and expires by itself', { lease: `${namespace}/${name}`, error: error instanceof Error ? error.message : String(error) });
    }
  }

  private isHolder(lease: Lease): boolean {
    return lease.spec?.holderIdentity === this.options.identity;
  }

  private isExpired(lease: Lease): boolean {
    if (!lease.spec?.holderIdentity) return true;
    const validMs = Math.max(this.leaseMs, (lease.spec.leaseDurationSeconds ?? 0) * 1_000);
    return performance.now() - this.seenAt >= validMs;
  }

  /** Until the next look: soon after a failure, since the lease runs out; jittered, so that those that stand by don't all ask at once. */
  private async pause(signal: AbortSignal): Promise<void> {
    const ms = this.failed && this.isLeader() ? this.renewMs / 4 : this.renewMs;
    await sleep(ms * (1 - Math.random() / 5), undefined, { signal }).catch(() => undefined);
  }

  /** A renewal must have failed while there is time for another. */
  private timeout(): AbortSignal {
    return AbortSignal.timeout(this.leaseMs / 4);
  }
}
