import { beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/adapters/clock/system-clock.ts';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeError } from '../../src/adapters/kubernetes/client/kube-error.ts';
import { EVENTS, type KubeObject } from '../../src/adapters/kubernetes/client/resource.ts';
import { KubernetesEventRecorder } from '../../src/adapters/kubernetes/events/kubernetes-event-recorder.ts';
import { KubernetesSecretReader } from '../../src/adapters/kubernetes/secrets/kubernetes-secret-reader.ts';
import { parseDockerConfig } from '../../src/adapters/registry/docker-config.ts';
import type { EventSubject } from '../../src/application/ports/event-recorder.ts';
import { eventRecorderContract } from '../contracts/event-recorder.contract.ts';
import { secretReaderContract } from '../contracts/secret-reader.contract.ts';
import { eventually } from '../support/eventually.ts';
import { FakeLog } from '../support/fakes/recorders.ts';
import type { SharedCluster } from './cluster.ts';
import { connectForAll } from './kubernetes.ts';

/** An event as the API server has it. */
interface SeenByKubernetes extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: EventSubject;
}

let cluster: SharedCluster;
let client: KubeClient;
let namespace: string;

connectForAll((connected) => ({ cluster, client } = connected));
beforeAll(async () => {
  namespace = await cluster.freshNamespace({ prefix: 'adapters' });
});

secretReaderContract('KubernetesSecretReader', async () => {
  const own = await cluster.freshNamespace({ prefix: 'secrets' });
  const secret = async (of: string, name: string, text: string): Promise<void> => {
    await cluster.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/dockerconfigjson',
        metadata: { namespace: of, name },
        stringData: { '.dockerconfigjson': text },
      },
    ]);
  };
  return {
    reader: new KubernetesSecretReader(client, parseDockerConfig),
    namespace: own,
    elsewhere: await cluster.freshNamespace({ prefix: 'secrets' }),
    put: (of, name, auths) => secret(of, name, JSON.stringify({ auths })),
    putMalformed: (of, name) => secret(of, name, JSON.stringify({ auths: 'hunter2' })),
    stop: async () => undefined,
  };
});

eventRecorderContract('KubernetesEventRecorder', async () => {
  const own = await cluster.freshNamespace({ prefix: 'events' });
  const log = new FakeLog();
  let refuses = false;
  const events: Pick<KubeClient, 'create' | 'mergePatch'> = {
    create: (...given) => {
      if (refuses) throw new KubeError('events is forbidden', 403, 'Forbidden');
      return client.create(...given);
    },
    mergePatch: (...given) => client.mergePatch(...given),
  };
  const recorder = new KubernetesEventRecorder(
    events as KubeClient,
    { component: 'kimup-controller', instance: 'pod-1' },
    new SystemClock(),
    log,
  );
  return {
    recorder,
    namespace: own,
    seen: async () => {
      await recorder.stop();
      if (log.lines.length > 0) throw new Error(log.lines.join('\n'));
      return (await client.list<SeenByKubernetes>(EVENTS, { namespace: own })).map(
        ({ regarding, type, reason, note }) => ({ subject: regarding, type, reason, message: note }),
      );
    },
    refuse: () => {
      refuses = true;
    },
    stop: () => recorder.stop(),
  };
});

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
      `spec.imagePullSecrets: Secret ${namespace}/missing does not exist: create it, or remove it from spec.imagePullSecrets`,
    );
  });
});

describe('KubernetesEventRecorder on a real API server', () => {
  it('writes events that kubectl shows, and counts repeats', async () => {
    const log = new FakeLog();
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
