import { describe, expect, it, vi } from 'vitest';
import { controllerStatus } from '../../../../test/support/builders/image.ts';
import { WriteError } from '../../../application/ports/image-store.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { ObjectListener } from '../client/object-store.ts';
import { KubeError } from '../client/kube-error.ts';
import type { RawImage } from './image-mapping.ts';
import { KubernetesImageStore } from './kubernetes-image-store.ts';

/** An informer whose objects the test sets. */
class FakeInformer {
  readonly objects = new Map<string, RawImage>();
  readonly listeners: ObjectListener<RawImage>[] = [];
  get(_: string | undefined, name: string): RawImage | undefined {
    return this.objects.get(name);
  }
  list(): readonly RawImage[] {
    return [...this.objects.values()];
  }
  synced(): boolean {
    return true;
  }
  subscribe(listener: ObjectListener<RawImage>): void {
    this.listeners.push(listener);
  }
  observe(object: RawImage): void {
    this.set(object);
  }
  set(object: RawImage): void {
    const name = object.metadata?.name ?? '';
    const previous = this.objects.get(name);
    this.objects.set(name, object);
    for (const listener of this.listeners) listener.changed(object, previous);
  }
}

function raw(name: string, spec: unknown, resourceVersion = '1', status?: unknown): RawImage {
  return {
    metadata: { namespace: 'default', name, uid: `uid-${name}`, resourceVersion },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

function make() {
  const informer = new FakeInformer();
  const events = { record: vi.fn() };
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const client = { apply: vi.fn(), mergePatch: vi.fn(), get: vi.fn() };
  const leadership = { isLeader: vi.fn(() => true) };
  const store = new KubernetesImageStore(
    client as never,
    informer as never,
    'kimup-controller',
    events,
    log,
    leadership,
  );
  const told: string[] = [];
  store.subscribe({
    changed: (image, previous) => told.push(`${previous === undefined ? '+' : '~'}${image.name}`),
    deleted: (image) => told.push(`-${image.name}`),
  });
  return { informer, events, log, client, leadership, store, told };
}

describe('KubernetesImageStore', () => {
  it("leaves an Image out that it can't read, says so once, and goes on with the others", () => {
    const { informer, events, log, store, told } = make();
    informer.set(raw('broken', { image: 7 }));
    informer.set(raw('fine', { image: 'nginx' }));
    expect(told).toEqual(['+fine']);
    expect(store.list().map(({ name }) => name)).toEqual(['fine']);
    expect(store.get({ namespace: 'default', name: 'broken' })).toBeUndefined();
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(events.record.mock.calls).toEqual([
      [
        {
          apiVersion: 'kimup.cloudavenue.io/v1alpha1',
          kind: 'Image',
          namespace: 'default',
          name: 'broken',
          uid: 'uid-broken',
        },
        'Warning',
        'InvalidImage',
        expect.stringContaining('spec.image must be a string'),
      ],
    ]);
  });

  it('tells an Image that broke as deleted, and one that was mended as new', () => {
    const { informer, told } = make();
    informer.set(raw('demos', { image: 'nginx' }, '1'));
    informer.set(raw('demos', { image: 7 }, '2'));
    informer.set(raw('demos', { image: 8 }, '3'));
    informer.set(raw('demos', { image: 'nginx' }, '4'));
    expect(told).toEqual(['+demos', '-demos', '+demos']);
  });

  it("refuses to write the other component's status", async () => {
    const { informer, store, client } = make();
    informer.set(raw('demos', { image: 'nginx' }));
    await expect(store.writeOperatorStatus(store.list()[0]!, { conditions: [] })).rejects.toThrow(
      /not for the kimup-controller/,
    );
    expect(client.apply).not.toHaveBeenCalled();
  });

  describe('a write', () => {
    const at = { namespace: 'default', name: 'demos' };
    const spec = { image: 'nginx' };
    const conflict = () => new KubeError('apply: the object has been modified', 409, 'Conflict');
    const version = (client: ReturnType<typeof make>['client']) =>
      (client.apply.mock.lastCall as [unknown, unknown, RawImage])[2].metadata?.resourceVersion;
    const write = (store: KubernetesImageStore, image: Image | undefined) =>
      store.writeControllerStatus(image!, controllerStatus());

    it('is guarded by the newest version that is known, and what it answers is known from then on', async () => {
      const { informer, store, client } = make();
      informer.set(raw('demos', spec, '9'));
      const image = store.get(at);
      client.mergePatch.mockResolvedValue(raw('demos', spec, '10'));
      await store.annotate(image!, { action: null });
      expect(client.mergePatch.mock.lastCall?.[2]).toMatchObject({
        metadata: { uid: 'uid-demos', resourceVersion: '9' },
      });
      client.apply.mockResolvedValue(raw('demos', spec, '12', { tag: 'v1' }));
      await write(store, image);
      expect(version(client)).toBe('10');
      expect(store.get(at)?.status.tag).toBe('v1');
      informer.set(raw('demos', spec, '20', { tag: 'v1' }));
      await write(store, store.get(at));
      expect(version(client)).toBe('20');
      expect(client.get).not.toHaveBeenCalled();
    });

    it('is not sent when the Image has changed in what it rests on since it was looked at', async () => {
      const { informer, store, client } = make();
      informer.set(raw('demos', spec, '1'));
      const image = store.get(at);
      informer.set(raw('demos', spec, '2', { tag: 'v1' }));
      await expect(write(store, image)).rejects.toMatchObject({ consequence: 'conflict' });
      expect(client.apply).not.toHaveBeenCalled();
    });

    it('is sent again, for the present version, when only what does not matter to it changed', async () => {
      const { informer, store, client } = make();
      informer.set(
        raw('demos', spec, '1', { rollout: { tag: 'v2', phase: 'Progressing', since: 's', workloads: [] } }),
      );
      client.apply.mockRejectedValueOnce(conflict()).mockResolvedValueOnce(raw('demos', spec, '9', { tag: 'v1' }));
      client.get.mockResolvedValue(
        raw('demos', spec, '8', {
          rollout: { tag: 'v2', phase: 'Progressing', since: 's', message: 'half', workloads: [] },
        }),
      );
      await write(store, store.get(at));
      expect([client.apply.mock.calls.length, version(client)]).toEqual([2, '8']);
    });

    it.each([
      ['its own fields', raw('demos', spec, '8', { tag: 'v1' })],
      [
        'its own conditions',
        raw('demos', spec, '8', {
          conditions: [{ type: 'Ready', status: 'True', reason: 'r', message: 'm', lastTransitionTime: 't' }],
        }),
      ],
      [
        'the spec',
        { ...raw('demos', { image: 'other' }, '8'), metadata: { ...raw('demos', spec, '8').metadata, generation: 2 } },
      ],
      [
        'how a rollout ended',
        raw('demos', spec, '8', { rollout: { tag: 'v2', phase: 'Failed', since: 's', workloads: [] } }),
      ],
      [
        'an annotation of a person',
        {
          ...raw('demos', spec, '8'),
          metadata: { ...raw('demos', spec, '8').metadata, annotations: { 'kimup.cloudavenue.io/other': 'x' } },
        },
      ],
    ])('is a conflict when %s changed meanwhile: whoever leads now may have written it', async (_, now) => {
      const { informer, store, client } = make();
      informer.set(raw('demos', spec, '1'));
      client.apply.mockRejectedValue(conflict());
      client.get.mockResolvedValue(now);
      await expect(write(store, store.get(at))).rejects.toMatchObject({ consequence: 'conflict' });
      expect(client.apply).toHaveBeenCalledTimes(1);
      await expect(write(store, store.get(at))).rejects.toBeInstanceOf(WriteError);
    });

    it('gives up as a conflict when something comes between every time', async () => {
      const { informer, store, client } = make();
      informer.set(raw('demos', spec, '1'));
      client.apply.mockRejectedValue(conflict());
      client.get.mockImplementation(async () => raw('demos', spec, String(10 + client.get.mock.calls.length)));
      await expect(write(store, store.get(at))).rejects.toMatchObject({ consequence: 'conflict' });
      expect(client.apply).toHaveBeenCalledTimes(4);
    });

    it('is gone when the Image was deleted or recreated in the meantime', async () => {
      const { informer, store, client } = make();
      informer.set(raw('demos', spec, '1'));
      const image = store.get(at);
      client.apply.mockRejectedValue(conflict());
      client.get.mockResolvedValueOnce({ metadata: { ...raw('demos', spec, '9').metadata, uid: 'another' }, spec });
      await expect(write(store, image)).rejects.toMatchObject({ consequence: 'gone' });
      client.get.mockRejectedValueOnce(new KubeError('not found', 404, 'NotFound'));
      await expect(write(store, image)).rejects.toMatchObject({ consequence: 'gone' });
      informer.objects.clear();
      await expect(write(store, image)).rejects.toMatchObject({ consequence: 'gone' });
    });

    it('is not sent, nor sent again, by a replica that does not lead any more', async () => {
      const { informer, store, client, leadership } = make();
      informer.set(raw('demos', spec, '1'));
      const image = store.get(at);
      client.apply.mockImplementation(async () => {
        leadership.isLeader.mockReturnValue(false);
        throw conflict();
      });
      client.get.mockResolvedValue(raw('demos', spec, '2'));
      await expect(write(store, image)).rejects.toMatchObject({
        consequence: 'retry',
        message: expect.stringContaining('is not the leader') as string,
      });
      expect(client.apply).toHaveBeenCalledTimes(1);
      await expect(store.annotate(store.get(at)!, { tag: 'v1' })).rejects.toMatchObject({ consequence: 'retry' });
      expect(client.mergePatch).not.toHaveBeenCalled();
    });
  });
});
