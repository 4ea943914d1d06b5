import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { EVENTS, type KubeObject } from '../../src/adapters/kubernetes/client/resource.ts';
import { KubernetesEventRecorder } from '../../src/adapters/kubernetes/events/kubernetes-event-recorder.ts';
import { KubernetesSecretReader } from '../../src/adapters/kubernetes/secrets/kubernetes-secret-reader.ts';
import { parseDockerConfig } from '../../src/adapters/registry/docker-config.ts';
import { SystemClock } from '../../src/adapters/clock/system-clock.ts';
import { eventually } from '../support/eventually.ts';
import { sharedCluster, type SharedCluster } from './cluster.ts';
import { kubernetes, TestLog } from './kubernetes.ts';

let cluster: SharedCluster;
let client: KubeClient;
let close: (() => Promise<void>) | undefined;
let namespace: string;

beforeAll(async () => {
  cluster = await sharedCluster();
  ({ client, close } = kubernetes(cluster.kubeconfig));
  namespace = await cluster.freshNamespace({ prefix: 'adapters' });
});
afterAll(() => close?.());

describe('KubernetesSecretReader on a real API server', () => {
  it('reads what kubectl create secret docker-registry makes', async () => {
    await cluster.kubectl([
      '-n',
      namespace,
      'create',
      'secret',
      'docker-registry',
      'pull',
      '--docker-server=registry.test:5000',
      '--docker-username=me',
      '--docker-password=hunter2',
    ]);
    const reader = new KubernetesSecretReader(client, parseDockerConfig);
    expect(
      await reader.pullCredentials(namespace, ['pull'], { registry: 'registry.test:5000', repository: 'app' }),
    ).toEqual([{ username: 'me', password: 'hunter2' }]);
    expect(await reader.pullCredentials(namespace, ['pull'], { registry: 'other.test', repository: 'app' })).toEqual(
      [],
    );
    await expect(
      reader.pullCredentials(namespace, ['pull', 'missing'], { registry: 'other.test', repository: 'app' }),
    ).rejects.toThrow(
      `spec.imagePullSecrets: Secret ${namespace}/missing does not exist: create it, or take its name out`,
    );
  });
});

describe('KubernetesEventRecorder on a real API server', () => {
  it('writes events that kubectl shows, and counts repeats', async () => {
    const log = new TestLog();
    const recorder = new KubernetesEventRecorder(
      client,
      { component: 'kimup-controller', instance: 'pod-1' },
      new SystemClock(),
      log,
    );
    const subject = {
      apiVersion: 'kimup.cloudavenue.io/v1alpha1',
      kind: 'Image',
      namespace,
      name: 'demos',
      uid: '11111111-2222-3333-4444-555555555555',
    };
    recorder.record(subject, 'Warning', 'RegistryError', 'the registry is down: start it'.padEnd(3_000, '€'));
    recorder.record(subject, 'Normal', 'Moved', 'to v1.10.2');
    await eventually(async () => (await client.list(EVENTS, { namespace })).length === 2);
    recorder.record(subject, 'Warning', 'RegistryError', 'the registry is down: start it'.padEnd(3_000, '€'));
    await recorder.stop();
    expect(log.lines).toEqual([]);

    const events = await client.list<
      KubeObject & { reason: string; series?: { count: number }; regarding: { uid: string } }
    >(EVENTS, { namespace });
    expect(events.map(({ reason, series, regarding }) => [reason, series?.count, regarding.uid]).sort()).toEqual([
      ['Moved', undefined, subject.uid],
      ['RegistryError', 2, subject.uid],
    ]);
    const shown = await cluster.kubectl([
      '-n',
      namespace,
      'get',
      'events',
      '--field-selector=involvedObject.name=demos',
    ]);
    expect(shown).toMatch(/Warning\s+RegistryError\s+image\/demos\s+the registry is down/);
    expect(shown).toMatch(/Normal\s+Moved\s+image\/demos\s+to v1\.10\.2/);
  });
});
