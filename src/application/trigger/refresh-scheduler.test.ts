import { beforeEach, describe, expect, it } from 'vitest';
import { FakeAlarm } from '../../../test/support/fakes/fake-alarm.ts';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeCrontab } from '../../../test/support/fakes/fake-crontab.ts';
import type { GivenImage } from '../../../test/support/builders/image.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { RefreshScheduler } from './refresh-scheduler.ts';

let clock: FakeClock;
let alarm: FakeAlarm;
let images: FakeImageStore;
let triggers: RefreshScheduler;
let takenUp: string[];

/** An Image that was refreshed as it is, so that nothing but its triggers asks for a refresh. */
function refreshed({ spec, status, ...rest }: GivenImage = {}): GivenImage {
  return {
    ...rest,
    spec: {
      image: 'registry.test/whoami',
      baseTag: 'v1',
      triggers: [{ type: 'crontab', value: 'every 15 s' }],
      ...spec,
    },
    status: {
      tag: 'v1',
      image: 'registry.test/whoami',
      baseTag: 'v1',
      observedGeneration: 1,
      time: new Date(clock.now()).toISOString(),
      ...status,
    },
  };
}

function start(): void {
  triggers.start((key, { urgent } = {}) => takenUp.push(urgent ? `${key} urgent` : key));
}

beforeEach(() => {
  clock = new FakeClock(0);
  alarm = new FakeAlarm(clock);
  images = new FakeImageStore();
  triggers = new RefreshScheduler(images, new FakeCrontab(), alarm, clock);
  takenUp = [];
});

describe('the ticks of a crontab', () => {
  it('take an Image up once each', async () => {
    images.put(refreshed());
    start();
    await clock.advance(14_999);
    expect(takenUp).toEqual([]);
    await clock.advance(1);
    expect(takenUp).toEqual(['default/demos']);
    await clock.advance(30_000);
    expect(takenUp).toHaveLength(3);
  });

  it('are due until a refresh that began later has served them', async () => {
    images.put(refreshed());
    start();
    expect(triggers.dueSince('default/demos')).toBeUndefined();
    await clock.advance(15_000);
    const tick = clock.now();
    expect(triggers.dueSince('default/demos')).toBe(tick);
    triggers.served('default/demos', tick - 1);
    expect(triggers.dueSince('default/demos')).toBe(tick);
    triggers.served('default/demos', tick);
    expect(triggers.dueSince('default/demos')).toBeUndefined();
  });

  it('of 10,000 Images need one timer, which is set for the earliest', async () => {
    for (let i = 0; i < 10_000; i += 1) {
      images.put(
        refreshed({
          name: `image-${i}`,
          spec: { triggers: [{ type: 'crontab', value: `every ${20 + (i % 1_000)} s` }] },
        }),
      );
    }
    start();
    expect(clock.pending()).toHaveLength(1);
    await clock.advance(20_000);
    expect(takenUp).toHaveLength(10);
    expect(clock.pending()).toHaveLength(1);
  });

  it('of several triggers each count', async () => {
    images.put(
      refreshed({
        spec: {
          triggers: [
            { type: 'crontab', value: 'every 40 s' },
            { type: 'crontab', value: 'every 60 s' },
          ],
        },
      }),
    );
    start();
    await clock.advance(120_000);
    expect(takenUp).toHaveLength(4); // at 40, 60, 80 and 120 s, where both meet
  });

  it('follow the Image: a changed crontab replaces the old one, a deleted Image has none', async () => {
    images.put(refreshed());
    start();
    images.put(
      refreshed({ spec: { triggers: [{ type: 'crontab', value: 'every 50 s' }] }, status: { observedGeneration: 2 } }),
    );
    takenUp = [];
    await clock.advance(49_000);
    expect(takenUp).toEqual([]);
    await clock.advance(1_000);
    expect(takenUp).toEqual(['default/demos']);
    images.delete({ namespace: 'default', name: 'demos' });
    expect(clock.pending()).toEqual([]);
  });

  it('slept through are one tick', async () => {
    images.put(refreshed());
    let late: (() => void) | undefined;
    alarm.set = (_at, ring) => {
      late = ring;
    };
    start();
    const ring = late!;
    await clock.advance(3_600_000);
    ring();
    expect(takenUp).toEqual(['default/demos']);
    late!(); // set for the next tick, which has not come
    expect(takenUp).toHaveLength(1);
  });
});

describe('at the start', () => {
  it('takes up an Image that was never refreshed', () => {
    images.put({ spec: { triggers: [] } });
    start();
    expect(takenUp).toEqual(['default/demos urgent']);
  });

  it('leaves an Image alone that was refreshed as it is and missed nothing', () => {
    images.put(refreshed());
    start();
    expect(takenUp).toEqual([]);
  });

  it('catches up once on ticks that were missed', async () => {
    images.put(refreshed({ status: { time: new Date(clock.now() - 3_600_000).toISOString() } }));
    start();
    expect(takenUp).toEqual(['default/demos']);
    await clock.advance(14_000);
    expect(takenUp).toHaveLength(1);
  });

  it('goes on with a refresh that had failed', () => {
    const condition = {
      type: 'Reconciling',
      status: 'True',
      reason: 'Retrying',
      message: '',
      lastTransitionTime: '',
    } as const;
    images.put(refreshed({ status: { conditions: [condition] } }));
    start();
    expect(takenUp).toEqual(['default/demos']);
  });

  it('after a stop tells again what is to be done, from the Images', async () => {
    images.put(refreshed());
    start();
    triggers.stop();
    await clock.advance(60_000);
    expect(takenUp).toEqual([]);
    images.put(refreshed({ name: 'new', status: { observedGeneration: 0 } }));
    expect(takenUp).toEqual([]);
    start();
    expect(takenUp).toEqual(['default/demos', 'default/new urgent']);
  });
});

describe('a change of an Image', () => {
  beforeEach(() => {
    images.put(refreshed());
    start();
  });

  it.each([
    ['its spec', { spec: { baseTag: 'v2' } }],
    ['the annotation action: refresh', { annotations: { action: 'refresh' } }],
    ['the annotation action: reload', { annotations: { action: 'reload' } }],
  ])('takes it up at once for %s', (_what, change: GivenImage) => {
    images.put({
      ...change,
      ...(change.spec && { spec: { ...images.get({ namespace: 'default', name: 'demos' })!.spec, ...change.spec } }),
    });
    expect(takenUp).toEqual(['default/demos urgent']);
  });

  it('takes it up at once when its rollout has ended, once', () => {
    const status = images.get({ namespace: 'default', name: 'demos' })!.status;
    const update = { tag: 'v2', rule: 'r', since: '2026-01-01T00:00:00Z' };
    const rollout = { tag: 'v2', since: update.since, workloads: [] };
    images.put({ status: { ...status, update } });
    images.put({ status: { ...status, update, rollout: { ...rollout, phase: 'Progressing' } } });
    expect(takenUp).toEqual([]);
    images.put({ status: { ...status, update, rollout: { ...rollout, phase: 'Healthy' } } });
    images.put({ status: { ...status, update, rollout: { ...rollout, phase: 'Healthy', message: 'again' } } });
    expect(takenUp).toEqual(['default/demos urgent']);
  });

  it('does not take it up for a status that says a refresh failed: its retry has a time of its own', () => {
    const { spec } = images.put({
      spec: { ...images.get({ namespace: 'default', name: 'demos' })!.spec, baseTag: 'v2' },
    });
    takenUp = [];
    images.put({ status: { tag: 'v1', image: spec.image, baseTag: 'v1', result: 'RegistryError' } });
    expect(takenUp).toEqual([]);
  });

  it('does not take it up for annotations and statuses that are none of its business', () => {
    images.put({ annotations: { tag: 'v1' } });
    images.put({
      status: { ...images.get({ namespace: 'default', name: 'demos' })!.status, time: '2026-01-01T00:00:01Z' },
    });
    expect(takenUp).toEqual([]);
  });
});

it("tells a crontab that can't be understood by its field, and goes on with the others", async () => {
  images.put(
    refreshed({
      spec: {
        triggers: [
          { type: 'crontab', value: 'every 15 s' },
          { type: 'crontab', value: 'now and then' },
          { type: 'webhook' },
        ],
      },
    }),
  );
  start();
  expect(triggers.problems('default/demos')).toEqual([
    { field: 'spec.triggers[1].value', message: expect.stringContaining('now and then') },
  ]);
  await clock.advance(15_000);
  expect(takenUp).toEqual(['default/demos']);
});
