import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeLog, FakeMetrics } from '../../../test/support/fakes/recorders.ts';
import { WriteError } from '../ports/image-store.ts';
import { Controller, type ControllerOptions } from './controller.ts';
import { Controllers } from './controllers.ts';
import { DONE, type FailureReason, Postponed, requeue, type Result, resultOf } from './result.ts';
import { type Enqueue, type Source, Subscription } from './source.ts';

const KEY = 'default/demos';

/** A source that tells of what the test says, and of `keys` at each start. */
class GivenSource implements Source {
  keys: readonly string[] = [KEY];
  enqueue: Enqueue | undefined;

  start(enqueue: Enqueue): void {
    this.enqueue = enqueue;
    for (const key of this.keys) enqueue(key);
  }

  stop(): void {
    this.enqueue = undefined;
  }
}

let clock: FakeClock;
let log: FakeLog;
let metrics: FakeMetrics;
let controllers: Controllers;
let source: GivenSource;
let worked: string[];
let outcome: (key: string) => Promise<Result>;

beforeEach(() => {
  clock = new FakeClock(0);
  log = new FakeLog();
  metrics = new FakeMetrics();
  controllers = new Controllers(clock, log, metrics);
  source = new GivenSource();
  worked = [];
  outcome = async () => DONE;
});

function controllerOf(options: Partial<ControllerOptions> = {}): Controller {
  return new Controller(controllers, {
    name: 'test',
    subject: 'image',
    reconcile: (key) => {
      worked.push(key);
      return outcome(key);
    },
    sources: [source],
    concurrency: 2,
    backoff: { firstMs: 100, mostMs: 1_000 },
    ...options,
  });
}

const throws = (error: unknown) => async (): Promise<Result> => {
  throw error;
};

/** What happened to the one key, whose first work comes to `of`: when it was worked on again, milliseconds, and what was logged. */
async function after(of: () => Promise<Result>, options: Partial<ControllerOptions> = {}) {
  outcome = of;
  controllerOf(options).start();
  await clock.advance(0);
  const pending = clock.pending();
  outcome = async () => DONE;
  await clock.advance(1_000_000);
  return { pending, worked: worked.length, logged: log.lines, retries: metrics.queues.get('test')!().retries };
}

describe('what becomes of a key', () => {
  it.each<[string, () => Promise<Result>, number | undefined]>([
    ['is done: nothing more', async () => DONE, undefined],
    ['is to be looked at again then', async () => requeue(50), 50],
    ['is to be looked at again long after the longest backoff', async () => requeue(90_000), 90_000],
    ['is gone: nothing more', throws(new WriteError('no', 'gone')), undefined],
  ])('that %s, without a failure', async (_, of, againMs) => {
    const { pending, ...rest } = await after(of);
    expect(pending).toEqual(againMs === undefined ? [] : [againMs]);
    expect(rest).toEqual({ worked: againMs === undefined ? 1 : 2, logged: [], retries: 0 });
  });

  const expected = 'debug retrying test: no';
  const unexpected = 'error test failed, retrying: no';
  it.each<[string, () => Promise<Result>, number, string]>([
    ['was postponed', throws(new Postponed('no')), 0, expected],
    ['was postponed for a time', throws(new Postponed('no', 5_000)), 5_000, expected],
    ['has changed meanwhile', throws(new WriteError('no', 'conflict')), 0, expected],
    ['could not be written now', throws(new WriteError('no', 'retry')), 0, unexpected],
    [
      'could not be written for a time',
      throws(new WriteError('no', 'retry', { retryAfterMs: 7_000 })),
      7_000,
      unexpected,
    ],
    ['is refused', throws(new WriteError('no', 'refused')), 0, unexpected],
    ['meets a mistake of ours', throws(new Error('no')), 0, unexpected],
    [
      'meets an error that says when, but of which nobody here knows',
      throws(Object.assign(new Error('no'), { retryAfterMs: 60_000 })),
      0,
      unexpected,
    ],
    [
      'says itself that it failed',
      async () => ({ kind: 'failed', error: new Error('no'), reason: 'conflict', atLeastMs: 3_000 }),
      3_000,
      expected,
    ],
  ])('that %s, which is tried again', async (_, of, atLeastMs, line) => {
    const { pending, ...rest } = await after(of);
    expect(pending).toHaveLength(1);
    if (atLeastMs > 0) expect(pending).toEqual([atLeastMs]);
    else expect(pending[0]).toSatisfy((ms: number) => ms >= 50 && ms <= 100);
    expect(rest).toEqual({ worked: 2, logged: [line], retries: 1 });
  });

  it('is logged for debugging only where the controller expects that', async () => {
    const { logged } = await after(throws(new WriteError('no', 'retry')), { expected: ['retry'] });
    expect(logged).toEqual([expected]);
    log.lines.length = 0;
    expect((await after(throws(new WriteError('no', 'conflict')), { expected: ['retry'] })).logged).toEqual([
      unexpected,
    ]);
  });

  it('is logged with what it means for users where the controller says that, unless it is in the order of things', async () => {
    const failureMessage = 'pods may start without their tag';
    expect((await after(throws(new WriteError('no', 'retry')), { failureMessage })).logged).toEqual([
      'error pods may start without their tag: no',
    ]);
    log.lines.length = 0;
    expect((await after(throws(new WriteError('no', 'conflict')), { failureMessage })).logged).toEqual([expected]);
  });

  it('never loses a key: whatever it meets, it is worked on until it is done, and not before it may be', async () => {
    const meets = fc.oneof(
      fc.record({ kind: fc.constant('requeue' as const), afterMs: fc.nat(5_000) }),
      fc.record({
        kind: fc.constant('failed' as const),
        error: fc.constant(new Error('no')),
        reason: fc.constantFrom<FailureReason[]>('postponed', 'conflict', 'retry', 'refused', 'unexpected'),
        atLeastMs: fc.nat(5_000),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(meets, { maxLength: 8 }), async (results: readonly Result[]) => {
        clock = new FakeClock(0);
        controllers = new Controllers(clock, log, metrics);
        const times: number[] = [];
        outcome = async () => {
          times.push(clock.now());
          return results[times.length - 1] ?? DONE;
        };
        controllerOf().start();
        await clock.advance(1_000_000);
        expect(times).toHaveLength(results.length + 1);
        results.forEach((result, i) => {
          // A sum of fractions of a millisecond.
          const waited = Math.round((times[i + 1]! - times[i]!) * 1_000) / 1_000;
          if (result.kind === 'requeue') expect(waited).toBe(result.afterMs);
          if (result.kind === 'failed') expect(waited).toBeGreaterThanOrEqual(Math.max(50, result.atLeastMs));
          if (result.kind === 'failed') expect(waited).toBeLessThanOrEqual(Math.max(1_000, result.atLeastMs));
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('what an error means', () => {
  it.each<[unknown, Result]>([
    [new WriteError('no', 'gone'), DONE],
    ...(['conflict', 'retry', 'refused'] as const).map((reason): [unknown, Result] => {
      const error = new WriteError('no', reason, { retryAfterMs: 9 });
      return [error, { kind: 'failed', error, reason, atLeastMs: 9 }];
    }),
    ['text that was thrown', { kind: 'failed', error: 'text that was thrown', reason: 'unexpected', atLeastMs: 0 }],
    [undefined, { kind: 'failed', error: undefined, reason: 'unexpected', atLeastMs: 0 }],
  ])('%s', (error, result) => {
    expect(resultOf(error)).toEqual(result);
  });
});

describe('a source', () => {
  it('may ask at once, urgently, or for a time together with others', async () => {
    source.keys = [];
    const controller = controllerOf({ concurrency: 1 });
    controller.start();
    for (let i = 0; i < 5; i++) source.enqueue!('later', { afterMs: 50 });
    source.enqueue!('one');
    source.enqueue!('two');
    source.enqueue!('urgent', { urgent: true });
    await clock.advance(0);
    expect(worked).toEqual(['urgent', 'one', 'two']);
    await clock.advance(49);
    source.enqueue!('later', { afterMs: 50 });
    await clock.advance(1);
    expect(worked.slice(3)).toEqual(['later']);
    await clock.advance(1_000);
    expect(worked).toHaveLength(4);
  });

  it('subscribes once, tells of every key at each start, and of nothing while it is stopped', () => {
    const told: Enqueue[] = [];
    const computed: string[] = [];
    const keys = ['a', 'b'];
    const subscription = new Subscription({
      subscribe: (enqueue, whileStarted) => {
        told.push(enqueue);
        const compute = whileStarted((key: string) => computed.push(key));
        told.push(compute);
        enqueue('present');
      },
      keys: () => keys,
    });
    const heard: string[] = [];
    const enqueue: Enqueue = (key) => heard.push(key);
    subscription.start(enqueue);
    expect(heard.splice(0)).toEqual(['present', 'a', 'b']);
    told[0]!('changed');
    expect(heard.splice(0)).toEqual(['changed']);
    subscription.stop();
    told[0]!('not heard');
    told[1]!('not computed');
    keys.push('new');
    subscription.start(enqueue);
    told[0]!('changed again');
    told[1]!('computed');
    expect([told.length, heard]).toEqual([2, ['a', 'b', 'new', 'changed again']]);
    expect(computed).toEqual(['computed']);
  });
});

describe('the lead', () => {
  it('that ends lets what is in flight end, and takes up nothing more', async () => {
    const inFlight = Promise.withResolvers<Result>();
    outcome = () => inFlight.promise;
    const controller = controllerOf({ concurrency: 1 });
    source.keys = ['a', 'b'];
    controller.start();
    await clock.advance(0);
    let stopped = false;
    const stopping = controller.stop().then(() => (stopped = true));
    await clock.advance(1_000);
    expect([stopped, worked, source.enqueue]).toEqual([false, ['a'], undefined]);
    inFlight.reject(new Error('no'));
    await stopping;
    await clock.advance(1_000_000);
    expect(worked).toEqual(['a']);
  });

  it('that comes again begins with every key, without what was waited for before', async () => {
    const starts: string[][] = [];
    const controller = controllerOf({ starting: () => starts.push(worked.splice(0)) });
    source.keys = ['a', 'b'];
    outcome = async () => requeue(500);
    controller.start();
    await clock.advance(0);
    await controller.stop();
    await clock.advance(10_000);
    outcome = async () => DONE;
    controller.start();
    controller.start();
    await clock.advance(10_000);
    expect([starts, worked]).toEqual([
      [[], ['a', 'b']],
      ['a', 'b'],
    ]);
  });

  it('starts and stops all controllers as one', async () => {
    const names = ['one', 'two'];
    for (const name of names)
      expect(
        controllerOf({ name, sources: [new Subscription({ subscribe: () => {}, keys: () => [name] })] }),
      ).toBeDefined();
    controllers.start();
    await clock.advance(0);
    expect(worked).toEqual(names);
    await controllers.stop();
    controllers.start();
    await clock.advance(0);
    expect(worked).toEqual([...names, ...names]);
  });
});

it('tells in its metrics what waits, what is in flight and how often it failed, also over a lead that was lost', async () => {
  const facts = () => metrics.queues.get('test')!();
  const controller = controllerOf({ concurrency: 1 });
  expect(facts()).toEqual({ depth: 0, inFlight: 0, retries: 0, oldestSeconds: 0 });
  outcome = throws(new Error('no'));
  controller.start();
  await clock.advance(0);
  const inFlight = Promise.withResolvers<Result>();
  outcome = () => inFlight.promise;
  source.enqueue!(KEY);
  source.enqueue!('default/other');
  await clock.advance(2_000);
  expect(facts()).toEqual({ depth: 1, inFlight: 1, retries: 1, oldestSeconds: 2 });
  const stopping = controller.stop();
  inFlight.resolve(DONE);
  await stopping;
  expect(facts()).toEqual({ depth: 0, inFlight: 0, retries: 1, oldestSeconds: 0 });
  controller.start();
  expect(facts()).toMatchObject({ depth: 1, retries: 1 });
});

it('goes on when the log fails', async () => {
  log.error = () => {
    throw new Error('the disk is full');
  };
  expect(await after(throws(new Error('no')))).toMatchObject({ worked: 2, retries: 1 });
});
