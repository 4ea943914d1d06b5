import { describe, expect, it, vi } from 'vitest';
import { type InformerListener } from './client/informer.ts';
import type { RawImage } from './image-mapping.ts';
import { KubernetesImageStore } from './kubernetes-image-store.ts';

/** An informer whose objects the test sets. */
class FakeInformer {
  readonly objects = new Map<string, RawImage>();
  readonly listeners: InformerListener<RawImage>[] = [];
  get(_: string | undefined, name: string): RawImage | undefined { return this.objects.get(name); }
  list(): readonly RawImage[] { return [...this.objects.values()]; }
  synced(): boolean { return true; }
  subscribe(listener: InformerListener<RawImage>): void { this.listeners.push(listener); }
  set(object: RawImage): void {
    const name = object.metadata?.name ?? '';
    const previous = this.objects.get(name);
    this.objects.set(name, object);
    for (const listener of this.listeners) listener.changed(object, previous);
  }
}

function raw(name: string, spec: unknown, resourceVersion = '1'): RawImage {
  return { metadata: { namespace: 'default', name, uid: `uid-${name}`, resourceVersion }, spec };
}

function make() {
  const informer = new FakeInformer();
  const events = { record: vi.fn() };
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const client = { apply: vi.fn(), mergePatch: vi.fn(), get: vi.fn() };
  const store = new KubernetesImageStore(client as never, informer as never, 'kimup-controller', events, log);
  const told: string[] = [];
  store.subscribe({ changed: (image, previous) => told.push(`${previous === undefined ? '+' : '~'}${image.name}`), deleted: (image) => told.push(`-${image.name}`) });
  return { informer, events, log, client, store, told };
}

describe('KubernetesImageStore', () => {
  it('leaves an Image out that it can\'t read, says so once, and goes on with the others', () => {
    const { informer, events, log, store, told } = make();
    informer.set(raw('broken', { image: 7 }));
    informer.set(raw('fine', { image: 'nginx' }));
    expect(told).toEqual(['+fine']);
    expect(store.list().map(({ name }) => name)).toEqual(['fine']);
    expect(store.get({ namespace: 'default', name: 'broken' })).toBeUndefined();
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(events.record.mock.calls).toEqual([[
      { apiVersion: 'kimup.cloudavenue.io/v1alpha1', kind: 'Image', namespace: 'default', name: 'broken', uid: 'uid-broken' },
      'Warning', 'InvalidImage', expect.stringContaining('spec.image must be a string'),
    ]]);
  });

  it('tells an Image that broke as deleted, and one that was mended as new', () => {
    const { informer, told } = make();
    informer.set(raw('demos', { image: 'nginx' }, '1'));
    informer.set(raw('demos', { image: 7 }, '2'));
    informer.set(raw('demos', { image: 8 }, '3'));
    informer.set(raw('demos', { image: 'nginx' }, '4'));
    expect(told).toEqual(['+demos', '-demos', '+demos']);
  });

  it('refuses to write the other component\'s status', async () => {
    const { informer, store, client } = make();
    informer.set(raw('demos', { image: 'nginx' }));
    await expect(store.writeOperatorStatus(store.list()[0]!, { conditions: [] })).rejects.toThrow(/not for the kimup-controller/);
    expect(client.apply).not.toHaveBeenCalled();
  });

  it('guards a status by the newest version it knows: the informer\'s, or that of its own last write', async () => {
    const { informer, store, client } = make();
    const version = () => (client.apply.mock.lastCall as unknown[])[2];
    informer.set(raw('demos', { image: 'nginx' }, '9'));
    const image = store.list()[0]!;
    client.mergePatch.mockResolvedValue(raw('demos', {}, '10'));
    client.apply.mockResolvedValue(raw('demos', {}, '12'));
    const write = () => store.writeControllerStatus(image, { result: 'Success', time: '', image: '', baseTag: '', observedGeneration: 1, conditions: [] });
    await store.annotate(image, { action: null });
    await write();
    expect(version()).toMatchObject({ metadata: { uid: 'uid-demos', resourceVersion: '10' } });
    informer.set(raw('demos', { image: 'nginx' }, '11'));
    await write();
    expect(version()).toMatchObject({ metadata: { resourceVersion: '12' } });
    informer.set(raw('demos', { image: 'nginx' }, '20'));
    await write();
    expect(version()).toMatchObject({ metadata: { resourceVersion: '20' } });
  });
});
