// Operator, controller and API server are killed at moments that nobody chose: KIMUP_CHAOS_SEED gives the same ones again.
import { setTimeout as sleep } from 'node:timers/promises';
import { it } from 'vitest';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import type { ComponentName } from '../path/components.ts';
import { killApiServer } from './api-server.ts';
import type { ChaosRun } from './chaos-run.ts';
import { seeded, seedOfRun } from './random.ts';

const VICTIMS = ['operator', 'controller', 'kube-apiserver'] as const;

interface Round {
  readonly victim: (typeof VICTIMS)[number];
  readonly round: number;
  /** When, as a part of the time that the path takes. */
  readonly at: number;
  /** Every replica, or only the leader. */
  readonly all: boolean;
}

/** Its tests, within a group named `killed at a random moment of the path`. */
export function randomKills(run: ChaosRun): void {
  const seed = seedOfRun();
  const random = seeded(seed);
  const rounds: Round[] = VICTIMS.flatMap((victim) =>
    Array.from({ length: run.size.kills }, (_, i) => ({ victim, round: i + 1, at: random(), all: random() < 0.5 })),
  );
  it.each(rounds)(`$victim, round $round (KIMUP_CHAOS_SEED=${seed})`, (round) => killedOnTheWay(run, round));
}

async function killedOnTheWay(run: ChaosRun, { victim, at, all }: Round): Promise<void> {
  const { world, pathMs } = run;
  const app = await world.app(victim);
  // Before it decides, in the middle of the rollout, or when all is done.
  const moment = at * pathMs * 1.1;
  const begun = Date.now();
  await world.begin(app);
  await sleep(Math.max(0, moment - (Date.now() - begun)));
  if (victim === 'kube-apiserver') await killApiServer(world.cluster);
  else await killReplicas(run, victim, all);
  await world.ends(app).catch((error: Error) => {
    throw new Error(`killed ${all ? 'all' : 'one'} after ${Math.round(moment)} ms of ${pathMs}: ${error.message}`);
  });
  await world.end(app);
}

async function killReplicas({ world }: ChaosRun, component: ComponentName, all: boolean): Promise<void> {
  const dying = all ? world.replicas.of(component) : [await world.replicas.leader(component, HANG_MS)];
  for (const { process } of dying) process.kill('SIGKILL');
  await Promise.all(dying.map(({ process }) => process.exited()));
  await Promise.all(dying.map(({ process }) => process.start()));
}
