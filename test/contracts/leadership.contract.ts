import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LeaderElection } from '../../src/application/ports/leadership.ts';
import type { AbortSignalLike } from '../../src/application/ports/tag-registry.ts';
import { eventually } from '../support/eventually.ts';

/** A component whose replicas nobody leads yet. */
export interface LeaderElectionUnderTest {
  /** Another replica of the component; the second one only where {@link LeaderElectionOptions.severalReplicas}. */
  replica(): LeaderElection;
  stop(): Promise<void>;
}

export interface LeaderElectionOptions {
  /** Whether replicas know of each other. */
  readonly severalReplicas: boolean;
}

/** A replica that takes part, and its terms. */
class Candidate {
  readonly stop = new AbortController();
  /** Whether it leads, as {@link LeaderElection.isLeader} said when the work of each term began. */
  readonly begun: boolean[] = [];
  ended = 0;
  signal: AbortSignalLike | undefined;
  readonly done: Promise<void>;

  constructor(
    readonly election: LeaderElection,
    /** What its work does once its signal has aborted. */
    windDown: () => Promise<void> = async () => undefined,
  ) {
    this.done = election.run(async (signal) => {
      this.begun.push(election.isLeader());
      this.signal = signal;
      await new Promise<void>((resolve) =>
        signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve()),
      );
      await windDown();
      this.ended++;
    }, this.stop.signal);
    this.done.catch(() => undefined);
  }
}

/** What every {@link LeaderElection} does. */
export function leaderElectionContract(
  name: string,
  start: () => Promise<LeaderElectionUnderTest>,
  options: LeaderElectionOptions,
): void {
  describe(`${name}, a LeaderElection`, () => {
    let under: LeaderElectionUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());

    it('leads from when its work begins until its work has ended after a stop', async () => {
      const election = under.replica();
      expect(election.isLeader()).toBe(false);
      const candidate = new Candidate(election);
      await eventually(() => election.isLeader() && candidate.signal !== undefined);
      expect([candidate.begun, candidate.signal?.aborted]).toEqual([[true], false]);
      candidate.stop.abort();
      await candidate.done;
      expect([candidate.signal?.aborted, candidate.ended, election.isLeader()]).toEqual([true, 1, false]);
    });

    it('goes on leading, and does not end, while the work winds down', async () => {
      const election = under.replica();
      const windingDown = Promise.withResolvers<void>();
      const windDown = Promise.withResolvers<void>();
      const candidate = new Candidate(election, () => {
        windingDown.resolve();
        return windDown.promise;
      });
      let hasEnded = false;
      void candidate.done.then(() => (hasEnded = true));
      await eventually(() => candidate.signal !== undefined);
      candidate.stop.abort();
      await windingDown.promise;
      expect([hasEnded, election.isLeader()]).toEqual([false, true]);
      windDown.resolve();
      await candidate.done;
      expect([candidate.ended, election.isLeader()]).toEqual([1, false]);
    });

    it('does no work where it was told to stop before it began', async () => {
      const election = under.replica();
      const stop = new AbortController();
      stop.abort();
      let led = 0;
      await election.run(async () => void led++, stop.signal);
      expect([led, election.isLeader()]).toEqual([0, false]);
    });

    it.each<[string, () => Promise<void>]>([
      ['rejects', () => Promise.reject(new Error('the work failed'))],
      [
        'throws',
        () => {
          throw new Error('the work failed');
        },
      ],
    ])('fails as its work does that %s, and does not lead then', async (_, work) => {
      const election = under.replica();
      await expect(election.run(work, new AbortController().signal)).rejects.toThrow('the work failed');
      expect(election.isLeader()).toBe(false);
    });

    if (options.severalReplicas) severalReplicasContract(() => under);
  });
}

/** What replicas do that know of each other. */
function severalReplicasContract(under: () => LeaderElectionUnderTest): void {
  it('has one leader; when that one ends, another leads', async () => {
    const candidates = Array.from({ length: 3 }, () => new Candidate(under().replica()));
    const leaders = (): readonly Candidate[] => candidates.filter(({ election }) => election.isLeader());
    for (let left = 3; left > 0; left--) {
      await eventually(() => leaders().some(({ signal }) => signal !== undefined));
      const [leader, ...others] = leaders();
      expect(others).toEqual([]);
      leader!.stop.abort();
      await leader!.done;
      expect([leader!.begun, leader!.ended]).toEqual([[true], 1]);
    }
  });

  it('has no other leader while the work of one that stops winds down', async () => {
    const windDown = Promise.withResolvers<void>();
    const first = new Candidate(under().replica(), () => windDown.promise);
    await eventually(() => first.signal !== undefined);
    const second = new Candidate(under().replica());
    first.stop.abort();
    await eventually(() => first.signal!.aborted);
    expect([first.election.isLeader(), second.begun]).toEqual([true, []]);
    windDown.resolve();
    await first.done;
    await eventually(() => second.begun.length === 1);
    second.stop.abort();
    await second.done;
  });
}
