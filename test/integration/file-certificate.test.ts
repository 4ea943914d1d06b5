// The webhook's certificate from files, replaced under load on a real API server: by the same authority, then by another.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FileServingCertificate } from '../../src/adapters/certificate/file-serving-certificate.ts';
import { X509CertificateAuthority } from '../../src/adapters/certificate/x509-certificate-authority.ts';
import type { Certificates } from '../../src/application/ports/certificate-authority.ts';
import { apiPool, type ApiPool } from '../../tools/cluster/api-pool.ts';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import { until } from '../../tools/cluster/process/until.ts';
import { imageManifest, namespaceInScope, podManifest, statusManifest } from '../support/builders/manifests.ts';
import { type Admission, startAdmission } from './admission-wiring.ts';

const ROOT = join(import.meta.dirname, '../..');
const NAMESPACE = 'files';
const WHOAMI = { image: 'acme/whoami', baseTag: 'v1.9.0' };
const CREATORS = 3;
const DAY_MS = 86_400_000;
const LOOK_MS = 100;
/** Far longer than the API server takes to hear of a configuration. */
const TRUST_MS = 3_000;
const ATTEMPT_MS = 20_000;

const authority = new X509CertificateAuthority({ hosts: ['127.0.0.1'] });
let cluster: Cluster;
let admission: Admission;
let api: ApiPool;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kimup-files-'));
  cluster = await startCluster({ nodes: 'kwok', name: 'files' });
  await cluster.kubectl(['apply', '--server-side', '-f', join(ROOT, 'crds/kimup.cloudavenue.io_images.yaml')]);
  await cluster.kubectl(['apply', '-f', join(ROOT, 'deploy/namespace.yaml'), '-f', join(ROOT, 'deploy/rbac.yaml')]);
  api = await apiPool(cluster, CREATORS);
}, 120_000);
afterAll(async () => {
  await admission?.stop();
  await api?.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function put(files: Certificates): Promise<Certificates> {
  for (const name of ['tls.crt', 'tls.key', 'ca.crt'] as const) await writeFile(join(folder, name), files[name]);
  return files;
}

async function create(): Promise<string> {
  const { status, body } = await api.ask(
    'POST',
    `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`,
    podManifest('acme/whoami:v1.9.0'),
  );
  const { spec, message } = body as { spec?: { containers: { image: string }[] }; message?: string };
  return status === 201 ? spec!.containers[0]!.image : `${status} ${message}`;
}

it('is replaced, and its authority too, without a single pod being refused', async () => {
  // By an authority of 62 days ago, so that what it signs today is another certificate.
  const first = await put(await authority.renewed(undefined, Date.now() - 62 * DAY_MS));
  admission = await startAdmission(await cluster.serviceAccountKubeconfig('kimup-operator', 'kimup'), {
    certificate: (clock, log) => new FileServingCertificate(clock, log, folder, LOOK_MS, TRUST_MS),
    newConnections: true,
  });
  await cluster.apply([
    namespaceInScope(NAMESPACE, { 'failure-policy': 'fail' }),
    imageManifest({ namespace: NAMESPACE, ...WHOAMI }),
  ]);
  await api.send(
    'PATCH',
    `/apis/kimup.cloudavenue.io/v1alpha1/namespaces/${NAMESPACE}/images/demos/status?fieldManager=test`,
    {
      apiVersion: 'kimup.cloudavenue.io/v1alpha1',
      kind: 'Image',
      status: statusManifest('v1.10.2', WHOAMI),
    },
  );
  await until(
    async () => (await create()) === 'acme/whoami:v1.10.2' || undefined,
    ATTEMPT_MS,
    'the webhook to answer',
    50,
  );

  const answers = new Map<string, number>();
  let going = true;
  const traffic = Promise.all(
    Array.from({ length: CREATORS }, async () => {
      while (going) {
        const answer = await create();
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    }),
  );
  const served = (certificate: string, what: string) =>
    until(() => admission.certificate.current()?.certificate === certificate || undefined, ATTEMPT_MS, what, 20);
  const more = async () => {
    const total = () => [...answers.values()].reduce((sum, count) => sum + count, 0);
    const from = total();
    await until(() => total() >= from + 50 || undefined, ATTEMPT_MS, 'more pods', 20);
  };
  try {
    await more();
    const renewed = await put(await authority.renewed(first, Date.now()));
    expect(renewed['ca.crt']).toBe(first['ca.crt']);
    await served(renewed['tls.crt'], 'the renewed certificate');
    await more();

    const other = await put(await authority.renewed(undefined, Date.now()));
    await served(other['tls.crt'], 'the certificate by another authority');
    await more();
    await until(
      () => admission.certificate.current()?.authority === other['ca.crt'] || undefined,
      ATTEMPT_MS,
      'the former authority to be let go',
      20,
    );
    await more();
  } finally {
    going = false;
    await traffic;
  }
  expect([...answers.keys()]).toEqual(['acme/whoami:v1.10.2']);
}, 120_000);
