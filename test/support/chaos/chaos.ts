// What a cluster can do to kimup, and that it comes to the same end: short in `npm test`, long in `npm run test:long`.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IMAGES, LEASES, PODS } from '../../../src/adapters/kubernetes/client/resource.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import type { ComponentName } from '../path/install.ts';
import { COMPONENTS, type Lease, type Replica } from '../path/replicas.ts';
import { compactEtcd, controlPlaneIsBack, killApiServer, withoutApiServer } from './api-server.ts';
import { seeded, seedOfRun } from './random.ts';
import { BASE, NEXT, World } from './world.ts';

export interface ChaosSize {
  /** At how many random moments each of operator, controller and API server is killed. */
  readonly kills: number;
  /** For how long the API server is away, or frozen; milliseconds. */
  readonly awayMs: number;
  /** Images that are refreshed every 2 s meanwhile. */
  readonly images: number;
}

const YEARLY = '0 0 0 1 1 *';

export function chaos({ kills, awayMs, images }: ChaosSize): void {
  let world: World;
  /** How long the path takes when nothing happens. */
  let pathMs = 5_000;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(async () => {
    if (world !== undefined) console.log(world.took());
    await world?.stop();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.log(world?.logs());
    // A scenario that failed leaves nothing frozen to the next one.
    for (const component of COMPONENTS) {
      for (const replica of world?.replicas.of(component) ?? []) {
        replica.process.kill('SIGCONT');
        replica.network.resume();
      }
    }
    world?.cluster.component('kube-apiserver').kill('SIGCONT');
    await world?.cluster.component('kube-apiserver').start();
    await world?.cluster.apiServerReady(HANG_MS);
    await world?.replicas.allReady(HANG_MS);
  });

  const other = (component: ComponentName, one: Replica): Replica =>
    world.replicas.of(component).find((replica) => replica !== one)!;

  /**
   * The scripted registry has `name`. It keeps back its first list until `answer`, and that one is out of date by then.
   * `asked` says whether a list was asked for, `digests` how many digests were.
   */
  const holdFirstList = (name: string) => {
    const answer = Promise.withResolvers<void>();
    let asked = false;
    let digests = 0;
    world.scripted.answer = async ({ path }) => {
      if (!path.includes('/tags/list')) {
        digests += 1;
        return {
          headers: {
            'docker-content-digest': digestOf(path.slice(path.lastIndexOf('/') + 1)),
            'content-type': 'application/vnd.oci.image.manifest.v1+json',
          },
        };
      }
      const first = !asked;
      asked = true;
      if (first) await answer.promise;
      return { body: { name, tags: first ? [BASE, 'v1.0.1'] : [BASE, NEXT] } };
    };
    return { answer, asked: () => asked, digests: () => digests };
  };

  it('nothing happens: one move, and the end that all paths have', async () => {
    const app = await world.app('calm');
    const begun = Date.now();
    await world.begin(app);
    await world.ends(app);
    pathMs = Date.now() - begun;
    expect(world.seen(app.name).updates).toHaveLength(1);
    await world.end(app);
  });

  describe('the lead', () => {
    it.each(COMPONENTS)(
      'of the %s is handed over when its leader is told to end: given back, not left to expire',
      async (component) => {
        const first = await world.replicas.leader(component, HANG_MS);
        const { metadata } = (await world.replicas.lease(component))!;
        const holders: string[] = [];
        const watching = new AbortController();
        const watched = (async () => {
          for await (const { object } of world.client.watch<Lease>(LEASES, {
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
        first.process.kill('SIGTERM');
        expect(await world.replicas.leader(component, HANG_MS, first)).toBe(other(component, first));
        await first.process.exited();
        await until(
          () => (holders.at(-1)?.startsWith(other(component, first).name) ? true : undefined),
          HANG_MS,
          'the watch to have seen it',
        );
        watching.abort();
        await watched;
        expect(holders.map((holder) => holder.split('_')[0])).toEqual([
          ...(holders[0]!.startsWith(first.name) ? [first.name] : []),
          '',
          other(component, first).name,
        ]);
      },
    );

    it('is found again when all replicas are told to end and start at once', async () => {
      const app = await world.app('restarted');
      await world.begin(app);
      const all = COMPONENTS.flatMap((component) => world.replicas.of(component));
      await Promise.all(
        all.map(async ({ process }) => {
          await process.stop(HANG_MS);
          await process.start();
        }),
      );
      await world.ends(app);
      await world.end(app);
    });

    it('stays where it is when somebody deletes the Lease', async () => {
      const app = await world.app('deleted');
      const leaders = await Promise.all(COMPONENTS.map((component) => world.replicas.leader(component, HANG_MS)));
      await Promise.all(
        COMPONENTS.map(async (component) => {
          const { namespace, name = '' } = (await world.replicas.lease(component))!.metadata!;
          await world.client.delete(LEASES, { namespace: namespace!, name });
        }),
      );
      await world.begin(app);
      await world.ends(app);
      expect(await Promise.all(COMPONENTS.map((component) => world.replicas.leader(component, HANG_MS)))).toEqual(
        leaders,
      );
      await world.end(app);
    });

    it('is taken from an unknown holder that never renews, once its time is over', async () => {
      const app = await world.app('unknown');
      await Promise.all(
        COMPONENTS.map(async (component) => {
          const { namespace, name = '' } = (await world.replicas.lease(component))!.metadata!;
          await world.client.mergePatch(
            LEASES,
            { namespace: namespace!, name },
            { spec: { holderIdentity: 'nobody-knows-me' } },
            'somebody',
          );
        }),
      );
      const given = performance.now();
      await Promise.all(COMPONENTS.map((component) => world.replicas.leader(component, HANG_MS)));
      expect(performance.now() - given).toBeGreaterThan(5_000);
      await world.begin(app);
      await world.ends(app);
      await world.end(app);
    });

    it('does not mind a frozen replica that stands by', async () => {
      const leaders = await Promise.all(COMPONENTS.map((component) => world.replicas.leader(component, HANG_MS)));
      const frozen = COMPONENTS.map((component, i) => other(component, leaders[i]!));
      const app = await world.app('standby');
      for (const { process } of frozen) process.kill('SIGSTOP');
      await world.begin(app);
      await world.ends(app);
      for (const { process } of frozen) process.kill('SIGCONT');
      await world.replicas.allReady();
      expect(await Promise.all(COMPONENTS.map((component) => world.replicas.holder(component)))).toEqual(leaders);
      await world.end(app);
    });

    it.each([
      [
        'frozen while it waits for the registry',
        (leader: Replica) => leader.process.kill('SIGSTOP'),
        async (leader: Replica, release: () => void) => {
          leader.process.kill('SIGCONT');
          release();
        },
      ],
      [
        'cut off while it waits for the registry',
        (leader: Replica) => leader.network.stall(),
        async (leader: Replica, release: () => void) => {
          release();
          leader.network.resume();
        },
      ],
    ] as const)(
      'moves on when the leader is %s, and what it decided changes nothing of what the next one wrote',
      async (how, away, back) => {
        const name = how.split(' ').slice(0, 2).join('-');
        const app = { name, repository: `${world.scripted.host}/${name}`, digest: digestOf(NEXT) };
        const { asked, answer } = holdFirstList(name);
        await world.workloads(name, `${app.repository}:${BASE}`);
        const first = await world.replicas.leader('controller', HANG_MS);
        await world.begin(app, YEARLY);
        await until(() => asked() || undefined, HANG_MS, 'the registry to be asked');
        away(first);
        await world.replicas.leader('controller', HANG_MS, first);
        await world.ends(app);
        const done = await world.client.get(IMAGES, { namespace: name, name });

        await back(first, answer.resolve);
        await until(
          () => (/has lost the lead/.test(first.process.logTail(50)) ? true : undefined),
          HANG_MS,
          'the old leader to notice',
        );
        await until(async () => ((await first.ready()) ? true : undefined), HANG_MS, 'the old leader to stand by');
        // It is done with what it was at when it is told to end.
        await first.process.stop(HANG_MS);
        expect(await world.client.get(IMAGES, { namespace: name, name })).toEqual(done);
        expect(world.seen(name)).toMatchObject({ tags: [BASE, NEXT], updates: [expect.stringMatching(`^${NEXT} `)] });
        await world.end(app);
      },
    );

    it("a write that was under way when the leader was cut off arrives after the next one's, and changes nothing of them", async () => {
      const name = 'late-write';
      const app = { name, repository: `${world.scripted.host}/${name}`, digest: digestOf(NEXT) };
      const { asked, answer, digests } = holdFirstList(name);
      await world.workloads(name, `${app.repository}:${BASE}`);
      const first = await world.replicas.leader('controller', HANG_MS);
      await world.begin(app, YEARLY);
      await until(() => asked() || undefined, HANG_MS, 'the registry to be asked');
      // It decides now, still the leader, and its write gets as far as the broken network.
      first.network.stall();
      answer.resolve();
      await until(() => (digests() > 0 ? true : undefined), HANG_MS, 'the digest to be asked for');
      await world.replicas.leader('controller', HANG_MS, first);
      await world.ends(app);
      const done = await world.client.get(IMAGES, { namespace: name, name });
      first.network.resume();
      await until(
        () => (/has lost the lead/.test(first.process.logTail(50)) ? true : undefined),
        HANG_MS,
        'the old leader to notice',
      );
      await first.process.stop(HANG_MS);
      expect(await world.client.get(IMAGES, { namespace: name, name })).toEqual(done);
      expect(world.seen(name)).toMatchObject({ tags: [BASE, NEXT], updates: [expect.stringMatching(`^${NEXT} `)] });
      await world.end(app);
    });

    it.each([
      ['frozen', ({ process }: Replica) => process.kill('SIGSTOP'), ({ process }: Replica) => process.kill('SIGCONT')],
      [
        'cut off',
        ({ network }: Replica) => network.stall(),
        ({ network }: Replica) => {
          network.cut();
          network.resume();
        },
      ],
    ] as const)(
      'of both components goes to the others when the leaders are %s, and comes to one end when they are back',
      async (how, away, back) => {
        const app = await world.app(`all-${how.replace(' ', '-')}`);
        const leaders = await Promise.all(COMPONENTS.map((component) => world.replicas.leader(component, HANG_MS)));
        await world.begin(app);
        leaders.forEach(away);
        await Promise.all(COMPONENTS.map((component, i) => world.replicas.leader(component, HANG_MS, leaders[i])));
        await world.ends(app);
        leaders.forEach(back);
        await world.replicas.allReady();
        await world.ends(app, 0);
        await world.end(app);
      },
    );
  });

  describe('the API server', () => {
    /** What goes on all the time: Images without news, and pods that are made one after the other. */
    async function underLoad(name: string, work: () => Promise<void>): Promise<void> {
      // What was done to the API server before: a replica that has not heard of the Images yet leaves their pods alone.
      await world.replicas.allHear();
      await world.push(name, BASE);
      const image = (i: number): object => ({
        apiVersion: 'kimup.cloudavenue.io/v1alpha1',
        kind: 'Image',
        metadata: { name: `load-${i}`, namespace: name },
        spec: {
          image: `${world.cluster.registry.host}/${name}`,
          baseTag: BASE,
          triggers: [{ type: 'crontab', value: '*/2 * * * * *' }],
          rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
        },
      });
      await world.cluster.apply([
        {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name, annotations: { 'kimup.cloudavenue.io/enabled': 'true' } },
        },
        ...Array.from({ length: images }, (_, i) => image(i)),
      ]);
      const times = async (): Promise<string[]> =>
        (await world.client.list<{ status?: { time?: string } }>(IMAGES, { namespace: name })).map(
          ({ status }) => status?.time ?? '',
        );
      await until(
        async () => ((await times()).every((time) => time !== '') ? true : undefined),
        HANG_MS,
        'all Images to be refreshed',
        100,
      );
      let over = false;
      const pods = (async () => {
        for (let i = 0; !over; i++) {
          await world.client
            .create(
              PODS,
              { namespace: name },
              {
                apiVersion: 'v1',
                kind: 'Pod',
                metadata: {
                  name: `pod-${i}`,
                  namespace: name,
                  annotations: { 'kimup.cloudavenue.io/image': 'load-0' },
                },
                spec: { containers: [{ name: 'app', image: `${world.cluster.registry.host}/${name}:v1.0.0-rc.1` }] },
              },
            )
            .catch(() => undefined);
          await sleep(50);
        }
      })();
      try {
        await work();
        const returned = new Date().toISOString();
        await until(
          async () => ((await times()).every((time) => time > returned) ? true : undefined),
          HANG_MS,
          'all Images to be refreshed again',
          100,
        );
      } finally {
        over = true;
        await pods;
      }
      // Every pod that was let in has the tag: none slipped by.
      const made = await world.client.list<{ spec: { containers: { image: string }[] } }>(PODS, { namespace: name });
      expect(new Set(made.map(({ spec }) => spec.containers[0]?.image))).toEqual(
        new Set([`${world.cluster.registry.host}/${name}:${BASE}`]),
      );
      await world.client.delete({ ...PODS, plural: 'namespaces', kind: 'Namespace', namespaced: false }, { name });
    }

    it('is killed and started again under load', async () => {
      await underLoad('load-killed', async () => {
        const app = await world.app('killed');
        await world.begin(app);
        await killApiServer(world.cluster);
        await world.ends(app);
        await world.end(app);
      });
    });

    it(`is away for ${awayMs / 1_000} s`, async () => {
      const app = await world.app('away', [BASE]);
      await world.begin(app);
      await world.statusWhen(app.name, 'be refreshed', ({ result }) => result === 'Success');
      const digest = await withoutApiServer(world.cluster, awayMs, () => world.push(app.name, NEXT));
      const { update } = await world.statusWhen(
        app.name,
        'move',
        (status) => status.update !== undefined || status.tag === NEXT,
      );
      expect(update?.tag ?? NEXT).toBe(NEXT);
      await world.ends({ ...app, digest });
      await world.end(app);
    });

    it(`is frozen for ${awayMs / 1_000} s, so that every connection hangs`, async () => {
      await underLoad('load-frozen', async () => {
        const app = await world.app('hung', [BASE]);
        await world.begin(app);
        await world.statusWhen(app.name, 'be refreshed', ({ result }) => result === 'Success');
        const server = world.cluster.component('kube-apiserver');
        server.kill('SIGSTOP');
        const digest = await world.push(app.name, NEXT);
        await sleep(awayMs);
        server.kill('SIGCONT');
        await controlPlaneIsBack(world.cluster);
        await world.ends({ ...app, digest });
        await world.end(app);
      });
    });

    it('has forgotten what the watches want to go on from: etcd was compacted while nobody listened', async () => {
      const app = await world.app('compacted', [BASE]);
      await world.begin(app);
      await world.statusWhen(app.name, 'be refreshed', ({ result }) => result === 'Success');
      const all = COMPONENTS.flatMap((component) => world.replicas.of(component));
      for (const { network } of all) network.stall();
      const digest = await world.push(app.name, NEXT);
      // Unheard: something is deleted, something made, and history is gone.
      await world.cluster.kubectl([
        'annotate',
        'image',
        app.name,
        '-n',
        app.name,
        'kimup.cloudavenue.io/action=refresh',
      ]);
      await compactEtcd(world.cluster);
      await killApiServer(world.cluster);
      for (const { network } of all) {
        network.cut();
        network.resume();
      }
      await world.ends({ ...app, digest });
      await world.end(app);
    });
  });

  describe('killed at a random moment of the path', () => {
    const seed = seedOfRun();
    const random = seeded(seed);
    const rounds = (['operator', 'controller', 'kube-apiserver'] as const).flatMap((victim) =>
      Array.from({ length: kills }, (_, i) => ({ victim, round: i + 1, at: random(), all: random() < 0.5 })),
    );

    it.each(rounds)(`$victim, round $round (KIMUP_CHAOS_SEED=${seed})`, async ({ victim, at, all }) => {
      const app = await world.app(victim);
      // Before it decides, in the middle of the rollout, or when all is done.
      const moment = at * pathMs * 1.1;
      const begun = Date.now();
      await world.begin(app);
      await sleep(Math.max(0, moment - (Date.now() - begun)));
      if (victim === 'kube-apiserver') await killApiServer(world.cluster);
      else {
        const dying = all ? world.replicas.of(victim) : [await world.replicas.leader(victim, HANG_MS)];
        for (const { process } of dying) process.kill('SIGKILL');
        await Promise.all(dying.map(({ process }) => process.exited()));
        await Promise.all(dying.map(({ process }) => process.start()));
      }
      await world.ends(app).catch((error: Error) => {
        throw new Error(`killed ${all ? 'all' : 'one'} after ${Math.round(moment)} ms of ${pathMs}: ${error.message}`);
      });
      await world.end(app);
    });
  });
}

/** Some digest of a tag. */
function digestOf(tag: string): string {
  return `sha256:${Buffer.from(tag).toString('hex').padStart(64, '0')}`;
}
