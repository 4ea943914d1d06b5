// A leader is frozen or cut off and loses the lead to another one. When it is back, it changes nothing of what that one wrote.
import { expect, it } from 'vitest';
import { IMAGES } from '../../../src/adapters/kubernetes/client/resource.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { COMPONENTS } from '../path/components.ts';
import type { Replica } from '../path/replica.ts';
import { type App, BASE, NEXT } from './app.ts';
import type { ChaosRun } from './chaos-run.ts';
import { digestOf, holdFirstList } from './held-registry.ts';
import { YEARLY } from './world.ts';

/** How a leader gets lost, and how it comes back. */
interface Loss {
  readonly away: (leader: Replica) => void;
  /** `release` lets the registry answer. */
  readonly back: (leader: Replica, release: () => void) => void;
}

const WHILE_IT_WAITS: readonly (readonly [string, Loss])[] = [
  [
    'frozen while it waits for the registry',
    {
      away: ({ process }) => process.kill('SIGSTOP'),
      back: ({ process }, release) => {
        process.kill('SIGCONT');
        release();
      },
    },
  ],
  [
    'cut off while it waits for the registry',
    {
      away: ({ network }) => network.stall(),
      back: ({ network }, release) => {
        release();
        network.resume();
      },
    },
  ],
];

const OF_BOTH: readonly (readonly [string, Loss])[] = [
  ['frozen', { away: ({ process }) => process.kill('SIGSTOP'), back: ({ process }) => process.kill('SIGCONT') }],
  [
    'cut off',
    {
      away: ({ network }) => network.stall(),
      back: ({ network }) => {
        network.cut();
        network.resume();
      },
    },
  ],
];

/** Its tests, within a group named `the lead`. */
export function leadIsLost(run: ChaosRun): void {
  it.each(WHILE_IT_WAITS)(
    'moves on when the leader is %s, and what it decided changes nothing of what the next one wrote',
    (how, loss) => leaderIsLostWhileItWaits(run, how.split(' ').slice(0, 2).join('-'), loss),
  );
  it("a write that was under way when the leader was cut off arrives after the next one's, and changes nothing of them", () =>
    lateWrite(run));
  it.each(OF_BOTH)(
    'of both components goes to the others when the leaders are %s, and comes to one end when they are back',
    (how, loss) => bothLeadersAreLost(run, `all-${how.replace(' ', '-')}`, loss),
  );
}

async function leaderIsLostWhileItWaits(run: ChaosRun, name: string, { away, back }: Loss): Promise<void> {
  const { world } = run;
  const app = scriptedApp(run, name);
  const { asked, answer } = holdFirstList(world.scripted, name);
  const first = await refreshedByLeader(run, app, asked);
  away(first);
  const done = await nextLeaderEnds(run, app, first);
  back(first, answer);
  await hasLostTheLead(first);
  await until(async () => ((await first.ready()) ? true : undefined), HANG_MS, 'the old leader to stand by');
  // It is done with what it was at when it is told to end.
  await first.process.stop(HANG_MS);
  await oneMoveWasMade(run, app, done);
}

async function lateWrite(run: ChaosRun): Promise<void> {
  const { world } = run;
  const app = scriptedApp(run, 'late-write');
  const { asked, answer, digests } = holdFirstList(world.scripted, app.name);
  const first = await refreshedByLeader(run, app, asked);
  // It decides now, still the leader, and its write gets as far as the broken network.
  first.network.stall();
  answer();
  await until(() => (digests() > 0 ? true : undefined), HANG_MS, 'the digest to be asked for');
  const done = await nextLeaderEnds(run, app, first);
  first.network.resume();
  await hasLostTheLead(first);
  await first.process.stop(HANG_MS);
  await oneMoveWasMade(run, app, done);
}

async function bothLeadersAreLost(run: ChaosRun, prefix: string, { away, back }: Loss): Promise<void> {
  const { world } = run;
  const app = await world.app(prefix);
  const leaders = await run.leaders();
  await world.begin(app);
  leaders.forEach(away);
  await Promise.all(COMPONENTS.map((component, i) => world.replicas.leader(component, HANG_MS, leaders[i])));
  await world.ends(app);
  for (const leader of leaders) back(leader, () => {});
  await world.replicas.allReady();
  await world.ends(app, 0);
  await world.end(app);
}

/** An application whose repository the scripted registry has. */
function scriptedApp({ world }: ChaosRun, name: string): App {
  return { name, repository: `${world.scripted.host}/${name}`, digest: digestOf(NEXT) };
}

/** Starts an application's workloads and Image, and returns the leader that works on it: it has asked the registry. */
async function refreshedByLeader({ world }: ChaosRun, app: App, asked: () => boolean): Promise<Replica> {
  await world.workloads(app.name, `${app.repository}:${BASE}`);
  const leader = await world.replicas.leader('controller', HANG_MS);
  await world.begin(app, YEARLY);
  await until(() => asked() || undefined, HANG_MS, 'the registry to be asked');
  return leader;
}

/** Waits until another leader has brought an application to its end, and returns the Image as it is then. */
async function nextLeaderEnds({ world }: ChaosRun, app: App, first: Replica): Promise<unknown> {
  await world.replicas.leader('controller', HANG_MS, first);
  await world.ends(app);
  return world.client.get(IMAGES, { namespace: app.name, name: app.name });
}

async function hasLostTheLead({ process }: Replica): Promise<void> {
  const lost = () => (/is no longer the leader/.test(process.logTail(50)) ? true : undefined);
  await until(lost, HANG_MS, 'the old leader to notice');
}

/** The Image is as it was when all was done, after one move. */
async function oneMoveWasMade({ world }: ChaosRun, app: App, done: unknown): Promise<void> {
  const { name } = app;
  expect(await world.client.get(IMAGES, { namespace: name, name })).toEqual(done);
  expect(world.seen(name)).toMatchObject({ tags: [BASE, NEXT], updates: [expect.stringMatching(`^${NEXT} `)] });
  await world.end(app);
}
