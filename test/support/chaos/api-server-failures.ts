// The API server is killed, away, frozen, or has forgotten what the watches want to go on from.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { compactEtcd, controlPlaneIsBack, killApiServer, withoutApiServer } from './api-server.ts';
import { type App, BASE, NEXT } from './app.ts';
import type { ChaosRun } from './chaos-run.ts';
import { underLoad } from './load.ts';

/** Its tests, within a group named `the API server`. */
export function apiServerFails(run: ChaosRun): void {
  const seconds = run.size.awayMs / 1_000;
  it('is killed and started again under load', () => underLoad(run, 'load-killed', () => killed(run)));
  it(`is away for ${seconds} s`, () => away(run));
  it(`is frozen for ${seconds} s, so that every connection hangs`, () =>
    underLoad(run, 'load-frozen', () => frozen(run)));
  it('has forgotten what the watches want to go on from: etcd was compacted while nobody listened', () =>
    compacted(run));
}

async function killed({ world }: ChaosRun): Promise<void> {
  const app = await world.app('killed');
  await world.begin(app);
  await killApiServer(world.cluster);
  await world.ends(app);
  await world.end(app);
}

async function away(run: ChaosRun): Promise<void> {
  const { world, size } = run;
  const app = await refreshedApp(run, 'away');
  const digest = await withoutApiServer(world.cluster, size.awayMs, () => world.push(app.name, NEXT));
  const { update } = await world.statusWhen(
    app.name,
    'move',
    (status) => status.update !== undefined || status.tag === NEXT,
  );
  expect(update?.tag ?? NEXT).toBe(NEXT);
  await world.ends({ ...app, digest });
  await world.end(app);
}

async function frozen(run: ChaosRun): Promise<void> {
  const { world, size } = run;
  const app = await refreshedApp(run, 'hung');
  const server = world.cluster.component('kube-apiserver');
  server.kill('SIGSTOP');
  const digest = await world.push(app.name, NEXT);
  await sleep(size.awayMs);
  server.kill('SIGCONT');
  await controlPlaneIsBack(world.cluster);
  await world.ends({ ...app, digest });
  await world.end(app);
}

async function compacted(run: ChaosRun): Promise<void> {
  const { world } = run;
  const app = await refreshedApp(run, 'compacted');
  const all = run.allReplicas();
  for (const { network } of all) network.stall();
  const digest = await world.push(app.name, NEXT);
  // Unheard: something is deleted, something made, and history is gone.
  const refresh = 'kimup.cloudavenue.io/action=refresh';
  await world.cluster.kubectl(['annotate', 'image', app.name, '-n', app.name, refresh]);
  await compactEtcd(world.cluster);
  await killApiServer(world.cluster);
  for (const { network } of all) {
    network.cut();
    network.resume();
  }
  await world.ends({ ...app, digest });
  await world.end(app);
}

/** An application that has nothing newer yet, refreshed once. */
async function refreshedApp({ world }: ChaosRun, prefix: string): Promise<App> {
  const app = await world.app(prefix, [BASE]);
  await world.begin(app);
  await world.statusWhen(app.name, 'be refreshed', ({ result }) => result === 'Success');
  return app;
}
