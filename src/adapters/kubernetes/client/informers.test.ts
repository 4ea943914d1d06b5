import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeLog, FakeMetrics } from '../../../../test/support/fakes/recorders.ts';
import { Readiness } from '../../../application/health/readiness.ts';
import { Informers, type Watch } from './informers.ts';

describe('Informers', () => {
  let metrics: FakeMetrics;
  let informers: Informers;
  let readiness: Readiness;
  let images: { synced: boolean; downMs: number };
  let workloads: { synced: boolean; downMs: number };

  beforeEach(() => {
    metrics = new FakeMetrics();
    readiness = new Readiness();
    informers = new Informers(undefined as never, new FakeLog(), metrics, readiness);
    const watch = (state: { synced: boolean; downMs: number }): Watch => ({
      start: vi.fn(),
      stop: vi.fn(async () => undefined),
      whenSynced: vi.fn(async () => undefined),
      synced: () => state.synced,
      staleForMs: () => state.downMs,
    });
    images = { synced: true, downMs: 0 };
    workloads = { synced: true, downMs: 0 };
    informers.add('images', watch(images));
    informers.add('workloads', watch(workloads));
  });

  it('say what was never seen', () => {
    workloads.synced = false;
    expect([informers.synced(), informers.missing()]).toEqual([false, ['workloads']]);
  });

  it('stay synced while a watch is down, and say what is behind and for how long', () => {
    images.downMs = 29_000;
    expect([informers.synced(), informers.behind()]).toEqual([true, []]);
    images.downMs = 75_400;
    expect([informers.synced(), informers.behind()]).toEqual([true, ['images for 75 s']]);
    images.synced = false;
    expect(informers.behind()).toEqual([]);
  });

  it('keep a replica from being ready until all was seen, and from then on only remark what is behind', () => {
    workloads.synced = false;
    expect(readiness.problem()).toBe('caches not synced yet: workloads');
    workloads.synced = true;
    images.downMs = 75_400;
    expect([readiness.problem(), readiness.remarked()]).toEqual([
      undefined,
      ['the cache is out of date: images for 75 s'],
    ]);
  });

  it('hold up the lead, and not readiness, for one that reviews can do without, and remark it', async () => {
    const seen = Promise.withResolvers<void>();
    const late: Watch = {
      start: vi.fn(),
      stop: vi.fn(async () => undefined),
      whenSynced: () => seen.promise,
      synced: () => false,
      staleForMs: () => 0,
    };
    informers.add('mutatingwebhookconfigurations', late, { optional: true });
    const whenSynced = vi.fn();
    const synced = informers.whenSynced().then(whenSynced);
    await Promise.resolve();
    expect(whenSynced).not.toHaveBeenCalled();
    expect([readiness.problem(), readiness.remarked()]).toEqual([
      undefined,
      ['caches not synced yet: mutatingwebhookconfigurations'],
    ]);
    seen.resolve();
    await synced;
    expect(whenSynced).toHaveBeenCalled();
  });

  it('have a metric each', () => {
    images.downMs = 1_500;
    expect([...metrics.watches].map(([name, seconds]) => [name, seconds()])).toEqual([
      ['images', 1.5],
      ['workloads', 0],
    ]);
  });
});
