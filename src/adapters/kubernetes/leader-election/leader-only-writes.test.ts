import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../../test/support/eventually.ts';
import { FakeClock } from '../../../../test/support/fakes/fake-clock.ts';
import { FakeNamespaceStore } from '../../../../test/support/fakes/fake-namespace-store.ts';
import { FakeServingCertificate } from '../../../../test/support/fakes/fake-serving-certificate.ts';
import { FakeLog, FakeMetrics } from '../../../../test/support/fakes/recorders.ts';
import { Controllers } from '../../../application/controller/controllers.ts';
import { Readiness } from '../../../application/health/readiness.ts';
import { IMAGES_ANNOTATION } from '../../../domain/assignment/images-annotation.ts';
import { KubeError } from '../client/kube-error.ts';
import type { KubeObject } from '../client/resource.ts';
import { KubernetesWorkloadRoller } from '../workloads/kubernetes-workload-roller.ts';
import { WebhookConfigurationController } from '../webhook-configuration/webhook-configuration-controller.ts';
import {
  WebhookConfigurationKeeper,
  WebhookConfigurationOptions,
} from '../webhook-configuration/webhook-configuration-keeper.ts';
import { Informers } from '../client/informers.ts';
import { type RawWorkload, workloadOf } from '../workloads/workload-mapping.ts';

const conflict = (): KubeError => new KubeError('apply: the object has been modified', 409, 'Conflict');

/** A watch that says nothing. */
async function* silence(_: unknown, { signal }: { signal: AbortSignal }): AsyncGenerator<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  yield* [];
}

function fakeClient() {
  return {
    items: {} as Record<string, KubeObject[]>,
    apply: vi.fn(),
    mergePatch: vi.fn(),
    get: vi.fn(),
    delete: vi.fn(),
    create: vi.fn(),
    watch: silence,
    async listAll(
      resource: { kind: string },
      _where: unknown,
      _signal: unknown,
      keep: (object: KubeObject) => KubeObject,
    ) {
      return { items: (this.items[resource.kind] ?? []).map(keep), resourceVersion: '10' };
    },
  };
}

const leadership = { isLeader: vi.fn(() => true), run: vi.fn() };
let client: ReturnType<typeof fakeClient>;
beforeEach(() => {
  client = fakeClient();
  leadership.isLeader.mockReset().mockReturnValue(true);
});

describe('KubernetesWorkloadRoller', () => {
  const raw = (resourceVersion: string, annotation?: string): RawWorkload => ({
    metadata: { namespace: 'default', name: 'web', uid: 'u', resourceVersion, generation: 1 },
    spec: {
      template: {
        ...(annotation === undefined ? {} : { metadata: { annotations: { [IMAGES_ANNOTATION]: annotation } } }),
        spec: { containers: [{ name: 'c', image: 'i' }] },
      },
    },
  });
  const workload = workloadOf(raw('1'), 'Deployment');
  const pod = { name: 'p', uid: 'p-1', deleting: false, finished: false, ready: false, containers: [] };
  const make = (): KubernetesWorkloadRoller => new KubernetesWorkloadRoller(client as never, new FakeLog(), leadership);

  it('sends nothing when this replica does not lead', async () => {
    leadership.isLeader.mockReturnValue(false);
    await expect(make().setImagesAnnotation(workload, 'demos=v2')).rejects.toMatchObject({
      consequence: 'retry',
      message: expect.stringContaining('is not the leader') as string,
    });
    await expect(make().deletePod(workload, pod)).rejects.toMatchObject({ consequence: 'retry' });
    expect([client.apply, client.mergePatch, client.delete].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  });

  it('sends nothing again when the lead was lost meanwhile', async () => {
    client.apply.mockImplementation(async () => {
      leadership.isLeader.mockReturnValue(false);
      throw conflict();
    });
    client.get.mockResolvedValue(raw('2'));
    await expect(make().setImagesAnnotation(workload, 'demos=v2')).rejects.toMatchObject({ consequence: 'retry' });
    expect(client.apply).toHaveBeenCalledTimes(1);
  });

  it('sends the annotation again over a status that changed, for the present version, and never over another annotation', async () => {
    client.apply.mockRejectedValueOnce(conflict()).mockResolvedValueOnce(raw('3', 'demos=v2'));
    client.get.mockResolvedValueOnce(raw('2'));
    await make().setImagesAnnotation(workload, 'demos=v2');
    expect(
      client.apply.mock.calls.map((call) => (call as [unknown, unknown, KubeObject])[2].metadata?.resourceVersion),
    ).toEqual(['1', '2']);

    client.apply.mockReset().mockRejectedValue(conflict());
    client.get.mockResolvedValueOnce(raw('4', 'demos=v3'));
    await expect(make().setImagesAnnotation(workload, 'demos=v2')).rejects.toMatchObject({ consequence: 'conflict' });
    expect(client.apply).toHaveBeenCalledTimes(1);
  });

  it("shows what it wrote before the watch brings it, and leaves out a workload that can't be read", async () => {
    client.items['Deployment'] = [
      raw('1'),
      {
        metadata: { namespace: 'default', name: 'broken', uid: 'b', resourceVersion: '2' },
        spec: { template: { spec: { containers: 7 } } },
      } as KubeObject,
      { metadata: { ...raw('3').metadata, name: 'other', uid: 'o' }, spec: raw('3').spec } as KubeObject,
    ];
    const roller = make();
    roller.start();
    await roller.whenSynced();
    expect(roller.list('default').map(({ name }) => name)).toEqual(['web', 'other']);
    client.apply.mockResolvedValue(raw('11', 'demos=v2'));
    await roller.setImagesAnnotation(workload, 'demos=v2');
    expect(roller.list('default')[0]?.template.annotations).toEqual({ [IMAGES_ANNOTATION]: 'demos=v2' });
    await roller.stop();
  });
});

describe('WebhookConfigurationController', () => {
  const certificate = new FakeServingCertificate();
  certificate.give({ certificate: 'PEM', key: 'PEM', authority: 'PEM', until: 0 });
  const configuration = { metadata: { name: 'kimup-mutator', uid: 'w', resourceVersion: '7' }, webhooks: [] };
  let clock: FakeClock;
  let informers: Informers;
  let log: FakeLog;
  let controller: WebhookConfigurationController;

  beforeEach(async () => {
    clock = new FakeClock();
    client.items['MutatingWebhookConfiguration'] = [configuration];
    client.mergePatch.mockImplementation(async (_resource, _at, body: object) => ({
      ...configuration,
      ...body,
      metadata: { ...configuration.metadata, resourceVersion: '8' },
    }));
    log = new FakeLog();
    const metrics = new FakeMetrics();
    informers = new Informers(client as never, log, metrics, new Readiness());
    const keeper = new WebhookConfigurationKeeper(
      client as never,
      informers,
      new FakeNamespaceStore(),
      certificate,
      clock,
      log,
      new WebhookConfigurationOptions({ url: 'https://127.0.0.1/' }, 'kimup-operator', 'kimup-operator'),
      leadership,
    );
    controller = new WebhookConfigurationController(new Controllers(clock, log, metrics), keeper);
    informers.start();
  });

  afterEach(async () => {
    await controller.stop();
    await informers.stop();
  });

  it('writes nothing while this replica does not lead, and all once it does', async () => {
    leadership.isLeader.mockReturnValue(false);
    controller.start();
    await eventually(() => clock.pending().length > 0);
    await clock.advance(10_000);
    expect(client.mergePatch).not.toHaveBeenCalled();
    leadership.isLeader.mockReturnValue(true);
    await clock.advance(1_000);
    expect(client.mergePatch).toHaveBeenCalledTimes(1);
  });

  it('writes for the version that it saw, and looks again when that is not the present one', async () => {
    client.mergePatch.mockRejectedValueOnce(conflict());
    controller.start();
    await eventually(() => clock.pending().length > 0);
    await clock.advance(1_000);
    expect(client.mergePatch.mock.calls.map((call) => (call as unknown[])[2])).toMatchObject([
      { metadata: { uid: 'w', resourceVersion: '7' } },
      { metadata: { uid: 'w', resourceVersion: '7' } },
    ]);
  });

  it('looks again half a second after a conflict, later and later where they go on, and reports none as a failure', async () => {
    const times: number[] = [];
    client.mergePatch.mockReset().mockImplementation(async () => {
      times.push(clock.now());
      throw conflict();
    });
    controller.start();
    await eventually(() => clock.pending().length > 0);
    await clock.advance(200_000);
    const waits = times.slice(1).map((time, i) => time - times[i]!);
    const soon = waits.indexOf(1_000);
    expect(soon).toBeGreaterThanOrEqual(5);
    expect(waits.slice(0, soon).filter((wait) => wait > 500)).toEqual([]);
    expect(waits.slice(soon, soon + 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(log.lines.filter((line) => !line.startsWith('debug'))).toEqual([]);
  });

  it('says first what follows from a failure, then what the API server answered', async () => {
    client.mergePatch.mockReset().mockRejectedValue(new KubeError('patch: forbidden', 403, 'Forbidden'));
    controller.start();
    await eventually(() => log.lines.length > 0);
    expect(log.lines).toEqual([
      'error the MutatingWebhookConfiguration kimup-mutator could not be written, so pods may start without their tag; retrying: patch: forbidden',
    ]);
  });
});
