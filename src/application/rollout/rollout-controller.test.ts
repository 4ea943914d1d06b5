import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { FakeNamespaceStore } from '../../../test/support/fakes/fake-namespace-store.ts';
import { FakeWorkloadRoller } from '../../../test/support/fakes/fake-workload-roller.ts';
import { rollingOut } from '../../../test/support/fakes/rolling-out.ts';
import type { RolloutController } from './rollout-controller.ts';
import { RolloutSettings } from './rollout-settings.ts';

const SPEC = { image: 'registry.test/whoami', baseTag: 'v1.9.0' };

describe('the rollout controller', () => {
  let clock: FakeClock;
  let images: FakeImageStore;
  let roller: FakeWorkloadRoller;
  let namespaces: FakeNamespaceStore;
  let looks: string[];
  let controller: RolloutController;

  beforeEach(() => {
    clock = new FakeClock();
    images = new FakeImageStore();
    roller = new FakeWorkloadRoller(() => clock.now());
    namespaces = new FakeNamespaceStore();
    looks = [];
    namespaces.put('default', { enabled: 'true' });
    images.put({ spec: SPEC, status: { ...SPEC, tag: 'v1.9.0' } });
    images.put({ name: 'other', spec: { ...SPEC, image: 'registry.test/other' } });
    roller.webhook = () => images.get({ namespace: 'default', name: 'demos' });
    const settings = new RolloutSettings();
    const { rollOut, controller: made } = rollingOut({ images, roller, namespaces, clock, settings });
    const reconcile = rollOut.reconcile.bind(rollOut);
    rollOut.reconcile = (key) => {
      looks.push(key);
      return reconcile(key);
    };
    controller = made;
  });

  const settled = async (): Promise<string[]> => {
    await clock.advance(0);
    await clock.advance(0);
    return looks.splice(0);
  };
  const move = (): void => {
    const { status } = images.get({ namespace: 'default', name: 'demos' })!;
    images.put({
      status: { ...status, update: { tag: 'v1.10.2', rule: 'minor', since: new Date(clock.now()).toISOString() } },
    });
  };

  it('looks at every Image first, then at nothing', async () => {
    controller.start();
    expect((await settled()).sort()).toEqual(['default/demos', 'default/other']);
    await clock.advance(3_600_000);
    expect(await settled()).toEqual([]);
  });

  it('looks at the Images that a workload is about, not at others', async () => {
    controller.start();
    await settled();
    roller.put({ image: 'registry.test/other:v1' });
    expect(await settled()).toEqual(['default/other']);
    roller.put({ name: 'third', image: 'registry.test/third:v1' });
    expect(await settled()).toEqual([]);
    roller.put({
      name: 'named',
      image: 'registry.test/third:v1',
      annotations: { 'kimup.cloudavenue.io/images': 'demos=v1' },
    });
    expect(await settled()).toEqual(['default/demos']);
  });

  it('looks at all Images of a namespace whose scope changed', async () => {
    controller.start();
    await settled();
    namespaces.put('default', {});
    expect((await settled()).sort()).toEqual(['default/demos', 'default/other']);
  });

  it('looks again at the other Images of a repository when one comes or goes', async () => {
    controller.start();
    await settled();
    images.put({ name: 'rival', spec: SPEC });
    expect((await settled()).sort()).toEqual(['default/demos', 'default/rival']);
    images.delete({ namespace: 'default', name: 'rival' });
    expect((await settled()).sort()).toEqual(['default/demos', 'default/rival']);
  });

  it('brings a rollout to its end by events alone', async () => {
    roller.put({ replicas: 2 });
    controller.start();
    await settled();
    move();
    for (let i = 0; i < 10; i++) {
      await settled();
      roller.step('Deployment', 'web');
    }
    await settled();
    expect(images.get({ namespace: 'default', name: 'demos' })?.status.rollout?.phase).toBe('Healthy');
  });

  it('wakes for a deadline that passes without any event', async () => {
    roller.put({ kind: 'StatefulSet' });
    controller.start();
    await settled();
    move();
    await settled();
    await clock.advance(599_000);
    expect(images.get({ namespace: 'default', name: 'demos' })?.status.rollout?.phase).toBe('Progressing');
    await clock.advance(6_000);
    expect(images.get({ namespace: 'default', name: 'demos' })?.status.rollout?.phase).toBe('Failed');
  });

  it('does nothing while another replica leads, and looks at everything when it leads again', async () => {
    controller.start();
    await settled();
    await controller.stop();
    move();
    expect(await settled()).toEqual([]);
    const lookedUp = vi.spyOn(images, 'list');
    roller.put({ image: 'registry.test/other:v1' });
    namespaces.put('default', { enabled: 'true', 'failure-policy': 'fail' });
    expect([await settled(), lookedUp.mock.calls]).toEqual([[], []]);
    controller.start();
    expect(new Set(await settled())).toEqual(new Set(['default/demos', 'default/other']));
    expect(images.get({ namespace: 'default', name: 'demos' })?.status.rollout?.phase).toBe('Healthy');
  });
});
