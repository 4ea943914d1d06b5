import { describe, expect, it } from 'vitest';
import { Informer } from '../../src/adapters/kubernetes/client/informer.ts';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { hasStatus } from '../../src/adapters/kubernetes/client/kube-error.ts';
import { DEPLOYMENTS, IMAGES, NAMESPACES, SECRETS } from '../../src/adapters/kubernetes/client/resource.ts';
import type { RawImage } from '../../src/adapters/kubernetes/images/image-mapping.ts';
import {
  KubernetesImageStore,
  type FieldManager,
} from '../../src/adapters/kubernetes/images/kubernetes-image-store.ts';
import { writeErrorOf } from '../../src/adapters/kubernetes/client/write-error.ts';
import { WriteError } from '../../src/application/ports/image-store.ts';
import { imageStoreContract } from '../contracts/image-store.contract.ts';
import { controllerStatus } from '../support/builders/image.ts';
import { type GivenImageManifest, type ImageManifest, imageManifest } from '../support/builders/manifests.ts';
import { LEADS } from '../support/fakes/leads.ts';
import { eventually } from '../support/eventually.ts';
import { FakeEventRecorder, FakeLog } from '../support/fakes/recorders.ts';
import type { SharedCluster } from './cluster.ts';
import { connectForAll, kubernetes } from './kubernetes.ts';

let cluster: SharedCluster;
let client: KubeClient;

connectForAll((connected) => ({ cluster, client } = connected));

async function open(
  fieldManager: FieldManager,
  namespace: string,
): Promise<{ store: KubernetesImageStore; informer: Informer<RawImage> }> {
  const informer = new Informer<RawImage>(client, IMAGES, { namespace });
  const store = new KubernetesImageStore(client, informer, fieldManager, new FakeEventRecorder(), new FakeLog(), LEADS);
  informer.start();
  await informer.whenSynced();
  return { store, informer };
}

/** The Image of the contract. */
const demos = (given: Partial<GivenImageManifest> = {}): ImageManifest =>
  imageManifest({
    image: 'registry.test/whoami',
    baseTag: 'v1.9.0',
    crontab: '*/15 * * * * *',
    spec: { imagePullSecrets: [{ name: 'pull' }] },
    ...given,
  });

imageStoreContract('KubernetesImageStore', async () => {
  const namespace = await cluster.freshNamespace({ prefix: 'store' });
  const controller = await open('kimup-controller', namespace);
  const operator = await open('kimup-operator', namespace);
  return {
    controller: controller.store,
    operator: operator.store,
    namespace,
    create: async (name, annotations = {}) => {
      const prefixed = Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`kimup.cloudavenue.io/${key}`, value]),
      );
      await client.create(
        IMAGES,
        { namespace },
        demos({ name, annotations: { ...prefixed, 'example.test/other': 'stays' } }),
      );
    },
    changeBaseTag: async (name, baseTag) =>
      void (await client.mergePatch(IMAGES, { namespace, name }, { spec: { baseTag } }, 'user')),
    remove: (name) => client.delete(IMAGES, { namespace, name }),
    stop: async () => void (await Promise.all([controller.informer.stop(), operator.informer.stop()])),
  };
});

describe('KubernetesImageStore on a real API server', () => {
  it('needs one request for a status, as its own field manager', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'store' });
    const agent = `kimup-store-${namespace}`;
    const own = kubernetes(cluster.kubeconfig, agent);
    const informer = new Informer<RawImage>(own.client, IMAGES, { namespace });
    const store = new KubernetesImageStore(
      own.client,
      informer,
      'kimup-controller',
      new FakeEventRecorder(),
      new FakeLog(),
      LEADS,
    );
    await client.create(IMAGES, { namespace }, demos());
    informer.start();
    const image = await eventually(() => store.get({ namespace, name: 'demos' }));
    await store.writeControllerStatus(image, controllerStatus({ tag: 'v1.9.0' }));
    const writes = (await cluster.auditLog({ userAgentPrefix: agent })).filter(
      ({ verb }) => !['get', 'list', 'watch'].includes(verb),
    );
    expect(writes).toHaveLength(1);
    const raw = await client.get<RawImage>(IMAGES, { namespace, name: 'demos' });
    expect(
      raw.metadata?.managedFields?.map(({ manager, operation, subresource }) => [manager, operation, subresource]),
    ).toContainEqual(['kimup-controller', 'Apply', 'status']);
    await informer.stop();
    await own.close();
  });

  it('writes over what does not matter to it, never over what does, and never to another Image of the same name, also when its watch lags behind', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'store' });
    const { store, informer } = await open('kimup-controller', namespace);
    const create = () => client.create(IMAGES, { namespace }, demos());
    const status = controllerStatus({ tag: 'v1.9.0' });
    const shown = async () =>
      (await client.get<RawImage & { status?: { tag?: string } }>(IMAGES, { namespace, name: 'demos' })).status?.tag;
    await create();
    const image = await eventually(() => store.get({ namespace, name: 'demos' }));
    await informer.stop();
    await client.mergePatch(IMAGES, { namespace, name: 'demos' }, { metadata: { labels: { a: 'b' } } }, 'user');
    await store.writeControllerStatus(image, status);
    expect(await shown()).toBe('v1.9.0');
    const written = store.get(image)!;
    await client.mergePatch(IMAGES, { namespace, name: 'demos' }, { spec: { baseTag: 'v1.10.0' } }, 'user');
    await expect(store.writeControllerStatus(written, { ...status, tag: 'v1.9.1' })).rejects.toMatchObject({
      consequence: 'conflict',
    });
    expect(await shown()).toBe('v1.9.0');

    await client.delete(IMAGES, { namespace, name: 'demos' });
    await create();
    await expect(store.writeControllerStatus(store.get(image)!, status)).rejects.toMatchObject({ consequence: 'gone' });
    expect(await shown()).toBeUndefined();
  });

  it('changes nothing that another leader wrote: neither status nor annotations, though it knows of nothing', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'store' });
    const status = (tag: string, time: string) => controllerStatus({ tag, time });
    await client.create(IMAGES, { namespace }, demos({ annotations: { 'kimup.cloudavenue.io/action': 'refresh' } }));
    const [before, after] = [await open('kimup-controller', namespace), await open('kimup-controller', namespace)];
    // The one before is frozen: its watch brings nothing, and what it decided is about to be sent.
    await before.informer.stop();
    const image = before.store.get({ namespace, name: 'demos' })!;
    await after.store.annotate(after.store.get(image)!, { action: null });
    await after.store.writeControllerStatus(after.store.get(image)!, status('v1.9.0', '2026-11-22T10:00:15Z'));
    await after.store.annotate(after.store.get(image)!, { tag: 'v1.9.0' });
    const present = () => client.get<RawImage>(IMAGES, { namespace, name: 'demos' });
    const written = await present();
    await expect(before.store.annotate(image, { action: null })).rejects.toMatchObject({ consequence: 'conflict' });
    await expect(before.store.annotate(image, { tag: 'v1.8.0' })).rejects.toMatchObject({ consequence: 'conflict' });
    await expect(
      before.store.writeControllerStatus(image, status('v1.8.0', '2026-11-22T10:00:00Z')),
    ).rejects.toMatchObject({ consequence: 'conflict' });
    expect((await present()).metadata?.resourceVersion).toBe(written.metadata?.resourceVersion);
    await after.informer.stop();
  });

  it('drops what it would write to a namespace that is being deleted', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'store' });
    const { store, informer } = await open('kimup-controller', namespace);
    await client.create(IMAGES, { namespace }, demos());
    const image = await eventually(() => store.get({ namespace, name: 'demos' }));
    await informer.stop();
    // Something holds the namespace's end up.
    const holder = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'holder', finalizers: ['kimup.test/hold'] } };
    await client.create(SECRETS, { namespace }, holder);
    await client.delete(NAMESPACES, { name: namespace });
    await eventually(() =>
      client.get(IMAGES, image).then(
        () => false,
        (error: unknown) => hasStatus(error, 404),
      ),
    );
    const consequence = (write: Promise<unknown>) =>
      write.then(
        () => undefined,
        (error: unknown) => writeErrorOf(error).consequence,
      );
    expect(await consequence(store.writeControllerStatus(image, controllerStatus()))).toBe('gone');
    expect(await consequence(store.annotate(image, { tag: 'v1.9.0' }))).toBe('gone');
    expect(await consequence(client.create(SECRETS, { namespace }, { ...holder, metadata: { name: 'another' } }))).toBe(
      'gone',
    );
    expect(
      await consequence(
        client.apply(
          DEPLOYMENTS,
          { namespace, name: 'web' },
          { metadata: { uid: '00000000-0000-4000-8000-000000000000' } },
          'test',
        ),
      ),
    ).toBe('gone');
    await client.mergePatch(SECRETS, { namespace, name: 'holder' }, { metadata: { finalizers: null } }, 'test');
  });

  it('says that a status is refused which the schema does not allow', async () => {
    const namespace = await cluster.freshNamespace({ prefix: 'store' });
    const { store, informer } = await open('kimup-controller', namespace);
    await client.create(IMAGES, { namespace }, demos());
    const image = await eventually(() => store.get({ namespace, name: 'demos' }));
    const write = store.writeControllerStatus(image, controllerStatus({ result: 'Nonsense' as 'Success' }));
    await expect(write).rejects.toMatchObject({
      consequence: 'refused',
      message: expect.stringContaining('status.result') as string,
    });
    await expect(write).rejects.toBeInstanceOf(WriteError);
    await informer.stop();
  });
});
