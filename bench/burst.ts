// All Images due at once, 500, 2,000 and 10,000 of them, without news: how many a second the controller refreshes, beside bare
// server-side applies of the same statuses to the same API server, 16 in flight, round by round in turn. The applies are what makes
// the Images due, by times long ago, while no controller runs; then it is started, and catches up. Also the most memory that it took.
import { nodeOptions } from '../test/support/path/component-process.ts';
import { buildBundle, install, type Installation } from '../test/support/path/install.ts';
import { apiPool, type ApiPool } from '../tools/cluster/api-pool.ts';
import type { Cluster } from '../tools/cluster/cluster.ts';
import { until } from '../tools/cluster/process/until.ts';
import { benchCluster } from './bench-cluster.ts';
import { applyStatus, createRefreshedImages } from './images.ts';
import type { Finding } from './main.ts';
import { median } from './median.ts';
import { cpuSecondsOf, mb, memoryOf } from './process-figures.ts';

/** How many Images, and how often that is looked at. */
const ROUNDS = [
  [500, 5],
  [2_000, 3],
  [10_000, 3],
] as const;
/** Yearly: nothing is due but what was missed. */
const MANY = { repositories: 100, crontab: '0 0 0 1 1 *', namespace: 'bench' } as const;
/** Of the bare applies, and of the controller by default. */
const IN_FLIGHT = 16;
/** When the first of the Images was refreshed last, as it says; the others a little later, each at a time of its own. */
const LONG_AGO = Date.parse('2020-06-01T00:00:00Z');

/** One count of Images, medians of its rounds. */
interface Rate {
  readonly images: number;
  readonly perSecond: number;
  readonly barePerSecond: number;
  readonly ratio: number;
  /** Of processor time. */
  readonly controllerMsAnImage: number;
  readonly controllerPeakMb: number;
}

export async function benchBurst(tell: (line: string) => void): Promise<Finding> {
  await buildBundle();
  return benchCluster(tell, async (cluster) => {
    const kimup = await install(cluster);
    const pool = await apiPool(cluster, IN_FLIGHT);
    const rates: Rate[] = [];
    let there = 0;
    for (const [images, rounds] of ROUNDS) {
      await createRefreshedImages(cluster, kimup, pool, MANY, { from: there, to: images });
      there = images;
      const found: Rate[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        const one = await burst(cluster, kimup, pool, images);
        found.push(one);
        tell(
          `${images} Images, round ${round}: ${one.perSecond.toFixed(0)} refreshed a second, ${one.barePerSecond.toFixed(0)} bare status applies a second; the controller took ${one.controllerMsAnImage} ms of a processor an Image, and at most ${one.controllerPeakMb} MB`,
        );
      }
      rates.push(medianOf(images, found));
    }
    const { images, perSecond, barePerSecond } = rates.at(-1)!;
    return {
      figure: perSecond,
      baseline: barePerSecond,
      unit: `Images refreshed a second, ${images} of them due at once; bare status applies a second`,
      rates,
      controllerPeakMb: Math.max(...rates.map(({ controllerPeakMb }) => controllerPeakMb)),
      nodeOptions: nodeOptions(),
    };
  });
}

/** Of the rounds with one count of Images; of the peaks the highest. */
function medianOf(images: number, rounds: readonly Rate[]): Rate {
  return {
    images,
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    barePerSecond: Math.round(median(rounds.map(({ barePerSecond }) => barePerSecond))),
    ratio: median(rounds.map(({ ratio }) => ratio)),
    controllerMsAnImage: median(rounds.map(({ controllerMsAnImage }) => controllerMsAnImage)),
    controllerPeakMb: Math.max(...rounds.map(({ controllerPeakMb }) => controllerPeakMb)),
  };
}

async function burst(cluster: Cluster, kimup: Installation, pool: ApiPool, images: number): Promise<Rate> {
  await kimup.process('controller').stop(30_000);
  const barePerSecond = images / (await makeDue(cluster, pool));
  const { perSecond, cpuSeconds, peak } = await catchUp(cluster, kimup, images);
  return {
    images,
    perSecond,
    barePerSecond,
    ratio: rounded(perSecond / barePerSecond),
    controllerMsAnImage: rounded((1_000 * cpuSeconds) / images),
    controllerPeakMb: mb(peak),
  };
}

interface ItsStatus {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status: { readonly time: string };
}

async function statusesOf(cluster: Cluster): Promise<readonly ItsStatus[]> {
  return (
    JSON.parse(await cluster.kubectl(['get', 'images', '-A', '-o', 'json'], { timeoutMs: 120_000 })) as {
      items: ItsStatus[];
    }
  ).items;
}

/** Applies each status once more, as of long ago, and returns how many seconds that took. No controller may run. */
export async function makeDue(cluster: Cluster, pool: ApiPool): Promise<number> {
  const statuses = await statusesOf(cluster);
  const began = performance.now();
  await pool.forEach(statuses, ({ metadata: { name, namespace }, status }, i) =>
    applyStatus(pool, { name, namespace }, { ...status, time: new Date(LONG_AGO + 137 * i).toISOString() }),
  );
  return (performance.now() - began) / 1_000;
}

/** Starts the controller, waits until it has refreshed all `images`, which are due, and tells how fast it was from when it led. */
export async function catchUp(
  cluster: Cluster,
  kimup: Installation,
  images: number,
): Promise<{ readonly perSecond: number; readonly cpuSeconds: number; readonly peak: number }> {
  const controller = kimup.process('controller');
  const started = Date.now();
  await controller.start();
  await kimup.ready('controller');
  const led = await until(
    async () => ledAt(await kimup.log('controller', 200), started),
    30_000,
    'the controller to lead',
    100,
  );
  // Asked seldom: to tell its metrics is work for the controller too.
  await until(
    async () =>
      Number(/^kimup_events_triggered_total (\d+)/m.exec(await kimup.metrics('controller'))?.[1]) >= images ||
      undefined,
    900_000,
    `${images} Images to be refreshed`,
    1_000,
  );
  const [cpuSeconds, { peak }] = [cpuSecondsOf(controller.pid!), memoryOf(controller.pid!)];
  // When the last one began, all had ended but those in flight.
  const last = Math.max(...(await statusesOf(cluster)).map(({ status }) => Date.parse(status.time)));
  return { perSecond: (images - IN_FLIGHT) / ((last - led) / 1_000), cpuSeconds, peak };
}

/** When the controller that was started then began to lead, milliseconds since the epoch. */
function ledAt(log: string, started: number): number | undefined {
  const [line] = log
    .split('\n')
    .filter((text) => text.includes('this replica is the leader'))
    .slice(-1);
  const at = line === undefined ? 0 : Date.parse((JSON.parse(line) as { time: string }).time);
  return at >= started ? at : undefined;
}

function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
