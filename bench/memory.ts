// Resident memory of both bundled components with 0, 1,000 and 10,000 Images, run with the options of the image's ENTRYPOINT,
// beside a bare Nest, Fastify and KubeConfig process run with the same. The Images' statuses are written by the bench, and both
// components are started anew before each look. At the end all 10,000 Images are due at once, and refreshed.
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeOptions } from '../test/support/path/component-process.ts';
import { type ComponentName, COMPONENTS } from '../test/support/path/components.ts';
import { buildBundle, install, type Installation } from '../test/support/path/install.ts';
import { apiPool, type ApiPool } from '../tools/cluster/api-pool.ts';
import type { Cluster } from '../tools/cluster/cluster.ts';
import { until } from '../tools/cluster/process/until.ts';
import { freePorts } from '../tools/cluster/sockets/free-ports.ts';
import { bundleBareNest } from './bare-bundle.ts';
import { benchCluster } from './bench-cluster.ts';
import { catchUp, makeDue } from './burst.ts';
import { createRefreshedImages } from './images.ts';
import type { Finding } from './main.ts';
import { mb, type Memory, memoryOf } from './process-figures.ts';

const COUNTS = [0, 1_000, 10_000] as const;
/** Yearly: nothing is due while the memory is looked at. */
const MANY = { repositories: 100, crontab: '0 0 0 1 1 *', namespace: 'bench' } as const;
const CONNECTIONS = 16;
const SETTLE_MS = 5_000;

export async function benchMemory(tell: (line: string) => void): Promise<Finding> {
  await buildBundle();
  return benchCluster(tell, async (cluster, dir) => {
    const baseline = await bare(cluster, dir);
    tell(`bare Nest, Fastify and KubeConfig: ${mb(baseline.rss)} MB`);
    const kimup = await install(cluster);
    const pool = await apiPool(cluster, CONNECTIONS);
    const memories: Record<ComponentName, Memory[]> = { operator: [], controller: [] };
    let there = 0;
    for (const count of COUNTS) {
      if (count > there) {
        await createRefreshedImages(cluster, kimup, pool, MANY, { from: there, to: count });
        there = count;
      }
      for (const component of COMPONENTS) {
        const memory = await anew(kimup, component);
        memories[component].push(memory);
        tell(
          `${component} with ${count} Images: ${mb(memory.rss)} MB, ${mb(memory.anonymous)} MB of it its own, at most ${mb(memory.peak)} MB`,
        );
      }
    }
    const refreshed = await refreshAll(cluster, kimup, pool, tell);
    return {
      figure: mb(Math.max(...COMPONENTS.map((component) => memories[component].at(-1)!.rss))),
      baseline: mb(baseline.rss),
      unit: `MB resident, the larger component with ${COUNTS.at(-1)} Images; a bare Nest, Fastify and KubeConfig process`,
      lessIsBetter: true,
      operator: findingOf(memories.operator, refreshed.operator),
      controller: findingOf(memories.controller, refreshed.controller),
      bareAnonymousMb: mb(baseline.anonymous),
      nodeOptions: nodeOptions(),
    };
  });
}

/**
 * What was found of one component.
 * @param memories with each count of Images
 * @param refreshed after all of them were refreshed
 */
function findingOf(memories: readonly Memory[], refreshed: Memory): object {
  return {
    mb: Object.fromEntries(memories.map(({ rss }, i) => [COUNTS[i], mb(rss)])),
    anonymousMb: Object.fromEntries(memories.map(({ anonymous }, i) => [COUNTS[i], mb(anonymous)])),
    peakMb: mb(Math.max(...memories.map(({ peak }) => peak))),
    afterAllWereRefreshedMb: mb(refreshed.rss),
    peakWhileAllWereRefreshedMb: mb(refreshed.peak),
    bytesAnImage: Math.round((memories.at(-1)!.rss - memories[0]!.rss) / COUNTS.at(-1)!),
  };
}

async function bare(cluster: Cluster, dir: string): Promise<Memory> {
  const program = await bundleBareNest(dir);
  const [port = 0] = await freePorts(1);
  const running = await cluster.spawn('bare-nest', process.execPath, [
    ...nodeOptions(),
    program,
    String(port),
    cluster.kubeconfig,
  ]);
  await until(
    async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok || undefined,
    10_000,
    'the bare process to listen',
    20,
  );
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

/** Lets every Image be due at once, as after a year without a controller, and looks when all were refreshed. */
async function refreshAll(
  cluster: Cluster,
  kimup: Installation,
  pool: ApiPool,
  tell: (line: string) => void,
): Promise<Record<ComponentName, Memory>> {
  const controller = kimup.process('controller');
  await controller.stop(30_000);
  await makeDue(cluster, pool);
  const { perSecond } = await catchUp(cluster, kimup, COUNTS.at(-1)!);
  await sleep(SETTLE_MS);
  const memories = { operator: memoryOf(kimup.process('operator').pid!), controller: memoryOf(controller.pid!) };
  tell(
    `${COUNTS.at(-1)} Images refreshed, ${perSecond.toFixed(0)} a second; the controller took at most ${mb(memories.controller.peak)} MB`,
  );
  return memories;
}
