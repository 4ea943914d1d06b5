// Pod reviews a second over HTTPS with 1,000 Images loaded, 8 connections, each sending its next review when the last is
// answered, beside bare Fastify under the same load, round by round in turn.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../tools/cluster/certificates.ts';
import { type Cluster, startCluster } from '../tools/cluster/cluster.ts';
import { ensureParts } from '../tools/cluster/parts/parts.ts';
import { freePorts } from '../tools/cluster/sockets/free-ports.ts';
import { run } from '../tools/cluster/process/run.ts';
import { until } from '../tools/cluster/process/until.ts';
import { buildBundle, install } from '../test/support/path/install.ts';
import { applyManyImages, median, namespaceOf, repositoryOf } from './images.ts';
import type { Finding } from './main.ts';

const MANY = { images: 1_000, repositories: 100, crontab: '0 0 0 1 1 *', namespace: 'bench' } as const;
const CONNECTIONS = 8;
const ROUNDS = 5;
const SECONDS = 5;

interface Load {
  readonly requests: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly p50ms: number;
  readonly p99ms: number;
}

export async function benchWebhook(tell: (line: string) => void): Promise<Finding> {
  await buildBundle();
  const { load } = await ensureParts(['load'], tell);
  const dir = mkdtempSync(join(tmpdir(), 'kimup-bench-'));
  const cluster = await startCluster({ nodes: 'kwok', name: 'bench', progress: tell });
  try {
    const kimup = await install(cluster);
    await applyManyImages(cluster, MANY, tell);
    const bodies = join(dir, 'reviews.json');
    writeFileSync(bodies, JSON.stringify(reviews(cluster)));
    const webhook = `${await webhookUrl(cluster)}/mutate/image-tag`;
    const bare = `https://127.0.0.1:${await startBareFastify(cluster, dir)}/mutate/image-tag`;
    const measure = async (url: string, seconds: number): Promise<Load> => {
      const found = JSON.parse(
        await run([
          load,
          '-url',
          url,
          '-bodies',
          bodies,
          '-connections',
          String(CONNECTIONS),
          '-seconds',
          String(seconds),
        ]),
      ) as Load;
      if (found.errors > 0) throw new Error(`${found.errors} of ${found.requests} reviews failed at ${url}`);
      return found;
    };
    // Both have to be warm, and the webhook has to have heard of every Image: the API server is asked to say so.
    await until(
      async () =>
        (
          await cluster.kubectl(
            ['create', '--dry-run=server', '-o', 'jsonpath={.spec.containers[0].image}', '-f', '-'],
            { input: JSON.stringify(pod(cluster, MANY.images - 1)) },
          )
        ).endsWith(':v1.0.0') || undefined,
      30_000,
      'the webhook to put a tag on a pod',
      200,
    );
    await measure(webhook, 3);
    await measure(bare, 3);
    const rounds: Array<{ figure: Load; baseline: Load }> = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const figure = await measure(webhook, SECONDS);
      const baseline = await measure(bare, SECONDS);
      rounds.push({ figure, baseline });
      tell(
        `round ${round}: ${figure.perSecond.toFixed(0)} reviews a second (p99 ${figure.p99ms} ms), bare Fastify ${baseline.perSecond.toFixed(0)} (p99 ${baseline.p99ms} ms)`,
      );
    }
    const resident = /^process_resident_memory_bytes (\S+)/m.exec(await kimup.metrics('operator'))?.[1];
    return {
      figure: median(rounds.map(({ figure }) => figure.perSecond)),
      baseline: median(rounds.map(({ baseline }) => baseline.perSecond)),
      unit: 'reviews answered a second',
      p50ms: median(rounds.map(({ figure }) => figure.p50ms)),
      p99ms: median(rounds.map(({ figure }) => figure.p99ms)),
      baselineP99ms: median(rounds.map(({ baseline }) => baseline.p99ms)),
      operatorResidentMb: Math.round(Number(resident) / 1e6),
      images: MANY.images,
      connections: CONNECTIONS,
    };
  } finally {
    await cluster.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A pod of the shape that a Deployment's controller makes, on an older tag of one of the repositories, from which its Image's rule comes to the present one. */
function pod(cluster: Cluster, i: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `web-${i}-7c6b9d5f8-`,
      namespace: namespaceOf(i, MANY),
      labels: { 'app.kubernetes.io/name': 'web', 'pod-template-hash': '7c6b9d5f8' },
      annotations: { 'prometheus.io/scrape': 'true' },
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: `${cluster.registry.host}/${repositoryOf(i, MANY)}:v1.0.0-rc.1`,
          ports: [{ containerPort: 8080, protocol: 'TCP' }],
          env: [{ name: 'LOG_LEVEL', value: 'info' }],
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
        },
        { name: 'proxy', image: 'registry.example/mesh/proxy:1.29.1', args: ['--port', '15001'] },
      ],
      initContainers: [{ name: 'init', image: 'registry.example/tools/init:3' }],
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
    },
  };
}

function reviews(cluster: Cluster): object[] {
  return Array.from({ length: 200 }, (_, i) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: `705ab4f5-6393-11e8-b7cc-${String(i).padStart(12, '0')}`,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      namespace: namespaceOf(i * 5, MANY),
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        groups: ['system:serviceaccounts', 'system:authenticated'],
      },
      object: pod(cluster, i * 5),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  }));
}

async function webhookUrl(cluster: Cluster): Promise<string> {
  const url = await cluster.kubectl([
    'get',
    'mutatingwebhookconfiguration',
    'kimup-mutator',
    '-o',
    'jsonpath={.webhooks[0].clientConfig.url}',
  ]);
  return new URL(url).origin;
}

async function startBareFastify(cluster: Cluster, dir: string): Promise<number> {
  const pair = await (await createAuthority('kimup-bench')).issue({ commonName: 'bench', names: ['127.0.0.1'] });
  const cert = join(dir, 'tls.crt');
  const key = join(dir, 'tls.key');
  writeFileSync(cert, pair.cert);
  writeFileSync(key, pair.key, { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  await cluster.spawn('bare-fastify', process.execPath, [
    join(import.meta.dirname, 'bare-fastify.ts'),
    String(port),
    cert,
    key,
  ]);
  await until(
    () =>
      new Promise<true | undefined>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        }).on('error', () => resolve(undefined));
      }),
    10_000,
    'bare Fastify to listen',
    50,
  );
  return port;
}
