// Resident memory of both bundled components with 0, 1,000 and 10,000 Images, run with the options of the image's ENTRYPOINT,
// beside a bare Nest, Fastify and KubeConfig process run with the same. The Images' statuses are written by the bench, and both
// components are started anew before each look. At the end all 10,000 Images are due at once, and refreshed.
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiPool, type ApiPool } from '../test/cluster/api-pool.ts';
import { type Cluster, startCluster } from '../test/cluster/cluster.ts';
import { freePorts, until } from '../test/cluster/process.ts';
import { buildBundle, type ComponentName, install, type Installation, nodeOptions } from '../test/path/install.ts';
import { bundleBareNest } from './bare-bundle.ts';
import { applyManyImages, imageOf, namespaceOf } from './images.ts';
import type { Finding } from './main.ts';

const COUNTS = [0, 1_000, 10_000] as const;
/** Yearly: nothing is due while the memory is looked at. */
const MANY = { repositories: 100, crontab: '0 0 0 1 1 *', namespace: 'bench' } as const;
const COMPONENTS: readonly ComponentName[] = ['operator', 'controller'];
const CONNECTIONS = 16;
const SETTLE_MS = 5_000;
const LONG_AGO = '2020-01-01T00:00:00Z';

/** Of /proc/PID/status, in bytes. */
interface Memory {
  readonly rss: number;
  readonly anonymous: number;
  readonly peak: number;
}

export async function benchMemory(tell: (line: string) => void): Promise<Finding> {
  await buildBundle();
  const dir = mkdtempSync(join(tmpdir(), 'kimup-bench-'));
  const cluster = await startCluster({ nodes: 'kwok', name: 'bench', progress: tell });
  try {
    const baseline = await bare(cluster, dir);
    tell(`bare Nest, Fastify and KubeConfig: ${mb(baseline.rss)} MB`);
    const kimup = await install(cluster);
    const pool = await apiPool(cluster, CONNECTIONS);
    const found: Partial<Record<ComponentName, Memory[]>> = {};
    let there = 0;
    for (const count of COUNTS) {
      if (count > there) {
        await createRefreshedImages(cluster, kimup, pool, there, count);
        there = count;
      }
      for (const component of COMPONENTS) {
        const memory = await anew(kimup, component);
        (found[component] ??= []).push(memory);
        tell(`${component} with ${count} Images: ${mb(memory.rss)} MB, ${mb(memory.anonymous)} MB of it its own, at most ${mb(memory.peak)} MB`);
      }
    }
    const rounds = await refreshAll(cluster, kimup, pool, tell);
    const of = (component: ComponentName): object => {
      const memories = found[component]!;
      return {
        mb: Object.fromEntries(memories.map(({ rss }, i) => [COUNTS[i], mb(rss)])),
        anonymousMb: Object.fromEntries(memories.map(({ anonymous }, i) => [COUNTS[i], mb(anonymous)])),
        peakMb: mb(Math.max(...memories.map(({ peak }) => peak))),
        afterAllWereRefreshedMb: mb(rounds[component].rss),
        bytesAnImage: Math.round((memories.at(-1)!.rss - memories[0]!.rss) / COUNTS.at(-1)!),
      };
    };
    return {
      figure: mb(Math.max(...COMPONENTS.map((component) => found[component]!.at(-1)!.rss))),
      baseline: mb(baseline.rss),
      unit: `MB resident, the larger component with ${COUNTS.at(-1)} Images; a bare Nest, Fastify and KubeConfig process`,
      lessIsBetter: true,
      operator: of('operator'),
      controller: of('controller'),
      bareAnonymousMb: mb(baseline.anonymous),
      nodeOptions: nodeOptions(),
    };
  } finally {
    await cluster.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function bare(cluster: Cluster, dir: string): Promise<Memory> {
  const program = await bundleBareNest(dir);
  const [port = 0] = await freePorts(1);
  const running = await cluster.spawn('bare-nest', process.execPath, [...nodeOptions(), program, String(port), cluster.kubeconfig]);
  await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok || undefined, 10_000, 'the bare process to listen', 20);
  await sleep(SETTLE_MS);
  const memory = await memoryOf(running.pid!);
  await running.stop();
  return memory;
}

/** The memory of a component that has just been started and has seen everything. */
async function anew(kimup: Installation, component: ComponentName): Promise<Memory> {
  const running = kimup.process(component);
  await running.stop(30_000);
  await running.start();
  await kimup.ready(component, 60_000);
  await sleep(SETTLE_MS);
  return memoryOf(running.pid!);
}

/** Creates the Images from number `from` to `to`, with the status that the controller gave to the first of them. */
async function createRefreshedImages(cluster: Cluster, kimup: Installation, pool: ApiPool, from: number, to: number): Promise<void> {
  if (from === 0) await applyManyImages(cluster, { ...MANY, images: MANY.repositories }, () => undefined);
  await kimup.process('controller').stop(30_000);
  const { metadata: { annotations }, status } = JSON.parse(await cluster.kubectl(['get', 'image', 'image-0', '-n', namespaceOf(0, MANY), '-o', 'json'])) as { metadata: { annotations: object }; status: object };
  const numbers = Array.from({ length: to - from }, (_, i) => from + i).filter((i) => i >= MANY.repositories);
  const namespaces = [...new Set(numbers.map((i) => namespaceOf(i, MANY)))].filter((name) => name !== namespaceOf(0, MANY));
  await cluster.apply(namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations: { 'kimup.cloudavenue.io/enabled': 'true' } } })));
  await pool.forEach(numbers, async (i) => {
    const image = imageOf(cluster, i, MANY);
    const { metadata: { name, namespace }, spec } = image;
    await pool.send('POST', `${imagesOf(namespace)}?fieldManager=kubectl`, { ...image, metadata: { ...image.metadata, annotations } });
    await pool.send('PATCH', `${imagesOf(namespace)}/${name}/status?fieldManager=kimup-controller&force=true`, {
      apiVersion: image.apiVersion, kind: image.kind, metadata: { name, namespace }, status: { ...status, image: spec.image },
    });
  });
}

function imagesOf(namespace: string): string {
  return `/apis/kimup.cloudavenue.io/v1alpha1/namespaces/${namespace}/images`;
}

/** Lets every Image be due at once, as after a year without a controller, and looks when all were refreshed. */
async function refreshAll(cluster: Cluster, kimup: Installation, pool: ApiPool, tell: (line: string) => void): Promise<Record<ComponentName, Memory>> {
  const count = COUNTS.at(-1)!;
  const controller = kimup.process('controller');
  await controller.stop(30_000);
  const { items } = JSON.parse(await cluster.kubectl(['get', 'images', '-A', '-o', 'json'], { timeoutMs: 120_000 })) as { items: Array<{ apiVersion: string; kind: string; metadata: { name: string; namespace: string }; status: object }> };
  await pool.forEach(items, ({ apiVersion, kind, metadata: { name, namespace }, status }) =>
    pool.send('PATCH', `${imagesOf(namespace)}/${name}/status?fieldManager=kimup-controller&force=true`, { apiVersion, kind, metadata: { name, namespace }, status: { ...status, time: LONG_AGO } }));
  const began = Date.now();
  await controller.start();
  await kimup.ready('controller', 60_000);
  let most = 0;
  await until(async () => {
    most = Math.max(most, (await memoryOf(controller.pid!)).rss);
    const done = /^kimup_events_triggered_total (\d+)/m.exec(await kimup.metrics('controller'))?.[1];
    return Number(done) >= count || undefined;
  }, 300_000, `${count} Images to be refreshed`, 1_000);
  tell(`${count} Images refreshed in ${((Date.now() - began) / 1_000).toFixed(0)} s; the controller took at most ${mb(most)} MB`);
  await sleep(SETTLE_MS);
  return { operator: await memoryOf(kimup.process('operator').pid!), controller: await memoryOf(controller.pid!) };
}

async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024;
  return { rss: bytes('VmRSS'), anonymous: bytes('RssAnon'), peak: bytes('VmHWM') };
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
