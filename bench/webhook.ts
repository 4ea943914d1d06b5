// Pod reviews a second over HTTPS with 1,000 Images loaded, 8 connections, each sending its next review when the last is
// answered, beside bare Fastify under the same load, round by round in turn.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { buildBundle, install, type Installation } from '../test/support/path/install.ts';
import { createAuthority, writeKeyPair } from '../tools/cluster/certificates.ts';
import type { Cluster } from '../tools/cluster/cluster.ts';
import { ensureParts } from '../tools/cluster/parts/parts.ts';
import { run } from '../tools/cluster/process/run.ts';
import { until } from '../tools/cluster/process/until.ts';
import { freePorts } from '../tools/cluster/sockets/free-ports.ts';
import { benchCluster, residentMb } from './bench-cluster.ts';
import { applyManyImages } from './images.ts';
import type { Finding } from './main.ts';
import { median } from './median.ts';
import { pod, reviews } from './reviews.ts';

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

/** The two that are measured in turn. */
interface Round {
  readonly figure: Load;
  readonly baseline: Load;
}

export async function benchWebhook(tell: (line: string) => void): Promise<Finding> {
  await buildBundle();
  const { load } = await ensureParts(['load'], tell);
  return benchCluster(tell, async (cluster, dir) => {
    const kimup = await install(cluster);
    await applyManyImages(cluster, MANY, tell);
    const bodies = join(dir, 'reviews.json');
    writeFileSync(bodies, JSON.stringify(reviews(cluster, MANY)));
    const webhook = `${await webhookUrl(cluster)}/mutate/image-tag`;
    const bare = `https://127.0.0.1:${await startBareFastify(cluster, dir)}/mutate/image-tag`;
    const measure = (url: string, seconds: number): Promise<Load> =>
      measureLoad([load, '-bodies', bodies], url, seconds);
    await webhookKnowsAll(cluster);
    // Both have to be warm.
    await measure(webhook, 3);
    await measure(bare, 3);
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const figure = await measure(webhook, SECONDS);
      const baseline = await measure(bare, SECONDS);
      rounds.push({ figure, baseline });
      tell(
        `round ${round}: ${figure.perSecond.toFixed(0)} reviews a second (p99 ${figure.p99ms} ms), bare Fastify ${baseline.perSecond.toFixed(0)} (p99 ${baseline.p99ms} ms)`,
      );
    }
    return findingOf(rounds, kimup);
  });
}

/** @throws Error when a review was not answered well */
async function measureLoad(command: readonly string[], url: string, seconds: number): Promise<Load> {
  const options = ['-url', url, '-connections', String(CONNECTIONS), '-seconds', String(seconds)];
  const found = JSON.parse(await run([...command, ...options])) as Load;
  if (found.errors > 0) throw new Error(`${found.errors} of ${found.requests} reviews failed at ${url}`);
  return found;
}

/** Waits until the webhook has heard of every Image: the API server is asked to say so. */
async function webhookKnowsAll(cluster: Cluster): Promise<void> {
  const image = 'jsonpath={.spec.containers[0].image}';
  const input = JSON.stringify(pod(cluster, MANY, MANY.images - 1));
  await until(
    async () => {
      const made = await cluster.kubectl(['create', '--dry-run=server', '-o', image, '-f', '-'], { input });
      return made.endsWith(':v1.0.0') || undefined;
    },
    30_000,
    'the webhook to put a tag on a pod',
    200,
  );
}

async function findingOf(rounds: readonly Round[], kimup: Installation): Promise<Finding> {
  return {
    figure: median(rounds.map(({ figure }) => figure.perSecond)),
    baseline: median(rounds.map(({ baseline }) => baseline.perSecond)),
    unit: 'reviews answered a second',
    p50ms: median(rounds.map(({ figure }) => figure.p50ms)),
    p99ms: median(rounds.map(({ figure }) => figure.p99ms)),
    baselineP99ms: median(rounds.map(({ baseline }) => baseline.p99ms)),
    operatorResidentMb: await residentMb(kimup, 'operator'),
    images: MANY.images,
    connections: CONNECTIONS,
  };
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
  const { cert, key } = writeKeyPair(join(dir, 'tls'), pair);
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
