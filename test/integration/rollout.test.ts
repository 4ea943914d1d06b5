import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Informer } from '../../src/adapters/kubernetes/client/informer.ts';
import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';
import {
  DAEMONSETS,
  DEPLOYMENTS,
  IMAGES,
  type KubeObject,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  PODS,
  STATEFULSETS,
} from '../../src/adapters/kubernetes/client/resource.ts';
import type { RawImage } from '../../src/adapters/kubernetes/images/image-mapping.ts';
import { KubernetesImageStore } from '../../src/adapters/kubernetes/images/kubernetes-image-store.ts';
import { KubernetesNamespaceStore } from '../../src/adapters/kubernetes/namespaces/kubernetes-namespace-store.ts';
import { KubernetesWorkloadRoller } from '../../src/adapters/kubernetes/workloads/kubernetes-workload-roller.ts';
import type { RawWorkload } from '../../src/adapters/kubernetes/workloads/workload-mapping.ts';
import { SystemClock } from '../../src/adapters/clock/system-clock.ts';
import { RolloutSettings } from '../../src/application/rollout/rollout-settings.ts';
import type { ImageStatus, Rollout, WorkloadKind } from '../../src/domain/image/image-status.ts';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import { imageManifest, namespaceInScope, podManifest } from '../support/builders/manifests.ts';
import { LEADS } from '../support/fakes/leads.ts';
import { FakeEventRecorder, FakeLog } from '../support/fakes/recorders.ts';
import { rollingOut } from '../support/fakes/rolling-out.ts';
import { eventually } from '../support/eventually.ts';
import { type Admission, startAdmission } from './admission-wiring.ts';

import { manifest, type ManifestOptions } from './workloads.ts';
import { REPLICASETS } from '../support/replica-sets.ts';

// A cluster of its own: its webhook is the whole cluster's, and pods of one tag never get ready on it.
const ROOT = join(import.meta.dirname, '../..');
const AGENT = 'kimup-rollout/test';
const FAILING = 'v1.10.3';
const ENTRIES = 'kimup.cloudavenue.io/images';
const RESOURCES = { Deployment: DEPLOYMENTS, StatefulSet: STATEFULSETS, DaemonSet: DAEMONSETS };

interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}
type RawStatus = KubeObject & { readonly status?: ImageStatus };

/** The rollout's half of the operator, under its ServiceAccount. */
async function startRollouts(
  kubeconfig: string,
): Promise<{ events: FakeEventRecorder; log: FakeLog; stop(): Promise<void> }> {
  const connection = KubeConnection.load({ kubeconfig, userAgent: AGENT });
  const client = new KubeClient(connection);
  const [log, events, clock] = [new FakeLog(), new FakeEventRecorder(), new SystemClock()];
  const informer = new Informer<RawImage>(client, IMAGES, { log });
  const images = new KubernetesImageStore(client, informer, 'kimup-operator', events, log, LEADS);
  const namespaces = new KubernetesNamespaceStore(client, log);
  const roller = new KubernetesWorkloadRoller(client, log, LEADS);
  informer.start();
  namespaces.start();
  roller.start();
  await Promise.all([informer.whenSynced(), namespaces.whenSynced(), roller.whenSynced()]);
  const settings = new RolloutSettings(['kube-system', 'kimup-operator'], 4, {
    rolloutDeadlineMs: 4_000,
    maxConcurrent: 10,
  });
  const { controller } = rollingOut({ images, roller, namespaces, clock, settings, events, log });
  controller.start();
  return {
    events,
    log,
    stop: async () => {
      await controller.stop();
      await Promise.all([informer.stop(), namespaces.stop(), roller.stop()]);
      await connection.close();
    },
  };
}

describe('a rollout, on a real API server with its controllers', () => {
  let cluster: Cluster;
  let connection: KubeConnection;
  let admin: KubeClient;
  let admission: Admission;
  let kubeconfig: string;
  let operator: Awaited<ReturnType<typeof startRollouts>>;
  let namespace: string;
  let count = 0;

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 'kwok', name: 'rollout', failingImages: FAILING.replaceAll('.', '\\.') });
    await cluster.kubectl(['apply', '--server-side', '-f', join(ROOT, 'crds/kimup.cloudavenue.io_images.yaml')]);
    await cluster.kubectl(['apply', '-f', join(ROOT, 'deploy/namespace.yaml'), '-f', join(ROOT, 'deploy/rbac.yaml')]);
    await cluster.kubectl(['create', 'secret', 'generic', 'kimup-webhook-cert', '-n', 'kimup-operator']);
    connection = KubeConnection.load({ kubeconfig: cluster.kubeconfig, userAgent: 'admin' });
    admin = new KubeClient(connection);
    kubeconfig = await cluster.serviceAccountKubeconfig('kimup-operator', 'kimup');
    admission = await startAdmission(kubeconfig);
    await eventually(() =>
      admin.get(MUTATING_WEBHOOK_CONFIGURATIONS, { name: 'kimup-mutator' }).catch(() => undefined),
    );
  });
  afterAll(async () => {
    await admission?.stop();
    await connection?.close();
    await cluster?.stop();
  });

  beforeEach(async () => {
    namespace = `n${++count}`;
    await cluster.apply([
      namespaceInScope(namespace),
      imageManifest({ namespace, image: 'acme/whoami', baseTag: 'v1.9.0' }),
    ]);
    await controllerWrites({});
    operator = await startRollouts(kubeconfig);
  });
  afterEach(async (context) => {
    if (context.task.result?.state === 'fail')
      console.log(operator.log.lines.join('\n'), JSON.stringify(await status(), undefined, 1));
    await operator.stop();
  });

  /** What the controller would write, whole: without `update` there is none. */
  const controllerWrites = (more: Partial<ImageStatus>): Promise<unknown> =>
    admin.apply(
      IMAGES,
      { namespace, name: 'demos', subresource: 'status' },
      {
        metadata: { name: 'demos', namespace },
        status: {
          tag: 'v1.9.0',
          image: 'acme/whoami',
          baseTag: 'v1.9.0',
          result: 'Success',
          time: new Date().toISOString(),
          ...more,
        },
      },
      'kimup-controller',
    );
  const move = (tag: string): Promise<unknown> =>
    controllerWrites({ result: 'Scheduled', update: { tag, rule: 'minor', since: new Date().toISOString() } });
  const status = async (): Promise<ImageStatus | undefined> =>
    (await admin.get<RawStatus>(IMAGES, { namespace, name: 'demos' })).status;
  const rollout = async (until: (rollout: Rollout) => boolean): Promise<Rollout> =>
    eventually(async () => {
      const found = (await status())?.rollout;
      return found !== undefined && until(found) ? found : undefined;
    });
  const get = (kind: WorkloadKind, name: string): Promise<RawWorkload> =>
    admin.get<RawWorkload>(RESOURCES[kind], { namespace, name });
  const imagesAnnotation = async (kind: WorkloadKind, name: string): Promise<string | undefined> =>
    (await get(kind, name)).spec?.template?.metadata?.annotations?.[ENTRIES];
  const pods = async (kind: WorkloadKind, name: string): Promise<Pod[]> =>
    (await admin.list<Pod>(PODS, { namespace, labelSelector: `app=${kind.toLowerCase()}-${name}` })).filter(
      ({ metadata }) => metadata?.deletionTimestamp === undefined,
    );
  const running = async (kind: WorkloadKind, name: string): Promise<string[]> =>
    (await pods(kind, name)).map(
      ({ spec, status: at }) =>
        `${spec.containers[0]?.image} ${at?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ? 'ready' : 'not ready'}`,
    );
  /** Makes a workload, and waits until Kubernetes has brought it up. */
  async function workload(kind: WorkloadKind, name: string, more: Partial<ManifestOptions> = {}): Promise<void> {
    await admin.create(
      RESOURCES[kind],
      { namespace },
      manifest(kind, { name, namespace, image: 'acme/whoami:v1.9.0', replicas: 2, ...more }),
      'kubectl-create',
    );
    await eventually(async () => {
      const found = await running(kind, name);
      return (
        found.length >= 1 &&
        (kind === 'DaemonSet' ? found.length === 3 : found.length === (more.replicas ?? 2)) &&
        found.every((one) => !one.endsWith('not ready'))
      );
    });
  }

  it('takes a Deployment, a StatefulSet and a DaemonSet to the tag, without a word about their images', async () => {
    await workload('Deployment', 'web');
    await workload('StatefulSet', 'db');
    await workload('DaemonSet', 'agent');
    await workload('Deployment', 'out', { annotations: { 'kimup.cloudavenue.io/enabled': 'false' } });
    await move('v1.10.2');
    const { workloads, since } = await rollout(({ phase }) => phase === 'Healthy');
    expect(since).toBe((await status())?.update?.since);
    expect(workloads.map(({ kind, name, phase }) => `${kind} ${name} ${phase}`)).toEqual([
      'DaemonSet agent Healthy',
      'StatefulSet db Healthy',
      'Deployment web Healthy',
    ]);
    for (const [kind, name] of [
      ['Deployment', 'web'],
      ['StatefulSet', 'db'],
      ['DaemonSet', 'agent'],
    ] as const) {
      expect(new Set(await running(kind, name))).toEqual(new Set(['acme/whoami:v1.10.2 ready']));
      expect(await imagesAnnotation(kind, name)).toBe('demos=v1.10.2');
      expect((await get(kind, name)).spec?.template?.spec?.containers?.[0]?.image).toBe('acme/whoami:v1.9.0');
    }
    expect(new Set(await running('Deployment', 'out'))).toEqual(new Set(['acme/whoami:v1.9.0 ready']));
    await cluster.kubectl(['wait', 'image/demos', '-n', namespace, '--for=condition=RolledOut', '--timeout=60s']);
    expect(operator.events.events.map((event) => event.split(':')[0])).toEqual([
      'Normal RollingOut',
      'Normal RolledOut',
    ]);
  });

  it('goes back when a Deployment is past its deadline: the old ReplicaSet serves again', async () => {
    const sets = async (): Promise<KubeObject[]> => admin.list<KubeObject>(REPLICASETS, { namespace });
    await workload('Deployment', 'web', { spec: { progressDeadlineSeconds: 2 } });
    const [first] = await sets();
    const { template } = (await get('Deployment', 'web')).spec ?? {};
    await move(FAILING);
    const failed = await rollout(({ phase }) => phase === 'Failed');
    expect(failed.message).toMatch(
      /^Deployment web: 1 of 2 pods updated, 0 ready; ReplicaSet "web-[a-z0-9]+" has timed out progressing\.; pod web-\S+: container main: CrashLoopBackOff: made to fail/,
    );
    await eventually(
      async () => (await running('Deployment', 'web')).join() === 'acme/whoami:v1.9.0 ready,acme/whoami:v1.9.0 ready',
    );
    expect((await get('Deployment', 'web')).spec?.template).toEqual(template);
    const all = await sets();
    expect(all).toHaveLength(2);
    expect(
      all.map(({ metadata, ...rest }) => [metadata?.uid, (rest as { spec: { replicas: number } }).spec.replicas]),
    ).toContainEqual([first?.metadata?.uid, 2]);
    expect(operator.events.events.at(-1)).toMatch(
      /^Warning RolloutFailed: the rollout of v1.10.3 failed and is rolled back/,
    );
    // The controller takes it in; nothing more happens, and the rollout stays to be read.
    await controllerWrites({});
    await move('v1.10.4');
    await rollout(({ phase, tag }) => phase === 'Healthy' && tag === 'v1.10.4');
    expect(await sets()).toHaveLength(3);
  });

  it.each(['StatefulSet', 'DaemonSet'] as const)(
    'goes back when a %s makes no progress, over a pod that never becomes ready',
    async (kind) => {
      await workload(kind, 'db');
      const { template } = (await get(kind, 'db')).spec ?? {};
      const before = await running(kind, 'db');
      await move(FAILING);
      const failed = await rollout(({ phase }) => phase === 'Failed');
      expect(failed.message).toMatch(
        new RegExp(
          `^${kind} db: 1 of [23] pods updated, 0 ready; no progress for 4 s; pod db-\\S+: container main: CrashLoopBackOff`,
        ),
      );
      await eventually(async () => (await running(kind, 'db')).join() === before.join());
      expect((await get(kind, 'db')).spec?.template).toEqual(template);
      expect(
        operator.log.lines.filter((line) => line === 'info deleted a pod so that it is created again with the tag'),
      ).toHaveLength(kind === 'StatefulSet' ? 1 : 0);
    },
  );

  it('is over when people undo all of it: nothing has proven the tag', async () => {
    await workload('Deployment', 'a', { spec: { progressDeadlineSeconds: 60 } });
    await workload('Deployment', 'b');
    await move('v1.10.2');
    await rollout(({ phase }) => phase === 'Healthy');
    await controllerWrites({ tag: 'v1.10.2' });
    await move(FAILING);
    await eventually(
      async () =>
        (await imagesAnnotation('Deployment', 'a')) === `demos=${FAILING}` &&
        (await imagesAnnotation('Deployment', 'b')) === `demos=${FAILING}`,
    );
    await cluster.kubectl(['rollout', 'undo', 'deployment/a', '-n', namespace]);
    await cluster.kubectl(['rollout', 'undo', 'deployment/b', '-n', namespace]);
    const { workloads } = await rollout(({ phase, tag }) => phase === 'Failed' && tag === FAILING);
    expect(workloads.map(({ name, phase, message }) => [name, phase, message])).toEqual([
      [
        'a',
        'Overridden',
        expect.stringMatching(
          /^kubectl\S* changed the Image's entry in the annotation kimup\.cloudavenue\.io\/images to v1.10.2; kimup leaves the workload as it is until the next move$/,
        ),
      ],
      [
        'b',
        'Overridden',
        expect.stringMatching(
          /^kubectl\S* changed the Image's entry in the annotation kimup\.cloudavenue\.io\/images to v1.10.2; kimup leaves the workload as it is until the next move$/,
        ),
      ],
    ]);
    expect((await status())?.conditions.find(({ type }) => type === 'RolledOut')).toMatchObject({
      status: 'False',
      reason: 'RolloutFailed',
    });
  });

  it('leaves a workload to the person who undoes it, its next pods too, and goes on with the others', async () => {
    await workload('Deployment', 'a');
    await workload('Deployment', 'b');
    // Held up, so that there is something to undo.
    await admin.mergePatch(DEPLOYMENTS, { namespace, name: 'b' }, { spec: { minReadySeconds: 3 } }, 'user');
    await move('v1.10.2');
    await eventually(async () => (await imagesAnnotation('Deployment', 'a')) === 'demos=v1.10.2');
    await cluster.kubectl(['rollout', 'undo', 'deployment/a', '-n', namespace]);
    const { workloads } = await rollout(({ phase }) => phase === 'Healthy');
    expect(workloads.map(({ name, phase, pinnedTag: keeps }) => [name, phase, keeps])).toEqual([
      ['a', 'Overridden', 'v1.9.0'],
      ['b', 'Healthy', undefined],
    ]);
    expect((await status())?.conditions.find(({ type }) => type === 'RolledOut')).toMatchObject({
      status: 'True',
      reason: 'Overridden',
    });
    await controllerWrites({ tag: 'v1.10.2' });
    await cluster.kubectl(['delete', 'pods', '-n', namespace, '-l', 'app=deployment-a', '--wait=false']);
    await eventually(
      async () => (await running('Deployment', 'a')).join() === 'acme/whoami:v1.9.0 ready,acme/whoami:v1.9.0 ready',
    );
    await cluster.kubectl(['delete', 'pods', '-n', namespace, '-l', 'app=deployment-b', '--wait=false']);
    await eventually(
      async () => (await running('Deployment', 'b')).join() === 'acme/whoami:v1.10.2 ready,acme/whoami:v1.10.2 ready',
    );
  });

  it('waits where a workload does not say which of two Images is its own', async () => {
    await workload('Deployment', 'web');
    await cluster.apply([imageManifest({ name: 'rival', namespace, image: 'acme/whoami', baseTag: 'v1.9.0' })]);
    await cluster.kubectl(['wait', 'image/demos', '-n', namespace, '--for=condition=Ambiguous', '--timeout=60s']);
    await move('v1.10.2');
    expect((await rollout(({ phase }) => phase === 'Progressing')).message).toContain(
      'waiting: set the annotation kimup.cloudavenue.io/image',
    );
    await admin.mergePatch(
      DEPLOYMENTS,
      { namespace, name: 'web' },
      { spec: { template: { metadata: { annotations: { 'kimup.cloudavenue.io/image': 'demos' } } } } },
      'user',
    );
    await rollout(({ phase }) => phase === 'Healthy');
    expect(new Set(await running('Deployment', 'web'))).toEqual(new Set(['acme/whoami:v1.10.2 ready']));
    await eventually(async () => !(await status())?.conditions.some(({ type }) => type === 'Ambiguous'));
  });

  it("brings pods that were there before their namespace came into scope to the Image's tag", async () => {
    await controllerWrites({ tag: 'v1.10.2' });
    await admin.mergePatch(
      { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
      { name: namespace },
      { metadata: { annotations: { 'kimup.cloudavenue.io/enabled': 'false' } } },
      'user',
    );
    await eventually(async () => {
      const name = `probe-${Math.random().toString(36).slice(2, 8)}`;
      const made = await admin
        .create<Pod>(PODS, { namespace }, podManifest('acme/whoami:v1.9.0', { name }), 'user')
        .catch(() => undefined);
      return made?.spec.containers[0]?.image === 'acme/whoami:v1.9.0';
    });
    await workload('Deployment', 'web');
    expect(new Set(await running('Deployment', 'web'))).toEqual(new Set(['acme/whoami:v1.9.0 ready']));
    await admin.mergePatch(
      { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
      { name: namespace },
      { metadata: { annotations: { 'kimup.cloudavenue.io/enabled': 'true' } } },
      'user',
    );
    await rollout(
      ({ phase, workloads }) =>
        phase === 'Healthy' && workloads.some(({ name, phase: at }) => name === 'web' && at === 'Healthy'),
    );
    expect(new Set(await running('Deployment', 'web'))).toEqual(new Set(['acme/whoami:v1.10.2 ready']));
  });

  it('writes nothing when nothing changed, also after a restart; a rollout is a handful of writes', async () => {
    await workload('Deployment', 'web');
    await workload('StatefulSet', 'db');
    const began = new Date();
    await move('v1.10.2');
    await rollout(({ phase }) => phase === 'Healthy');
    await controllerWrites({ tag: 'v1.10.2' });
    const writes = async (since: Date): Promise<string[]> =>
      (await cluster.auditLog({ userAgentPrefix: AGENT, since }))
        .filter(
          ({ verb, code, namespace: at }) => at === namespace && code < 300 && !['get', 'list', 'watch'].includes(verb),
        )
        .map(({ verb, resource, subresource }) => `${verb} ${resource}${subresource && `/${subresource}`}`);
    const made = await writes(began);
    expect(made.filter((write) => write !== 'patch images/status')).toHaveLength(2);
    // Pending, Progressing, and a row at a time that is Healthy, with what Kubernetes' own pace puts in between.
    expect(made.length).toBeLessThanOrEqual(8);
    const quiet = new Date();
    await operator.stop();
    operator = await startRollouts(kubeconfig);
    await cluster.kubectl(['annotate', 'deployment/web', '-n', namespace, 'example.test/touched=yes']);
    await cluster.kubectl(['annotate', 'image/demos', '-n', namespace, 'example.test/touched=yes']);
    // A move of another Image shows that the operator has worked through what came before.
    await cluster.apply([imageManifest({ name: 'zz', namespace, image: 'acme/other', baseTag: 'v1' })]);
    await admin.apply(
      IMAGES,
      { namespace, name: 'zz', subresource: 'status' },
      {
        metadata: { name: 'zz', namespace },
        status: {
          tag: 'v1',
          image: 'acme/other',
          baseTag: 'v1',
          update: { tag: 'v2', rule: 'minor', since: new Date().toISOString() },
        },
      },
      'kimup-controller',
    );
    await eventually(
      async () => (await admin.get<RawStatus>(IMAGES, { namespace, name: 'zz' })).status?.rollout?.phase === 'Healthy',
    );
    expect(await writes(quiet)).toEqual(['patch images/status']);
  });
});
