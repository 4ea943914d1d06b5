// The lead goes from one replica to the next where nobody is cut off: at the end of a process, with its Lease, or not at all.
import { expect, it } from 'vitest';
import { LEASES } from '../../../src/adapters/kubernetes/client/resource.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { type ComponentName, COMPONENTS } from '../path/components.ts';
import type { Lease } from '../path/replicas.ts';
import type { ChaosRun } from './chaos-run.ts';

/** Its tests, within a group named `the lead`. */
export function leadIsHandedOver(run: ChaosRun): void {
  it.each(COMPONENTS)(
    'of the %s is handed over when its leader is told to end: given back, not left to expire',
    (component) => leaderIsToldToEnd(run, component),
  );
  it('is found again when all replicas are told to end and start at once', () => allAreRestarted(run));
  it('stays where it is when somebody deletes the Lease', () => leaseIsDeleted(run));
  it('is taken from an unknown holder that never renews, once its time is over', () => leaseIsOfNobody(run));
  it('does not mind a frozen replica that stands by', () => standbyIsFrozen(run));
}

async function leaderIsToldToEnd(run: ChaosRun, component: ComponentName): Promise<void> {
  const { replicas } = run.world;
  const first = await replicas.leader(component, HANG_MS);
  const next = run.other(component, first);
  const { holders, stop } = watchHolders(run, (await replicas.lease(component))!);
  first.process.kill('SIGTERM');
  expect(await replicas.leader(component, HANG_MS, first)).toBe(next);
  await first.process.exited();
  await until(() => (holders.at(-1)?.startsWith(next.name) ? true : undefined), HANG_MS, 'the watch to have seen it');
  await stop();
  expect(holders.map((holder) => holder.split('_')[0])).toEqual([
    ...(holders[0]!.startsWith(first.name) ? [first.name] : []),
    '',
    next.name,
  ]);
}

/** The holders of a Lease from now on, each once in a row. */
function watchHolders(run: ChaosRun, { metadata }: Lease): { readonly holders: string[]; stop(): Promise<void> } {
  const holders: string[] = [];
  const watching = new AbortController();
  const watched = (async () => {
    for await (const { object } of run.world.client.watch<Lease>(LEASES, {
      namespace: metadata!.namespace!,
      fieldSelector: `metadata.name=${metadata!.name}`,
      resourceVersion: metadata!.resourceVersion!,
      timeoutSeconds: 300,
      signal: watching.signal,
    })) {
      const holder = object.spec?.holderIdentity;
      if (holder !== undefined && holder !== holders.at(-1)) holders.push(holder);
    }
  })().catch(() => undefined);
  return {
    holders,
    stop: async () => {
      watching.abort();
      await watched;
    },
  };
}

async function allAreRestarted(run: ChaosRun): Promise<void> {
  const { world } = run;
  const app = await world.app('restarted');
  await world.begin(app);
  await Promise.all(
    run.allReplicas().map(async ({ process }) => {
      await process.stop(HANG_MS);
      await process.start();
    }),
  );
  await world.ends(app);
  await world.end(app);
}

async function leaseIsDeleted(run: ChaosRun): Promise<void> {
  const { world } = run;
  const app = await world.app('deleted');
  const leaders = await run.leaders();
  await forEachLease(run, (lease) => world.client.delete(LEASES, lease));
  await world.begin(app);
  await world.ends(app);
  expect(await run.leaders()).toEqual(leaders);
  await world.end(app);
}

async function leaseIsOfNobody(run: ChaosRun): Promise<void> {
  const { world } = run;
  const app = await world.app('unknown');
  const taken = { spec: { holderIdentity: 'nobody-knows-me' } };
  await forEachLease(run, (lease) => world.client.mergePatch(LEASES, lease, taken, 'somebody'));
  const given = performance.now();
  await run.leaders();
  expect(performance.now() - given).toBeGreaterThan(5_000);
  await world.begin(app);
  await world.ends(app);
  await world.end(app);
}

/** Does something to the Lease of each component, at the same time. */
async function forEachLease(
  { world }: ChaosRun,
  work: (lease: { readonly namespace: string; readonly name: string }) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    COMPONENTS.map(async (component) => {
      const { namespace, name = '' } = (await world.replicas.lease(component))!.metadata!;
      await work({ namespace: namespace!, name });
    }),
  );
}

async function standbyIsFrozen(run: ChaosRun): Promise<void> {
  const { world } = run;
  const leaders = await run.leaders();
  const frozen = COMPONENTS.map((component, i) => run.other(component, leaders[i]!));
  const app = await world.app('standby');
  for (const { process } of frozen) process.kill('SIGSTOP');
  await world.begin(app);
  await world.ends(app);
  for (const { process } of frozen) process.kill('SIGCONT');
  await world.replicas.allReady();
  expect(await Promise.all(COMPONENTS.map((component) => world.replicas.holder(component)))).toEqual(leaders);
  await world.end(app);
}
