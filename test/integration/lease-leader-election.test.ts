import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeError } from '../../src/adapters/kubernetes/client/kube-error.ts';
import { LEASES, type KubeObject } from '../../src/adapters/kubernetes/client/resource.ts';
import { LeaseLeaderElection } from '../../src/adapters/kubernetes/leader-election/lease-leader-election.ts';
import type { AbortSignalLike } from '../../src/application/ports/tag-registry.ts';
import { leaderElectionContract } from '../contracts/leadership.contract.ts';
import { eventually } from '../support/eventually.ts';
import { FakeLog } from '../support/fakes/recorders.ts';
import type { SharedCluster } from './cluster.ts';
import { connectForAll } from './kubernetes.ts';

interface Lease extends KubeObject {
  readonly spec: {
    readonly holderIdentity: string;
    readonly leaseDurationSeconds: number;
    readonly renewTime: string;
    readonly acquireTime: string;
    readonly leaseTransitions: number;
  };
}

/** A starved machine must not make a leader lose it: kimup's own Lease holds for 6 s. */
const LEASE_MS = 4_000;
const RENEW_MS = 400;

let cluster: SharedCluster;
let client: KubeClient;

connectForAll((connected) => ({ cluster, client } = connected));

/** A replica whose way to the API server the test can cut. */
class Candidate {
  readonly election: LeaseLeaderElection;
  readonly stop = new AbortController();
  readonly done: Promise<void>;
  /** Begin and end of each time it led, by the monotonic clock. */
  readonly terms: { from: number; to?: number }[] = [];
  cut = false;
  /** How far this replica's wall clock is ahead, milliseconds. */
  skewMs = 0;

  constructor(namespace: string, identity: string, work: (signal: AbortSignalLike) => Promise<void> = untilAborted) {
    const ask =
      (method: 'get' | 'create' | 'replace') =>
      (...all: never[]): unknown => {
        if (this.cut) return Promise.reject(new KubeError('connect ECONNREFUSED', 0, 'NoAnswer'));
        return (client[method] as (...all: unknown[]) => unknown).apply(
          client,
          all.map((argument) => this.byItsClock(argument)),
        );
      };
    const own = { get: ask('get'), create: ask('create'), replace: ask('replace') } as unknown as KubeClient;
    this.election = new LeaseLeaderElection(
      own,
      { namespace, name: 'lead', identity, fieldManager: 'kimup-operator', leaseMs: LEASE_MS, renewMs: RENEW_MS },
      new FakeLog(),
    );
    this.done = this.election.run(async (signal) => {
      const term: { from: number; to?: number } = { from: performance.now() };
      this.terms.push(term);
      signal.addEventListener('abort', () => {
        term.to = performance.now();
      });
      await work(signal);
    }, this.stop.signal);
    this.done.catch(() => undefined);
  }

  leads(): boolean {
    return this.election.isLeader();
  }

  /** A Lease that this replica writes, with the times of its own clock. */
  private byItsClock(argument: unknown): unknown {
    const { spec } = (argument ?? {}) as Partial<Lease>;
    if (spec?.renewTime === undefined) return argument;
    const shifted = (time: string): string =>
      new Date(Date.parse(time) + this.skewMs).toISOString().replace('Z', '000Z');
    return {
      ...(argument as object),
      spec: { ...spec, renewTime: shifted(spec.renewTime), acquireTime: shifted(spec.acquireTime) },
    };
  }
}

function untilAborted(signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
}

const lease = (namespace: string): Promise<Lease> => client.get<Lease>(LEASES, { namespace, name: 'lead' });

leaderElectionContract(
  'LeaseLeaderElection',
  async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    let replicas = 0;
    return {
      replica: () =>
        new LeaseLeaderElection(
          client,
          {
            namespace,
            name: 'lead',
            identity: `replica-${++replicas}`,
            fieldManager: 'kimup-operator',
            leaseMs: LEASE_MS,
            renewMs: RENEW_MS,
          },
          new FakeLog(),
        ),
      stop: async () => undefined,
    };
  },
  { severalReplicas: true },
);

describe('LeaseLeaderElection', () => {
  it('has one leader, which renews its Lease, and gives it back when it stops: the other leads at once', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const first = new Candidate(namespace, 'first');
    await eventually(() => first.leads());
    const second = new Candidate(namespace, 'second');
    const before = await lease(namespace);
    expect(before.spec).toMatchObject({ holderIdentity: 'first', leaseDurationSeconds: 4, leaseTransitions: 0 });
    await eventually(async () => (await lease(namespace)).spec.renewTime > before.spec.renewTime);
    // For longer than a Lease holds: it is renewal that keeps the second one out.
    await eventually(
      async () =>
        Date.parse((await lease(namespace)).spec.renewTime) > Date.parse(before.spec.renewTime) + 1.5 * LEASE_MS,
    );
    expect([first.leads(), second.leads(), (await lease(namespace)).spec.acquireTime]).toEqual([
      true,
      false,
      before.spec.acquireTime,
    ]);

    first.stop.abort();
    await first.done;
    expect(first.leads()).toBe(false);
    // Given back, not left to expire; the other may have it already.
    expect(['', 'second']).toContain((await lease(namespace)).spec.holderIdentity);
    await eventually(() => second.leads());
    expect((await lease(namespace)).spec).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
    second.stop.abort();
    await second.done;
    expect((await lease(namespace)).spec.holderIdentity).toBe('');
  });

  it("stops leading before its Lease ends when it can't renew it, and leads again later", async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const first = new Candidate(namespace, 'first');
    await eventually(() => first.leads());
    const second = new Candidate(namespace, 'second');
    first.cut = true;
    await eventually(() => second.leads());
    expect(first.leads()).toBe(false);
    expect(first.terms[0]?.to).toBeLessThan(second.terms[0]?.from ?? 0);

    first.cut = false;
    second.cut = true;
    await eventually(() => first.terms.length === 2);
    expect(second.terms[0]?.to).toBeLessThan(first.terms[1]?.from ?? 0);
    first.stop.abort();
    second.stop.abort();
    await Promise.all([first.done, second.done]);
  });

  it.each([
    ['behind', -3_600_000],
    ['ahead', 3_600_000],
  ])('is not led astray by a leader whose clock is an hour %s', async (_which, skewMs) => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const skewed = new Candidate(namespace, 'skewed');
    skewed.skewMs = skewMs;
    await eventually(() => skewed.leads());
    const other = new Candidate(namespace, 'other');
    const begun = Date.parse((await lease(namespace)).spec.renewTime);
    // It stands by for as long as the Lease is renewed, however old or new the times in it look.
    await eventually(async () => Date.parse((await lease(namespace)).spec.renewTime) > begun + 2 * LEASE_MS);
    expect([skewed.leads(), other.terms]).toEqual([true, []]);
    // And leads once it is not, after the first has stopped.
    skewed.cut = true;
    await eventually(() => other.leads());
    expect(skewed.terms[0]!.to).toBeLessThan(other.terms[0]!.from);
    for (const one of [skewed, other]) one.stop.abort();
    await Promise.all([skewed.done, other.done]);
  });

  it('goes on leading over a short break', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const only = new Candidate(namespace, 'only');
    await eventually(() => only.leads());
    const { spec } = await lease(namespace);
    only.cut = true;
    setTimeout(() => {
      only.cut = false;
    }, LEASE_MS / 4);
    await eventually(
      async () => Date.parse((await lease(namespace)).spec.renewTime) > Date.parse(spec.renewTime) + LEASE_MS,
    );
    expect(only.terms).toHaveLength(1);
    expect(only.terms[0]?.to).toBeUndefined();
    only.stop.abort();
    await only.done;
  });

  it('stops leading when somebody gives the Lease to another, who is believed for no longer than it would hold', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const first = new Candidate(namespace, 'first');
    await eventually(() => first.leads());
    const given = performance.now();
    await client.mergePatch(LEASES, { namespace, name: 'lead' }, { spec: { holderIdentity: 'somebody' } }, 'user');
    await eventually(() => first.terms[0]?.to !== undefined);
    expect(first.leads()).toBe(false);
    // The other never renews it.
    await eventually(() => first.terms.length === 2);
    expect(first.terms[1]!.from - given).toBeGreaterThan(LEASE_MS * 0.9);
    first.stop.abort();
    await first.done;
  });

  it('has no second leader when somebody deletes the Lease: the leader makes it again', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const first = new Candidate(namespace, 'first');
    await eventually(() => first.leads());
    const second = new Candidate(namespace, 'second');
    for (let round = 0; round < 3; round++) {
      const { metadata } = await lease(namespace);
      await client.delete(LEASES, { namespace, name: 'lead' });
      // One that stands by may be the first to put one in its place, for a holder that it does not know; the leader takes it.
      await eventually(async () => {
        const made = await lease(namespace).catch(() => undefined);
        return made !== undefined && made.metadata?.uid !== metadata?.uid && made.spec.holderIdentity === 'first';
      });
    }
    expect([first.terms.length, first.terms[0]?.to, second.terms.length]).toEqual([1, undefined, 0]);

    // Nobody is left to make it again.
    first.cut = true;
    await client.delete(LEASES, { namespace, name: 'lead' });
    await eventually(() => second.leads());
    expect(first.terms[0]?.to).toBeLessThan(second.terms[0]!.from);
    first.stop.abort();
    second.stop.abort();
    await Promise.all([first.done, second.done]);
  });

  it('does not lead again before the work of a lead that lapsed has ended, though the Lease is free', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const hangs = Promise.withResolvers<void>();
    const first = new Candidate(namespace, 'first', () => hangs.promise);
    await eventually(() => first.leads());
    first.cut = true;
    const second = new Candidate(namespace, 'second');
    await eventually(() => second.leads());
    first.cut = false;
    second.stop.abort();
    await second.done;
    const third = new Candidate(namespace, 'third');
    await eventually(() => third.leads());
    third.stop.abort();
    await third.done;
    expect([first.leads(), first.terms.length]).toEqual([false, 1]);
    first.stop.abort();
    hangs.resolve();
    await first.done;
  });

  it('keeps the Lease while its work winds down, and no longer', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const windsDown = Promise.withResolvers<void>();
    const first = new Candidate(namespace, 'first', async (signal) => {
      await untilAborted(signal);
      await windsDown.promise;
    });
    await eventually(() => first.leads());
    const second = new Candidate(namespace, 'second');
    const { spec } = await lease(namespace);
    first.stop.abort();
    await eventually(
      async () => Date.parse((await lease(namespace)).spec.renewTime) > Date.parse(spec.renewTime) + LEASE_MS * 1.5,
    );
    expect(second.leads()).toBe(false);
    windsDown.resolve();
    await first.done;
    await eventually(() => second.leads());
    second.stop.abort();
    await second.done;
  });

  it('gives the Lease back and fails when the work fails', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const first = new Candidate(namespace, 'first', () => Promise.reject(new Error('the work failed')));
    await expect(first.done).rejects.toThrow('the work failed');
    expect((await lease(namespace)).spec.holderIdentity).toBe('');
  });

  it('has one leader of many who begin together', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'lead' });
    const all = Array.from({ length: 8 }, (_, index) => new Candidate(namespace, `candidate-${index}`));
    for (let round = 0; round < 3; round++) {
      await eventually(() => all.some((candidate) => candidate.leads()));
      const leaders = all.filter((candidate) => candidate.leads());
      expect(leaders).toHaveLength(1);
      leaders[0]?.stop.abort();
      await leaders[0]?.done;
    }
    for (const candidate of all) candidate.stop.abort();
    await Promise.all(all.map((candidate) => candidate.done));
    const terms = all.flatMap((candidate) => candidate.terms).sort((a, b) => a.from - b.from);
    for (let i = 1; i < terms.length; i++) expect(terms[i]!.from).toBeGreaterThanOrEqual(terms[i - 1]!.to ?? Infinity);
  });
});
