// 500 Images over 50 repositories, all due at once and without news: how many Images a second the controller refreshes,
// beside bare server-side applies of the same statuses to the same API server, 16 in flight, round by round in turn.
import { buildBundle, install } from '../test/support/path/install.ts';
import { apiPool } from '../tools/cluster/api-pool.ts';
import type { Cluster } from '../tools/cluster/cluster.ts';
import { until } from '../tools/cluster/process/until.ts';
import { benchCluster, residentMb } from './bench-cluster.ts';
import { applyManyImages, applyStatus } from './images.ts';
import type { Finding } from './main.ts';
import { median } from './median.ts';

const IMAGES = 500;
const PERIOD_S = 20;
const MANY = { images: IMAGES, repositories: 50, crontab: `*/${PERIOD_S} * * * * *`, namespace: 'bench' } as const;
const IN_FLIGHT = 16;
const ROUNDS = 5;

export async function benchRefresh(tell: (line: string) => void): Promise<Finding> {
  await buildBundle();
  return benchCluster(tell, async (cluster) => {
    const kimup = await install(cluster);
    await applyManyImages(cluster, MANY, tell);
    const apply = await bareApplies(cluster);
    const figures: number[] = [];
    const baselines: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const figure = await refreshes(cluster);
      const controller = kimup.process('controller');
      // Frozen, so that neither its next tick nor its watch takes from the baseline's share; for less than a lease.
      controller.kill('SIGSTOP');
      const baseline = await apply().finally(() => controller.kill('SIGCONT'));
      figures.push(figure);
      baselines.push(baseline);
      tell(
        `round ${round + 1}: ${figure.toFixed(0)} Images refreshed a second, ${baseline.toFixed(0)} bare status applies a second`,
      );
    }
    return {
      figure: median(figures),
      baseline: median(baselines),
      unit: 'Images refreshed a second; bare status applies a second',
      controllerResidentMb: await residentMb(kimup, 'controller'),
      images: IMAGES,
      repositories: MANY.repositories,
    };
  });
}

/** Waits for the next tick to be served and returns the rate: from the tick to the answer of the last status write. */
async function refreshes(cluster: Cluster): Promise<number> {
  const tick = new Date(Math.ceil((Date.now() + 500) / (PERIOD_S * 1_000)) * PERIOD_S * 1_000);
  await new Promise((resolve) => setTimeout(resolve, tick.getTime() - Date.now() + 1_000));
  // Asked seldom: each look reads the audit log in this process, on a core that the API server could use.
  const writes = await until(
    async () => {
      const events = await cluster.auditLog({ userAgentPrefix: 'kimup-controller', since: tick });
      const applied = events.filter(({ verb, resource }) => verb === 'patch' && resource === 'images');
      return applied.length >= IMAGES ? applied : undefined;
    },
    60_000,
    `${IMAGES} Images to be refreshed`,
    1_000,
  );
  const failed = writes.filter(({ code }) => code !== 200);
  if (failed.length > 0 || writes.length !== IMAGES)
    throw new Error(`${writes.length} status writes for ${IMAGES} Images, ${failed.length} of them rejected`);
  return IMAGES / ((Math.max(...writes.map(({ time }) => time.getTime())) - tick.getTime()) / 1_000);
}

/** Applies the status that every Image has, with another time, as bare as it can be done: undici, one pool, no reading of answers. */
async function bareApplies(cluster: Cluster): Promise<() => Promise<number>> {
  const pool = await apiPool(cluster, IN_FLIGHT);
  return async () => {
    const { items } = JSON.parse(await cluster.kubectl(['get', 'images', '-A', '-o', 'json'])) as {
      items: Array<{ metadata: { namespace: string; name: string; uid: string }; status: object }>;
    };
    const began = performance.now();
    await pool.forEach(items, ({ metadata: { namespace, name, uid }, status }) =>
      applyStatus(pool, { namespace, name, uid }, { ...status, time: new Date().toISOString() }),
    );
    return IMAGES / ((performance.now() - began) / 1_000);
  };
}
