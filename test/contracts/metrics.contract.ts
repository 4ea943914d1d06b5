import { describe, expect, it } from 'vitest';
import type { Metrics, QueueFacts, Work } from '../../src/application/ports/metrics.ts';

/** What the metrics show of one kind of work, or of the requests to one registry. */
export interface Counted {
  readonly total: number;
  readonly failed: number;
}

/** What metrics show when they are looked at. */
export interface Shown {
  work(work: Work): Promise<Counted & { readonly seconds: number }>;
  registry(registryName: string): Promise<Counted>;
  /** `undefined` where there is none of that name, as of the next two. */
  tags(imageName: string): Promise<number | undefined>;
  watch(resource: string): Promise<number | undefined>;
  workqueue(name: string): Promise<QueueFacts | undefined>;
}

/** Metrics and what they show: nothing where nobody can look at them. */
export interface MetricsUnderTest {
  readonly metrics: Metrics;
  readonly shown?: Shown;
}

const WORK: readonly Work[] = [
  'actions_executed',
  'events_triggered',
  'mutator_request',
  'mutator_patch',
  'rules_evaluated',
  'tags_request',
];
const IDLE: QueueFacts = { depth: 0, inFlight: 0, retries: 0, oldestSeconds: 0 };

/** What all {@link Metrics} do. */
export function metricsContract(name: string, make: () => MetricsUnderTest): void {
  describe(`${name}, Metrics`, () => {
    it('never fail, whoever the registry and the Image are', () => {
      const { metrics } = make();
      for (const given of ['', 'registry.test:5000', '"}\n', 'ü'.repeat(500)]) {
        metrics.registryRequest(given, 0, true);
        metrics.tagsAvailable(given, 0);
      }
      for (const work of WORK) metrics.done(work, 0, true);
    });

    it('do not ask a watch or a queue when they are told of it: it may not be there yet', () => {
      const { metrics } = make();
      const notYet = (): never => {
        throw new Error('asked too early');
      };
      metrics.watch('images', notYet);
      metrics.workqueue('refresh', notYet);
    });

    if (make().shown !== undefined) shownContract(() => make() as { metrics: Metrics; shown: Shown });
  });
}

/** What Metrics do that somebody can look at. */
function shownContract(make: () => { readonly metrics: Metrics; readonly shown: Shown }): void {
  it('count each kind of work for itself, what failed of it, and how long it took', async () => {
    const { metrics, shown } = make();
    for (const [i, work] of WORK.entries()) {
      for (let n = 0; n <= i; n++) metrics.done(work, 0.5, false);
      metrics.done(work, 0.25, true);
    }
    for (const [i, work] of WORK.entries())
      expect(await shown.work(work), work).toEqual({ total: i + 2, failed: 1, seconds: (i + 1) * 0.5 + 0.25 });
  });

  it('count the requests to each registry for itself, and what failed of them', async () => {
    const { metrics, shown } = make();
    for (let n = 0; n < 3; n++) metrics.registryRequest('docker.io', 0.5, n === 0);
    metrics.registryRequest('registry.test:5000', 0.5, false);
    expect(await shown.registry('docker.io')).toEqual({ total: 3, failed: 1 });
    expect(await shown.registry('registry.test:5000')).toEqual({ total: 1, failed: 0 });
    expect(await shown.registry('another.test')).toEqual({ total: 0, failed: 0 });
  });

  it('say how many tags the repository of an Image has', async () => {
    const { metrics, shown } = make();
    metrics.tagsAvailable('registry.test/whoami', 42);
    metrics.tagsAvailable('registry.test/other', 7);
    expect(await shown.tags('registry.test/whoami')).toBe(42);
    expect(await shown.tags('registry.test/other')).toBe(7);
    expect(await shown.tags('registry.test/absent')).toBeUndefined();
  });

  it('ask each watch anew whenever they are looked at, the last one of a name', async () => {
    const { metrics, shown } = make();
    let down = 0;
    metrics.watch('images', () => {
      throw new Error('it was replaced');
    });
    metrics.watch('images', () => down);
    metrics.watch('workloads', () => 0);
    expect([await shown.watch('images'), await shown.watch('workloads')]).toEqual([0, 0]);
    down = 42.5;
    expect([await shown.watch('images'), await shown.watch('workloads')]).toEqual([42.5, 0]);
    expect(await shown.watch('namespaces')).toBeUndefined();
  });

  it('ask each queue anew whenever they are looked at, the last one of a name', async () => {
    const { metrics, shown } = make();
    let facts: QueueFacts = { depth: 7, inFlight: 2, retries: 3, oldestSeconds: 1.5 };
    metrics.workqueue('refresh', () => {
      throw new Error('it was replaced');
    });
    metrics.workqueue('refresh', () => facts);
    metrics.workqueue('rollout', () => IDLE);
    expect([await shown.workqueue('refresh'), await shown.workqueue('rollout')]).toEqual([facts, IDLE]);
    facts = { depth: 0, inFlight: 1, retries: 4, oldestSeconds: 0 };
    expect([await shown.workqueue('refresh'), await shown.workqueue('rollout')]).toEqual([facts, IDLE]);
    expect(await shown.workqueue('admission')).toBeUndefined();
  });
}
