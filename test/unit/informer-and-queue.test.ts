import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Informer } from '../../src/adapters/kubernetes/client/informer.ts';
import { PODS, type KubeObject } from '../../src/adapters/kubernetes/client/resource.ts';
import { DONE } from '../../src/application/controller/result.ts';
import { WorkQueue } from '../../src/application/controller/work-queue.ts';
import { FakeClock } from '../support/fakes/fake-clock.ts';
import { FAULTS, ModelApiServer } from '../support/fakes/model-api-server.ts';

const KEYS = ['a/1', 'a/2', 'b/1'] as const;
/** Longer than any wait: a silent watch (90 s), the longest backoff, and lists that are refused as old, one after the other. */
const QUIET_MS = 600_000;

const key = fc.constantFrom(...KEYS);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('make again' as const), key }) },
  // kimup's own write, whose answer comes after a while.
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('write' as const), key, answerMs: fc.constantFrom(0, 10, 2_000, 100_000) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom(...FAULTS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compact' as const) }) },
  // What nobody heard of is not in the history any more when the watch is opened anew.
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('miss' as const),
      deleted: fc.subarray([...KEYS]),
      put: fc.subarray([...KEYS]),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('subscribe' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 5, 300, 2_000, 40_000, 95_000),
    }),
  },
);

function keyOf({ metadata }: KubeObject): string {
  return `${metadata?.namespace}/${metadata?.name}`;
}

const versionOf = (object: KubeObject | undefined): number => Number(object?.metadata?.resourceVersion ?? 0);

/** Who listens, and fails when what is told makes no sense after what was told before. */
class Witness {
  readonly known = new Map<string, KubeObject>();
  readonly wrong: string[] = [];

  changed(now: KubeObject, previous: KubeObject | undefined): void {
    const known = this.known.get(keyOf(now));
    if (known !== previous)
      this.wrong.push(`${keyOf(now)}: told ${versionOf(previous)} as previous, but knew ${versionOf(known)}`);
    if (previous !== undefined && previous.metadata?.uid !== now.metadata?.uid)
      this.wrong.push(`${keyOf(now)}: made again without having been deleted`);
    if (previous !== undefined && versionOf(now) <= versionOf(previous))
      this.wrong.push(`${keyOf(now)}: ${versionOf(previous)} became ${versionOf(now)}`);
    this.known.set(keyOf(now), now);
  }

  deleted(last: KubeObject): void {
    if (this.known.get(keyOf(last))?.metadata?.uid !== last.metadata?.uid)
      this.wrong.push(`${keyOf(last)}: deleted, but not known`);
    this.known.delete(keyOf(last));
  }
}

describe('an informer and a queue, whatever the API server does', () => {
  it('end with what the server has, told in order, every key worked on after its last change, by one worker at a time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.record({ ms: fc.constantFrom(0, 1, 500, 20_000), fails: fc.boolean() }), {
          minLength: 1,
          maxLength: 5,
        }),
        async (steps, efforts) => {
          const clock = new FakeClock(0);
          const server = new ModelApiServer(clock);
          const informer = new Informer<KubeObject>(server, PODS, { clock, random: () => 0.5 });
          const witnesses: Witness[] = [];
          const subscribe = (): void => {
            const witness = new Witness();
            informer.subscribe(witness);
            witnesses.push(witness);
          };

          /** What the last piece of work on a key saw, by its version; 0 for nothing there. */
          const saw = new Map<string, number>();
          const inWork = new Set<string>();
          const wrong: string[] = [];
          let pieces = 0;
          let calm = false;
          const queue = new WorkQueue(
            clock,
            { concurrency: 2, baseDelayMs: 100, maxDelayMs: 5_000, random: () => 0.5 },
            async (key) => {
              if (inWork.has(key)) wrong.push(`two workers on ${key}`);
              inWork.add(key);
              const [namespace = '', name = ''] = key.split('/');
              const seen = versionOf(informer.get(namespace, name));
              const effort = efforts[pieces++ % efforts.length]!;
              const { promise, resolve } = Promise.withResolvers<void>();
              clock.after(effort.ms, resolve);
              await promise;
              inWork.delete(key);
              if (effort.fails && !calm) throw new Error('as the test says');
              saw.set(key, seen);
              return DONE;
            },
          );
          subscribe();
          informer.subscribe({ changed: (now) => queue.add(keyOf(now)), deleted: (last) => queue.add(keyOf(last)) });
          informer.start();

          const everThere = new Set<string>();
          for (const step of steps) {
            switch (step.do) {
              case 'put':
                server.put(step.key);
                break;
              case 'delete':
                server.delete(step.key);
                break;
              case 'make again':
                server.delete(step.key);
                server.put(step.key);
                break;
              case 'write': {
                // kimup writes only to what it knows.
                const [namespace = '', name = ''] = step.key.split('/');
                const known = informer.get(namespace, name);
                if (known === undefined || known.metadata?.uid !== server.get(step.key)?.metadata?.uid) break;
                const answer = server.put(step.key);
                clock.after(step.answerMs, () => informer.observe(structuredClone(answer)));
                break;
              }
              case 'fault':
                server.fault(step.fault);
                break;
              case 'compact':
                server.compact();
                break;
              case 'miss':
                server.fault('silence');
                for (const key of step.deleted) server.delete(key);
                for (const key of step.put) server.put(key);
                server.compact();
                await clock.advance(95_000);
                break;
              case 'subscribe':
                subscribe();
                break;
              case 'advance':
                await clock.advance(step.ms);
                break;
            }
            await clock.advance(0);
            for (const object of informer.list()) everThere.add(keyOf(object));
          }

          server.heal();
          calm = true;
          for (let passed = 0; passed < QUIET_MS; passed += 50_000) await clock.advance(50_000);

          const here = new Map(informer.list().map((object) => [keyOf(object), versionOf(object)]));
          expect(here).toEqual(new Map([...server.all()].map(([key, object]) => [key, versionOf(object)])));
          expect(wrong).toEqual([]);
          for (const witness of witnesses) {
            expect(witness.wrong).toEqual([]);
            expect(new Map([...witness.known].map(([key, object]) => [key, versionOf(object)]))).toEqual(here);
          }
          for (const key of everThere) expect([key, saw.get(key)]).toEqual([key, here.get(key) ?? 0]);
          expect([queue.depth(), queue.inFlight(), informer.synced(), informer.staleForMs()]).toEqual([0, 0, true, 0]);
          await informer.stop();
        },
      ),
      { numRuns: 2_000, seed: 20_261_122 },
    );
  });
});
