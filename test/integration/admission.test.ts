import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { X509CertificateAuthority } from '../../src/adapters/certificate/x509-certificate-authority.ts';
import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';
import type { KubeError } from '../../src/adapters/kubernetes/client/kube-error.ts';
import {
  IMAGES,
  type KubeObject,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  PODS,
  SECRETS,
} from '../../src/adapters/kubernetes/client/resource.ts';
import { SecretCertificateStore } from '../../src/adapters/kubernetes/certificates/secret-certificate-store.ts';
import { SystemClock } from '../../src/adapters/clock/system-clock.ts';
import { OwnServingCertificate } from '../../src/application/admission/own-serving-certificate.ts';
import { failurePolicy, inScope } from '../../src/domain/assignment/scope.ts';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import { until } from '../../tools/cluster/process/until.ts';
import { imageManifest, statusManifest } from '../support/builders/manifests.ts';
import { FakeLog } from '../support/fakes/recorders.ts';
import { HANG_MS } from '../../tools/cluster/hang.ts';
import { type Admission, startAdmission } from './admission-wiring.ts';

// A cluster of its own: the webhook is the whole cluster's, and part of the time it is down.
const ROOT = join(import.meta.dirname, '../..');
const WHOAMI = { image: 'acme/whoami', baseTag: 'v1.9.0' };
const DAY_MS = 86_400_000;
const CONFIGURATION = { name: 'kimup-mutator' };
const SECRET = { namespace: 'kimup-operator', name: 'kimup-webhook-cert' };

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: { image: string }[];
    readonly initContainers?: { image: string }[];
    readonly ephemeralContainers?: { image: string }[];
  };
}
interface Configuration extends KubeObject {
  readonly webhooks: readonly {
    readonly name: string;
    readonly failurePolicy: string;
    readonly clientConfig: { readonly caBundle: string };
  }[];
}

const says = (enabled?: string, policy?: string): Record<string, string> => ({
  ...(enabled === undefined ? {} : { 'kimup.cloudavenue.io/enabled': enabled }),
  ...(policy === undefined ? {} : { 'kimup.cloudavenue.io/failure-policy': policy }),
});

describe('admission, on a real API server', () => {
  let cluster: Cluster;
  let connection: KubeConnection;
  let admin: KubeClient;
  let admission: Admission;
  let count = 0;

  beforeAll(async () => {
    cluster = await startCluster({ nodes: 'kwok', name: 'admission' });
    await cluster.kubectl(['apply', '--server-side', '-f', join(ROOT, 'crds/kimup.cloudavenue.io_images.yaml')]);
    await cluster.kubectl(['apply', '-f', join(ROOT, 'deploy/namespace.yaml'), '-f', join(ROOT, 'deploy/rbac.yaml')]);
    await cluster.kubectl(['create', 'secret', 'generic', SECRET.name, '-n', SECRET.namespace]);
    connection = KubeConnection.load({ kubeconfig: cluster.kubeconfig, userAgent: 'admin' });
    admin = new KubeClient(connection);
    // Its certificate is made as one of 62 days ago, so that a renewed one is valid today.
    admission = await startAdmission(await cluster.serviceAccountKubeconfig('kimup-operator', 'kimup'), {
      shiftMs: -62 * DAY_MS,
      newConnections: true,
    });
    await until(() => admin.get(MUTATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION), HANG_MS, 'the webhook configuration');
  });
  afterAll(async () => {
    await admission?.stop();
    await connection?.close();
    await cluster?.stop();
  });

  /** A namespace with an Image of acme/whoami on v1.10.2. */
  async function namespace(annotations: Record<string, string> = {}): Promise<string> {
    const name = `n${++count}`;
    await cluster.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } },
      imageManifest({ namespace: name, ...WHOAMI }),
    ]);
    await admin.mergePatch(
      IMAGES,
      { namespace: name, name: 'demos', subresource: 'status' },
      { status: statusManifest('v1.10.2', WHOAMI) },
      'test',
    );
    await until(() => cluster.kubectl(['get', 'serviceaccount', 'default', '-n', name]), HANG_MS, 'the ServiceAccount');
    return name;
  }

  const pod = (annotations: Record<string, string> = {}, image = 'acme/whoami:v1.9.0') => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'web-', annotations },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'side', image: 'nginx:1' },
        { name: 'main', image },
      ],
    },
  });
  /** Creates a pod and says which image its main container got. */
  const created = async (in_: string, annotations?: Record<string, string>): Promise<string> =>
    (await admin.create<Pod>(PODS, { namespace: in_ }, pod(annotations))).spec.containers[1]!.image;

  const webhooks = async () =>
    (await admin.get<Configuration>(MUTATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION)).webhooks;

  it('puts the tag on pods in scope, every kind of container, and leaves the workload’s own image as it is', async () => {
    const name = await namespace(says('true'));
    await until(
      async () => (await created(name)) === 'acme/whoami:v1.10.2' || undefined,
      HANG_MS,
      'the namespace to be covered',
    );
    await cluster.apply([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', namespace: name },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: {
              initContainers: [{ name: 'init', image: 'docker.io/acme/whoami' }],
              containers: [{ name: 'main', image: 'acme/whoami:v1.9.0' }],
            },
          },
        },
      },
    ]);
    const [of] = await until(
      async () => {
        const pods = await admin.list<Pod>(PODS, { namespace: name, labelSelector: 'app=web' });
        return pods.length > 0 ? pods : undefined;
      },
      HANG_MS,
      'the Deployment’s pod',
    );
    expect(of!.spec.containers[0]!.image).toBe('acme/whoami:v1.10.2');
    expect(of!.spec.initContainers![0]!.image).toBe('docker.io/acme/whoami:v1.10.2');
    expect(
      await cluster.kubectl([
        'get',
        'deployment',
        'web',
        '-n',
        name,
        '-o',
        'jsonpath={.spec.template.spec.containers[0].image}',
      ]),
    ).toBe('acme/whoami:v1.9.0');

    await cluster.kubectl([
      'debug',
      '-n',
      name,
      `pod/${of!.metadata!.name}`,
      '--image=acme/whoami',
      '--container=dbg',
      '--attach=false',
      '--profile=general',
    ]);
    expect(
      (await admin.get<Pod>(PODS, { namespace: name, name: of!.metadata!.name! })).spec.ephemeralContainers![0]!.image,
    ).toBe('acme/whoami:v1.10.2');
  });

  it('answers dry runs, and shows its warnings to whoever creates a pod', async () => {
    const name = await namespace(says('true'));
    await until(
      async () => (await created(name)) === 'acme/whoami:v1.10.2' || undefined,
      HANG_MS,
      'the namespace to be covered',
    );
    const manifest = JSON.stringify({ ...pod({}, 'acme/whoami:v1.9.0'), metadata: { name: 'dry', namespace: name } });
    expect(
      await cluster.kubectl(['create', '--dry-run=server', '-f', '-', '-o', 'jsonpath={.spec.containers[1].image}'], {
        input: manifest,
      }),
    ).toBe('acme/whoami:v1.10.2');
    const higher = JSON.stringify({ ...pod({}, 'acme/whoami:v2.0.0'), metadata: { name: 'higher', namespace: name } });
    await expect(cluster.kubectl(['create', '--warnings-as-errors', '-f', '-'], { input: higher })).rejects.toThrow(
      'keeps acme/whoami:v2.0.0: its tag is above v1.10.2, the tag of Image demos',
    );
  });

  describe('every combination of what namespace and pod say', () => {
    const combinations = [undefined, 'true', 'false'].flatMap((enabled) =>
      [undefined, 'fail', 'ignore'].map((policy) => says(enabled, policy)),
    );
    const namespaces: { readonly name: string; readonly annotations: Record<string, string> }[] = [];
    const seen = () => admission.metrics.counts.get('mutator_request') ?? 0;

    beforeAll(async () => {
      for (const annotations of combinations) namespaces.push({ name: await namespace(annotations), annotations });
      // The last one written is covered, and with it all before.
      await until(
        async () => (await created(namespaces[4]!.name)) === 'acme/whoami:v1.10.2' || undefined,
        HANG_MS,
        'the namespaces to be covered',
      );
    });

    it('reaches the webhook exactly once where it is in scope, and never where it is not', async () => {
      for (const { name, annotations } of namespaces) {
        for (const own of combinations) {
          const before = seen();
          const image = await created(name, own);
          const scope = inScope(own, annotations);
          expect([image, seen() - before], JSON.stringify([annotations, own])).toEqual([
            scope ? 'acme/whoami:v1.10.2' : 'acme/whoami:v1.9.0',
            scope ? 1 : 0,
          ]);
        }
      }
    });

    it('starts or is refused by its failure policy while the webhook is down', async () => {
      await admission.down();
      try {
        for (const { name, annotations } of namespaces) {
          for (const own of combinations) {
            const refused = inScope(own, annotations) && failurePolicy(own, annotations) === 'fail';
            const outcome = await created(name, own).catch((error: KubeError) => error.message);
            if (refused)
              expect(outcome, JSON.stringify([annotations, own])).toMatch(
                /failed calling webhook "fail\.[a-z.-]+\.kimup\.cloudavenue\.io"/,
              );
            else expect(outcome, JSON.stringify([annotations, own])).toBe('acme/whoami:v1.9.0');
          }
        }
      } finally {
        await admission.up();
      }
    });
  });

  it('leaves kube-system and kimup’s own namespace alone whatever they say, also while it is down', async () => {
    await admission.down();
    try {
      for (const name of ['kube-system', 'kimup-operator']) {
        await cluster.kubectl(['annotate', '--overwrite', 'namespace', name, 'kimup.cloudavenue.io/enabled=true']);
        expect(await created(name, says('true'))).toBe('acme/whoami:v1.9.0');
      }
    } finally {
      await admission.up();
    }
  });

  it('covers a namespace soon after its annotation, and lets it go again', async () => {
    const name = await namespace();
    expect(await created(name)).toBe('acme/whoami:v1.9.0');
    await cluster.kubectl(['annotate', 'namespace', name, 'kimup.cloudavenue.io/enabled=true']);
    await until(
      async () => (await created(name)) === 'acme/whoami:v1.10.2' || undefined,
      HANG_MS,
      'the namespace to be covered',
    );
    await cluster.kubectl(['annotate', 'namespace', name, 'kimup.cloudavenue.io/enabled-']);
    await until(
      async () => !JSON.stringify(await webhooks()).includes(`"${name}"`) || undefined,
      HANG_MS,
      'the namespace to be let go',
    );
    expect(await created(name)).toBe('acme/whoami:v1.9.0');
  });

  describe('the configuration', () => {
    const backAs = (wanted: unknown) =>
      until(
        async () => JSON.stringify(await webhooks()) === JSON.stringify(wanted) || undefined,
        HANG_MS,
        'the configuration to be put back',
      );

    it('is put back when it is edited, added to or deleted', async () => {
      const wanted = await webhooks();
      await admin.mergePatch(
        MUTATING_WEBHOOK_CONFIGURATIONS,
        CONFIGURATION,
        { webhooks: wanted.map((one) => ({ ...one, failurePolicy: 'Ignore', timeoutSeconds: 30 })) },
        'somebody',
      );
      await backAs(wanted);
      await admin.mergePatch(
        MUTATING_WEBHOOK_CONFIGURATIONS,
        CONFIGURATION,
        { webhooks: [...wanted, { ...wanted[0], name: 'other.example.org' }] },
        'somebody',
      );
      await backAs(wanted);
      await admin.mergePatch(MUTATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION, { webhooks: [] }, 'somebody');
      await backAs(wanted);
      await admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION);
      await backAs(wanted);
      expect(admission.log.lines.join()).toContain('restoring it');
    });

    it('is not fought over at full speed', async () => {
      const wanted = await webhooks();
      const putBacks = () => admission.log.lines.filter((line) => line.includes('restoring it')).length;
      const [before, end] = [putBacks(), Date.now() + 2_000];
      await until(
        async () => {
          if ((await webhooks()).every(({ failurePolicy: policy }) => policy === 'Ignore'))
            return Date.now() > end || undefined;
          await admin.mergePatch(
            MUTATING_WEBHOOK_CONFIGURATIONS,
            CONFIGURATION,
            { webhooks: wanted.map((one) => ({ ...one, failurePolicy: 'Ignore' })) },
            'somebody',
          );
          return undefined;
        },
        HANG_MS,
        'the end of the fight',
      );
      expect(putBacks() - before).toBeLessThan(8);
      admission.clock.shiftMs += 120_000; // long after, and something changes
      await namespace(says('true'));
      await until(
        async () => (await webhooks()).some(({ failurePolicy: policy }) => policy === 'Fail') || undefined,
        HANG_MS,
        'the configuration to be put back',
      );
    });

    it('is not written while nothing changes, nor for namespaces that say nothing', async () => {
      const before = ((await admin.get(MUTATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION)) as KubeObject).metadata!
        .resourceVersion;
      const since = new Date();
      await cluster.apply([
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'silent', annotations: { other: 'annotation' } } },
      ]);
      const said = await namespace(says('true'));
      await until(
        async () => (await created(said)) === 'acme/whoami:v1.10.2' || undefined,
        HANG_MS,
        'the namespace to be covered',
      );
      expect(
        ((await admin.get(MUTATING_WEBHOOK_CONFIGURATIONS, CONFIGURATION)) as KubeObject).metadata!.resourceVersion,
      ).not.toBe(before);
      const writes = (await cluster.auditLog({ since })).filter(
        (event) => event.userAgent?.startsWith('kimup-operator/test') && !['get', 'list', 'watch'].includes(event.verb),
      );
      expect(writes.map((event) => event.verb)).toEqual(['patch']);
    });
  });

  describe('the certificate', () => {
    const replica = (client: KubeClient, name: string) =>
      new OwnServingCertificate(
        new SecretCertificateStore(client, { namespace: 'kimup-operator', name, fieldManager: 'test' }),
        new X509CertificateAuthority({ hosts: ['localhost'] }),
        new SystemClock(),
        new FakeLog(),
      );

    it('is renewed, and its authority replaced, without a single pod being refused', async () => {
      const name = await namespace(says('true', 'fail'));
      await until(
        async () => (await created(name)) === 'acme/whoami:v1.10.2' || undefined,
        HANG_MS,
        'the namespace to be covered',
      );
      const images = new Set<string>();
      let [going, pods] = [true, 0];
      const traffic = Promise.all(
        [1, 2, 3].map(async () => {
          for (; going; pods++) images.add(await created(name));
        }),
      );
      const more = async () => {
        const from = pods;
        await until(() => pods >= from + 20 || undefined, HANG_MS, 'more pods');
      };
      const bundle = async () => (await webhooks())[0]!.clientConfig.caBundle;
      try {
        const first = admission.certificate.current()!;
        await more();

        admission.clock.shiftMs = -DAY_MS; // two thirds of its 90 days are over
        await admission.certificate.start();
        const renewed = admission.certificate.current()!;
        expect(renewed.authority).toBe(first.authority);
        expect(renewed.certificate).not.toBe(first.certificate);
        await more();

        await admin.mergePatch(SECRETS, SECRET, { data: null }, 'somebody');
        await admission.certificate.start();
        const both = admission.certificate.current()!;
        expect(both.authority.match(/BEGIN/g)).toHaveLength(2);
        expect(both.authority).toContain(first.authority);
        expect(both.certificate).toBe(renewed.certificate);
        await until(
          async () => (await bundle()) === Buffer.from(both.authority).toString('base64') || undefined,
          HANG_MS,
          'the authority in the configuration',
        );
        await more();

        admission.clock.shiftMs = -DAY_MS + 11 * 60_000; // the new authority is trusted everywhere
        await admission.certificate.start();
        expect(admission.certificate.current()!.authority).toBe(both.authority);
        expect(admission.certificate.current()!.certificate).not.toBe(both.certificate);
        await more();
      } finally {
        going = false;
      }
      await traffic;
      expect([...images]).toEqual(['acme/whoami:v1.10.2']);
      expect(admission.metrics.counts.get('mutator_request failed')).toBeUndefined();
    });

    it('is one for all replicas, whichever of them makes it', async () => {
      await cluster.kubectl(['create', 'secret', 'generic', 'shared', '-n', 'kimup-operator']);
      const replicas = Array.from({ length: 4 }, () => replica(admin, 'shared'));
      await Promise.all(replicas.map((one) => one.start()));
      for (const one of replicas) one.stop();
      expect(replicas.map((one) => one.problem())).toEqual([undefined, undefined, undefined, undefined]);
      expect(new Set(replicas.map((one) => JSON.stringify(one.current()))).size).toBe(1);
    });

    it.each([
      ['is not there', 'missing', 'create an empty one: kubectl -n kimup-operator create secret generic missing'],
      ['may not be read', 'forbidden', 'verbs get and patch on secrets, resourceNames [forbidden]'],
    ])('says what to do when its Secret %s', async (_, name, message) => {
      const client = name === 'forbidden' ? admission.client : admin;
      const source = replica(client, name);
      await source.start();
      source.stop();
      expect(source.problem()).toContain(message);
      expect(source.current()).toBeUndefined();
    });
  });
});
