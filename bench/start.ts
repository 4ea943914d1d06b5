// From the start of a component's process until /readyz says 200, on a cluster without Images, with the options of the image's
// ENTRYPOINT, beside a bare Nest, Fastify and KubeConfig process until it answers, round by round in turn.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { componentArguments, nodeOptions } from '../test/support/path/component-process.ts';
import { type ComponentName, COMPONENTS } from '../test/support/path/components.ts';
import { httpGet } from '../test/support/path/http-get.ts';
import { buildBundle, install } from '../test/support/path/install.ts';
import { freePorts } from '../tools/cluster/sockets/free-ports.ts';
import { bundleBareNest } from './bare-bundle.ts';
import { benchCluster } from './bench-cluster.ts';
import type { Finding } from './main.ts';
import { median } from './median.ts';

const ROUNDS = 7;
const TOO_LONG_MS = 20_000;

export async function benchStart(tell: (line: string) => void): Promise<Finding> {
  await buildBundle();
  return benchCluster(tell, async (cluster, dir) => {
    const kimup = await install(cluster);
    const bareNest = await bundleBareNest(dir);
    const found: Record<ComponentName | 'bare', number[]> = { operator: [], controller: [], bare: [] };
    for (const component of COMPONENTS) await kimup.process(component).stop(30_000);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const [port = 0] = await freePorts(1);
      found.bare.push(await millisecondsToReady([...nodeOptions(), bareNest, String(port), cluster.kubeconfig], port));
      for (const component of COMPONENTS) {
        const { args, healthz, env } = await componentArguments(cluster, component);
        found[component].push(await millisecondsToReady(args, healthz, env));
      }
      tell(
        `round ${round}: operator ${found.operator.at(-1)!.toFixed(0)} ms, controller ${found.controller.at(-1)!.toFixed(0)} ms, bare ${found.bare.at(-1)!.toFixed(0)} ms`,
      );
    }
    const [operator, controller, baseline] = [median(found.operator), median(found.controller), median(found.bare)];
    return {
      figure: Math.max(operator, controller),
      baseline,
      unit: 'ms from the start of the process to ready, the slower component; a bare Nest, Fastify and KubeConfig process',
      lessIsBetter: true,
      operatorMs: Math.round(operator),
      controllerMs: Math.round(controller),
      slowestMs: Math.round(Math.max(...found.operator, ...found.controller)),
    };
  });
}

/** Starts Node.js with `args`, asks for /readyz until it says 200, and ends the process. */
async function millisecondsToReady(
  args: readonly string[],
  port: number,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  const exited = once(child, 'exit');
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it was ready`);
      if (performance.now() - began > TOO_LONG_MS) throw new Error(`it was not ready after ${TOO_LONG_MS} ms`);
      await sleep(5);
    }
    return performance.now() - began;
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

async function isReady(port: number): Promise<boolean> {
  const answer = await httpGet(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  return answer?.status === 200;
}
