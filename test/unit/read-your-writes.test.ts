import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Informer } from '../../src/adapters/kubernetes/client/informer.ts';
import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';
import { IMAGES } from '../../src/adapters/kubernetes/client/resource.ts';
import type { RawImage } from '../../src/adapters/kubernetes/images/image-mapping.ts';
import { KubernetesImageStore } from '../../src/adapters/kubernetes/images/kubernetes-image-store.ts';
import { RefreshImage } from '../../src/application/refresh/refresh-image.ts';
import { FakeClock } from '../support/fakes/fake-clock.ts';
import { FakeTagRegistry } from '../support/fakes/fake-tag-registry.ts';
import { LEADS } from '../support/fakes/leads.ts';
import { FakeEventRecorder, FakeLog } from '../support/fakes/recorders.ts';
import { startRefreshing } from '../support/fakes/refreshing.ts';
import { ScriptedApiServer } from '../support/fakes/scripted-api-server.ts';

const KEY = 'default/demos';

describe('a refresh right after one that found an update, while the watch has not brought that yet', () => {
  let server: ScriptedApiServer;
  let connection: KubeConnection;
  let informer: Informer<RawImage>;
  let refresh: RefreshImage;
  let events: FakeEventRecorder;
  let clock: FakeClock;
  let updates: { tag: string; since: string }[];
  let image: { metadata: Record<string, unknown>; spec: unknown; status?: Record<string, unknown> };

  beforeEach(async () => {
    server = await ScriptedApiServer.start();
    connection = KubeConnection.to(server.url, 'test');
    const client = new KubeClient(connection);
    informer = new Informer<RawImage>(client, IMAGES);
    events = new FakeEventRecorder();
    updates = [];
    clock = new FakeClock();
    const images = new KubernetesImageStore(client, informer, 'kimup-controller', events, new FakeLog(), LEADS);
    const registry = new FakeTagRegistry();
    registry.put('registry.test/whoami', { 'v1.9.0': 'sha256:1', 'v1.10.2': 'sha256:2' });
    refresh = startRefreshing({ images, registry, clock, events });
    image = {
      metadata: {
        namespace: 'default',
        name: 'demos',
        uid: 'u',
        resourceVersion: '5',
        generation: 1,
        annotations: { 'kimup.cloudavenue.io/tag': 'v1.9.0' },
      },
      spec: {
        image: 'registry.test/whoami',
        baseTag: 'v1.9.0',
        triggers: [{ type: 'crontab', value: 'every 15 s' }],
        rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
      },
    };
    informer.start();
    (await server.next()).json(200, { metadata: { resourceVersion: '5' }, items: [image] });
    (await server.next()).lines();
    await informer.whenSynced();
  });
  afterEach(async () => {
    await informer.stop();
    await connection.close();
    await server.stop();
  });

  /** Takes writes as the API server does, and says nothing of them to the watch. */
  async function takeWrites(): Promise<never> {
    for (;;) {
      const request = await server.next(60_000);
      const { metadata, status } = JSON.parse(request.body) as {
        metadata: { resourceVersion: string; annotations?: object };
        status?: { update: { tag: string; since: string } };
      };
      if (metadata.resourceVersion !== image.metadata['resourceVersion'])
        throw new Error(
          `a write is guarded by ${metadata.resourceVersion}, not by ${image.metadata['resourceVersion']}`,
        );
      const annotations = { ...(image.metadata['annotations'] as object), ...metadata.annotations };
      image = {
        ...image,
        metadata: { ...image.metadata, resourceVersion: String(Number(metadata.resourceVersion) + 1), annotations },
        ...(status === undefined ? {} : { status }),
      };
      if (status !== undefined) updates.push(status.update);
      request.json(200, image);
    }
  }

  it('goes on from the update: it is one update, told once', async () => {
    const taking = takeWrites();
    taking.catch(() => undefined);
    await Promise.race([taking, refresh.reconcile(KEY, { queuedAt: clock.now() })]);
    await clock.advance(15_000);
    await Promise.race([taking, refresh.reconcile(KEY, { queuedAt: clock.now() })]);
    expect(updates.map(({ tag }) => tag)).toEqual(['v1.10.2', 'v1.10.2']);
    expect(updates[1]!.since).toBe(updates[0]!.since);
    expect(events.events.filter((event) => event.includes('UpdateFound'))).toHaveLength(1);
    expect(server.log.filter((line) => line.startsWith('GET'))).toHaveLength(2);
  });
});
