import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { DONE, requeue, type Result } from './result.ts';
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts';

/** A queue whose pieces of work end when the test says so. */
class Bench {
  readonly clock = new FakeClock(0);
  readonly started: string[] = [];
  readonly queuedAt: number[] = [];
  readonly inWork = new Map<string, PromiseWithResolvers<Result>>();
  readonly queue: WorkQueue;
  mostAtOnce = 0;

  constructor(options: Partial<WorkQueueOptions> = {}) {
    this.queue = new WorkQueue(
      this.clock,
      { concurrency: 1, baseDelayMs: 100, maxDelayMs: 1_000, random: () => 0, ...options },
      (key, { queuedAt }) => {
        if (this.inWork.has(key)) throw new Error(`two workers on ${key}`);
        this.started.push(key);
        this.queuedAt.push(queuedAt);
        const work = Promise.withResolvers<Result>();
        this.inWork.set(key, work);
        this.mostAtOnce = Math.max(this.mostAtOnce, this.inWork.size);
        return work.promise;
      },
    );
  }

  /** Lets what is due start. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }

  async end(key: string, result: Result | Error = DONE): Promise<void> {
    await this.settle();
    const work = this.inWork.get(key);
    if (work === undefined) throw new Error(`${key} is not being worked on`);
    this.inWork.delete(key);
    if (result instanceof Error) work.reject(result);
    else work.resolve(result);
    await this.settle();
  }
}

describe('WorkQueue', () => {
  it('works on a key once, however often it was added', async () => {
    const bench = new Bench();
    for (let i = 0; i < 5; i++) bench.queue.add('a');
    expect(bench.queue.depth()).toBe(1);
    await bench.end('a');
    expect(bench.started).toEqual(['a']);
  });

  it('works once more on a key that was added while it was worked on', async () => {
    const bench = new Bench({ concurrency: 4 });
    bench.queue.add('a');
    await bench.settle();
    bench.queue.add('a');
    bench.queue.add('a');
    await bench.settle();
    expect(bench.started).toEqual(['a']);
    await bench.end('a');
    expect(bench.started).toEqual(['a', 'a']);
    await bench.end('a');
    expect(bench.started).toEqual(['a', 'a']);
  });

  it('works on no more keys at once than its concurrency', async () => {
    const bench = new Bench({ concurrency: 2 });
    for (const key of ['a', 'b', 'c']) bench.queue.add(key);
    await bench.settle();
    expect(bench.started).toEqual(['a', 'b']);
    expect([bench.queue.depth(), bench.queue.inFlight()]).toEqual([1, 2]);
    await bench.end('b');
    expect(bench.started).toEqual(['a', 'b', 'c']);
  });

  it('takes urgent keys before others, also one that waits already, and keeps when it was queued', async () => {
    const bench = new Bench();
    bench.queue.add('busy');
    await bench.settle();
    for (const key of ['a', 'b', 'c']) bench.queue.add(key);
    await bench.clock.advance(7);
    bench.queue.add('u', { urgent: true });
    bench.queue.add('b', { urgent: true });
    bench.queue.add('b');
    for (const key of ['busy', 'u', 'b', 'a', 'c']) await bench.end(key);
    expect(bench.started).toEqual(['busy', 'u', 'b', 'a', 'c']);
    expect(bench.queuedAt).toEqual([0, 7, 0, 0, 0]);
  });

  it('lets namespaces take turns, so that one with thousands of keys holds up no other', async () => {
    const bench = new Bench();
    bench.queue.add('busy/0');
    await bench.settle();
    for (let i = 0; i < 10_000; i++) bench.queue.add(`large/${i}`);
    for (const key of ['small/0', 'small/1', 'tiny/0']) bench.queue.add(key);
    const order = ['busy/0', 'large/0', 'small/0', 'tiny/0', 'large/1', 'small/1', 'large/2'];
    for (const key of order) await bench.end(key);
    expect(bench.started.slice(0, order.length)).toEqual(order);
  });

  it('lets namespaces take turns among urgent keys, which go first', async () => {
    const bench = new Bench();
    bench.queue.add('busy/0');
    await bench.settle();
    for (const key of ['a/0', 'b/0', 'a/1', 'c/0']) bench.queue.add(key);
    for (const key of ['a/1', 'a/2', 'c/1']) bench.queue.add(key, { urgent: true });
    const order = ['busy/0', 'a/1', 'c/1', 'a/2', 'a/0', 'b/0', 'c/0'];
    for (const key of order) await bench.end(key);
    expect(bench.started).toEqual(order);
  });

  it('tells its depth, what is in flight, and how long the oldest has waited', async () => {
    const bench = new Bench();
    expect(bench.queue.state()).toEqual({ depth: 0, inFlight: 0, oldestMs: 0 });
    bench.queue.add('a/0');
    await bench.clock.advance(5);
    bench.queue.add('a/1');
    await bench.clock.advance(20);
    bench.queue.add('a/2', { urgent: true });
    expect(bench.queue.state()).toEqual({ depth: 2, inFlight: 1, oldestMs: 20 });
  });

  it('is urgent after its work when it was added urgently meanwhile', async () => {
    const bench = new Bench();
    bench.queue.add('a');
    await bench.settle();
    bench.queue.add('b');
    bench.queue.add('a');
    bench.queue.add('a', { urgent: true });
    await bench.end('a');
    expect(bench.started).toEqual(['a', 'a']);
  });

  it('tells the worker when the key was first asked for', async () => {
    const bench = new Bench();
    bench.queue.add('busy');
    await bench.clock.advance(5);
    bench.queue.add('a');
    bench.queue.add('busy');
    await bench.clock.advance(5);
    bench.queue.add('a');
    bench.queue.add('busy');
    for (const key of ['busy', 'a', 'busy']) await bench.end(key);
    expect(bench.queuedAt).toEqual([0, 5, 5]);
  });

  it('doubles the wait with each failure up to the longest, and forgets on success', async () => {
    const told: unknown[] = [];
    const bench = new Bench({ failed: (key, { error }, retry) => told.push([key, (error as Error).message, retry]) });
    bench.queue.add('a');
    for (const wait of [100, 200, 400, 800, 1_000, 1_000]) {
      await bench.end('a', new Error('no'));
      expect(bench.clock.pending()).toEqual([wait]);
      await bench.clock.advance(wait);
    }
    expect(told[1]).toEqual(['a', 'no', { failures: 2, inMs: 200 }]);
    await bench.end('a');
    expect(bench.clock.pending()).toEqual([]);
    bench.queue.add('a');
    await bench.end('a', new Error('no'));
    expect(bench.clock.pending()).toEqual([100]);
  });

  it('takes up to half of a wait off, so that keys that failed together do not come back together', async () => {
    const bench = new Bench({ random: () => 0.5 });
    bench.queue.add('a');
    await bench.end('a', new Error('no'));
    expect(bench.clock.pending()).toEqual([75]);
  });

  it('treats work that throws before it waits like work that fails', async () => {
    const clock = new FakeClock(0);
    let calls = 0;
    const queue = new WorkQueue(clock, { concurrency: 1, baseDelayMs: 100, maxDelayMs: 100, random: () => 0 }, () => {
      if (++calls === 1) throw new Error('at once');
      return Promise.resolve(DONE);
    });
    queue.add('a');
    await clock.advance(99);
    expect(calls).toBe(1);
    await clock.advance(1);
    expect(calls).toBe(2);
  });

  it('goes on when whoever is told of a failure fails', async () => {
    const bench = new Bench({
      failed: () => {
        throw new Error('listener');
      },
    });
    bench.queue.add('a');
    await bench.end('a', new Error('no'));
    bench.queue.add('b');
    await bench.end('b');
    expect(bench.started).toEqual(['a', 'b']);
  });

  it('looks again after the time that the work names, without counting a failure', async () => {
    const bench = new Bench();
    bench.queue.add('a');
    await bench.end('a', requeue(50));
    expect(bench.clock.pending()).toEqual([50]);
    await bench.clock.advance(50);
    await bench.end('a', new Error('no'));
    expect(bench.clock.pending()).toEqual([100]);
  });

  it('takes the earlier of two delays', async () => {
    const bench = new Bench();
    bench.queue.addAfter('a', 100);
    bench.queue.addAfter('a', 30);
    bench.queue.addAfter('a', 60);
    await bench.clock.advance(30);
    expect(bench.started).toEqual(['a']);
    await bench.end('a');
    expect(bench.clock.pending()).toEqual([]);
  });

  it('forgets a delay when the key is added now, and leaves it alone when the key waits already', async () => {
    const bench = new Bench();
    bench.queue.addAfter('a', 100);
    bench.queue.add('a');
    bench.queue.addAfter('a', 10);
    await bench.end('a');
    await bench.clock.advance(1_000);
    expect(bench.started).toEqual(['a']);
  });

  it('keeps a delay that was asked for during the work, unless the work wants an earlier look', async () => {
    const bench = new Bench();
    bench.queue.add('a');
    await bench.settle();
    bench.queue.addAfter('a', 40);
    await bench.end('a', requeue(90));
    expect(bench.clock.pending()).toEqual([40]);
  });

  it('has one timer for ten thousand delayed keys', async () => {
    const bench = new Bench({ concurrency: 20_000 });
    for (let i = 0; i < 10_000; i++) bench.queue.addAfter(`key-${i}`, 10_000 - i);
    expect(bench.clock.pending()).toEqual([1]);
    await bench.clock.advance(5_000);
    expect(bench.started).toHaveLength(5_000);
    expect(bench.clock.pending()).toEqual([1]);
  });

  it('forgets a key: what waits, what was asked for during its work, and its failures', async () => {
    const bench = new Bench();
    bench.queue.add('a');
    await bench.settle();
    bench.queue.add('a');
    bench.queue.add('b');
    bench.queue.addAfter('c', 10);
    for (const key of ['a', 'b', 'c']) bench.queue.forget(key);
    await bench.end('a');
    await bench.clock.advance(100);
    expect(bench.started).toEqual(['a']);
  });

  it('drains: ends what is in flight and starts nothing more', async () => {
    const bench = new Bench();
    bench.queue.add('a');
    bench.queue.add('b');
    bench.queue.addAfter('c', 10);
    await bench.settle();
    let drained = false;
    const draining = bench.queue.drain().then(() => {
      drained = true;
    });
    bench.queue.add('d');
    bench.queue.addAfter('e', 1);
    await bench.clock.advance(100);
    expect([drained, bench.clock.pending(), bench.queue.depth()]).toEqual([false, [], 0]);
    await bench.end('a', new Error('no'));
    await draining;
    expect(bench.started).toEqual(['a']);
    await bench.queue.drain();
  });

  it('drains at once when nothing is in flight', async () => {
    await new Bench().queue.drain();
  });

  it('refuses a concurrency or delays that make no sense', () => {
    const clock = new FakeClock();
    expect(() => new WorkQueue(clock, { concurrency: 0, baseDelayMs: 1, maxDelayMs: 1 }, async () => DONE)).toThrow(
      /concurrency/,
    );
    expect(() => new WorkQueue(clock, { concurrency: 1, baseDelayMs: 2, maxDelayMs: 1 }, async () => DONE)).toThrow(
      /baseDelayMs/,
    );
  });

  // Of two namespaces that both have keys waiting, neither is ever ahead by more than one.
  it('is fair: as long as keys of several namespaces wait, they are worked on equally often', async () => {
    const adds = fc.array(
      fc.record({ namespace: fc.constantFrom('a', 'b', 'c', 'd'), keys: fc.integer({ min: 1, max: 20 }) }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(adds, async (adds) => {
        const clock = new FakeClock(0);
        const order: string[] = [];
        const queue = new WorkQueue(clock, { concurrency: 1, baseDelayMs: 100, maxDelayMs: 100 }, async (key) => {
          order.push(key);
          return DONE;
        });
        const left = new Map<string, number>();
        adds.forEach(({ namespace, keys }, i) => {
          for (let n = 0; n < keys; n++) queue.add(`${namespace}/${i}-${n}`);
          left.set(namespace, (left.get(namespace) ?? 0) + keys);
        });
        await clock.advance(0);
        expect(order).toHaveLength([...left.values()].reduce((sum, count) => sum + count, 0));
        const done = new Map([...left.keys()].map((namespace) => [namespace, 0]));
        for (const key of order) {
          const namespace = key.slice(0, 1);
          done.set(namespace, done.get(namespace)! + 1);
          left.set(namespace, left.get(namespace)! - 1);
          const counts = [...done].filter(([name]) => left.get(name)! > 0).map(([, count]) => count);
          expect(Math.max(0, ...counts) - Math.min(...counts, Math.max(0, ...counts))).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 100 },
    );
  });

  // Whatever comes in which order: a key that was asked for is worked on after it was asked for, and never by two at once.
  it('never loses a key, never works on one twice at once, never exceeds its concurrency', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key, urgent: fc.boolean() }),
      fc.record({ do: fc.constant('addAfter' as const), key, delayMs: fc.integer({ min: 0, max: 50 }) }),
      fc.record({
        do: fc.constant('end' as const),
        key,
        result: fc.constantFrom<(Result | Error)[]>(DONE, new Error('no'), requeue(20)),
      }),
      fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 60 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, concurrency) => {
          const bench = new Bench({ concurrency });
          const askedAfterStart = new Set<string>();
          let seen = 0;
          const note = (): void => {
            for (; seen < bench.started.length; seen++) askedAfterStart.delete(bench.started[seen]!);
          };
          for (const step of steps) {
            if (step.do === 'add') bench.queue.add(step.key, { urgent: step.urgent });
            else if (step.do === 'addAfter') bench.queue.addAfter(step.key, step.delayMs);
            else if (step.do === 'advance') await bench.clock.advance(step.ms);
            else if (bench.inWork.has(step.key)) await bench.end(step.key, step.result);
            if (step.do === 'add' || step.do === 'addAfter') askedAfterStart.add(step.key);
            else note();
          }
          for (
            let rounds = 0;
            rounds < 100 && (bench.queue.depth() > 0 || bench.inWork.size > 0 || bench.clock.pending().length > 0);
            rounds++
          ) {
            await bench.clock.advance(1_000);
            for (const key of [...bench.inWork.keys()]) await bench.end(key);
            note();
          }
          expect([...askedAfterStart]).toEqual([]);
          expect([bench.queue.depth(), bench.inWork.size]).toEqual([0, 0]);
          expect(bench.mostAtOnce).toBeLessThanOrEqual(concurrency);
        },
      ),
      { numRuns: 200 },
    );
  });
});
