import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { FakeNamespaceStore } from '../../../test/support/fakes/fake-namespace-store.ts';
import type { GivenWorkload } from '../../../test/support/builders/workload.ts';
import { FakeWorkloadRoller } from '../../../test/support/fakes/fake-workload-roller.ts';
import { FakeEventRecorder } from '../../../test/support/fakes/recorders.ts';
import { rollingOut } from '../../../test/support/fakes/rolling-out.ts';
import type { Image } from '../../domain/image/image.ts';
import type { ImageSpec } from '../../domain/image/image-spec.ts';
import type { ImageStatus, Rollout } from '../../domain/image/image-status.ts';
import { DONE, resultOf } from '../controller/result.ts';
import { WriteError } from '../ports/image-store.ts';
import type { RollOutImage } from './roll-out-image.ts';
import { RolloutSettings } from './rollout-settings.ts';

const REPOSITORY = 'registry.test/whoami';
const NEW = 'v1.10.2';
const KEY = 'default/demos';

const SPEC = {
  image: REPOSITORY,
  baseTag: 'v1.9.0',
  rules: [{ name: 'minor', type: 'semver-minor' as const, actions: [{ type: 'apply' as const }] }],
};

/** A namespace in scope with an Image on v1.9.0, and kimup's operator. */
class World {
  readonly clock = new FakeClock();
  readonly images = new FakeImageStore();
  readonly roller = new FakeWorkloadRoller(() => this.clock.now());
  readonly namespaces = new FakeNamespaceStore();
  readonly events = new FakeEventRecorder();
  readonly settings: RolloutSettings & { readonly options: { rolloutDeadlineMs: number; maxConcurrent: number } };
  operator: RollOutImage;

  constructor(options: Partial<RolloutSettings['options']> = {}) {
    this.settings = new RolloutSettings(['kube-system'], 4, {
      rolloutDeadlineMs: 600_000,
      maxConcurrent: 10,
      ...options,
    });
    this.namespaces.put('default', { enabled: 'true' });
    this.images.put({ spec: SPEC, status: this.status({}) });
    this.roller.webhook = () => this.image();
    this.operator = this.restart();
  }

  restart(): RollOutImage {
    const { images, roller, namespaces, events, clock, settings } = this;
    this.operator = rollingOut({ images, roller, namespaces, events, clock, settings }).rollOut;
    return this.operator;
  }

  image(): Image {
    return this.images.get({ namespace: 'default', name: 'demos' })!;
  }

  rollout(): Rollout | undefined {
    return this.image().status.rollout;
  }

  rows(): readonly string[] {
    return (this.rollout()?.workloads ?? []).map((row) => `${row.kind} ${row.name} ${row.phase}`);
  }

  condition(): string | undefined {
    const found = this.image().status.conditions.find(({ type }) => type === 'RolledOut');
    return found && `${found.status} ${found.reason}: ${found.message}`;
  }

  ambiguous(): string | undefined {
    return this.image().status.conditions.find(({ type }) => type === 'Ambiguous')?.message;
  }

  workload(given: GivenWorkload = {}): void {
    this.roller.put({ image: `${REPOSITORY}:v1.9.0`, ...given });
  }

  /** The controller decides on a move. */
  move(tag = NEW, digest?: string): void {
    const update = {
      tag,
      ...(digest === undefined ? {} : { digest }),
      rule: 'minor',
      since: new Date(this.clock.now()).toISOString(),
    };
    this.images.put({ status: { ...this.image().status, update } });
  }

  /** The controller takes in how the update ended. */
  settle(): void {
    const { update, rollout, ...status } = this.image().status;
    if (update === undefined || rollout?.since !== update.since) return;
    if (rollout.phase === 'Healthy')
      this.images.put({
        status: {
          ...status,
          tag: update.tag,
          ...(update.digest === undefined ? {} : { digest: update.digest }),
          rollout,
        },
      });
    if (rollout.phase === 'Failed') this.images.put({ status: { ...status, rollout } });
  }

  async look(): Promise<number | undefined> {
    const result = await this.operator.reconcile(KEY);
    return result.kind === 'requeue' ? result.afterMs : undefined;
  }

  /** Everybody does what they do until nobody has anything left to do. */
  async run(): Promise<void> {
    for (let round = 0; round < 500; round++) {
      const before = this.state();
      await this.look();
      for (const { kind, name } of this.roller.all()) this.roller.step(kind, name);
      if (this.roller.lagging) this.roller.catchUp();
      if (before === this.state()) {
        const wake = await this.look();
        if (before === this.state() && wake === undefined) return;
        await this.clock.advance(wake ?? 0);
      }
    }
    throw new Error(`it never ends: ${JSON.stringify(this.rollout())}`);
  }

  private state(): string {
    return JSON.stringify([
      this.image().status,
      this.roller.all(),
      this.roller.all().map(({ kind, name }) => this.roller.podsNow(kind, name)),
    ]);
  }

  private status(status: Partial<ImageStatus>): Partial<ImageStatus> {
    return { image: REPOSITORY, baseTag: 'v1.9.0', tag: 'v1.9.0', conditions: [], ...status };
  }
}

/** Everything that a request is made for. */
function effort(world: World): number {
  return world.images.writes.length + world.roller.requests.length;
}

describe('a rollout', () => {
  it('takes every kind of workload in scope to the tag of the update, then is Healthy', async () => {
    const world = new World();
    world.workload({ name: 'web', replicas: 2 });
    world.workload({ kind: 'StatefulSet', name: 'db', replicas: 2 });
    world.workload({ kind: 'DaemonSet', name: 'agent', replicas: 3 });
    world.move();
    await world.run();
    expect(world.rows()).toEqual(['DaemonSet agent Healthy', 'StatefulSet db Healthy', 'Deployment web Healthy']);
    expect(world.rollout()).toMatchObject({ tag: NEW, phase: 'Healthy', since: world.image().status.update?.since });
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBe(`demos=${NEW}`);
    expect(world.roller.podsNow('StatefulSet', 'db').map((pod) => pod.containers[0]?.image)).toEqual([
      `${REPOSITORY}:${NEW}`,
      `${REPOSITORY}:${NEW}`,
    ]);
    expect(world.condition()).toBe(`True RolledOut: ${NEW}: 3 of 3 workloads done`);
    expect(world.events.events).toEqual([
      `Normal RollingOut: rolling out ${NEW} to 3 workloads`,
      `Normal RolledOut: ${NEW}: 3 of 3 workloads done`,
    ]);
  });

  it('writes the row with what was there before the workload is touched', async () => {
    const world = new World();
    world.workload({ annotations: { 'kimup.cloudavenue.io/images': 'demos=v1.8.0' }, ownsAnnotation: true });
    const order: string[] = [];
    world.images.subscribe({
      changed: ({ status }) =>
        void order.push(
          `status ${status.rollout?.workloads.map(({ phase, previousTag: before }) => `${phase} ${before}`).join()}`,
        ),
      deleted: () => undefined,
    });
    world.roller.subscribe({
      changed: (now) => void order.push(`workload ${now.template.annotations['kimup.cloudavenue.io/images']}`),
      deleted: () => undefined,
    });
    order.length = 0;
    world.move();
    await world.look();
    expect(order).toEqual(['status undefined', 'status Pending v1.8.0', `workload demos=${NEW}`]);
  });

  it('is Healthy only when the pods themselves carry the tag, however good the numbers are', async () => {
    const world = new World();
    world.workload();
    world.roller.webhook = () => undefined;
    world.move();
    for (let i = 0; i < 20; i++) {
      await world.look();
      world.roller.step('Deployment', 'web');
      await world.clock.advance(5_000);
    }
    expect(world.rows()).toEqual(['Deployment web Progressing']);
    expect(world.rollout()?.workloads[0]?.message).toMatch(
      /^pod web-\d+: container main runs registry.test\/whoami:v1.9.0, not v1.10.2/,
    );
    await world.run();
    expect(world.rollout()).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining(
        "the pod was created without kimup's webhook (check that the API server can reach it)",
      ),
    });
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
  });

  it('has pods made anew that the webhook did not see, one at a time, while that helps', async () => {
    const world = new World();
    world.workload({ replicas: 3 });
    let blind = 4;
    world.roller.webhook = () => (blind-- > 0 ? undefined : world.image());
    world.move();
    await world.run();
    expect(world.rows()).toEqual(['Deployment web Healthy']);
    expect(world.roller.podsNow('Deployment', 'web').map((pod) => pod.containers[0]?.image)).toEqual(
      Array(3).fill(`${REPOSITORY}:${NEW}`),
    );
    expect(world.roller.requests.filter((request) => request.startsWith('delete'))).toHaveLength(4);
  });

  it('gives up to make pods anew where no webhook sees them', async () => {
    const world = new World();
    world.workload({ replicas: 2 });
    world.roller.webhook = () => undefined;
    world.move();
    await world.run();
    expect(world.rollout()?.phase).toBe('Failed');
    expect(world.roller.requests.filter((request) => request.startsWith('delete'))).toHaveLength(5);
  });

  it.each(['roller', 'namespaces'] as const)(
    'waits while the watch of the %s is down: a workload that was made meanwhile would not be rolled',
    async (store) => {
      const world = new World();
      world.move();
      world[store].downMs = 1;
      expect(await world.look()).toBeGreaterThan(0);
      expect([world.rollout(), world.images.writes]).toEqual([undefined, []]);
      world.workload();
      world[store].downMs = 0;
      await world.run();
      expect(world.rows()).toEqual(['Deployment web Healthy']);
    },
  );

  it.each<[string, GivenWorkload]>([
    ['paused', { paused: true }],
    ['scaled to zero', { replicas: 0 }],
    ['natively OnDelete', { kind: 'StatefulSet', strategy: 'OnDelete' }],
    ['held whole by its partition', { kind: 'StatefulSet', replicas: 2, partition: 2 }],
    ['out of scope by its own word', { annotations: { 'kimup.cloudavenue.io/enabled': 'false' } }],
    ['for another repository', { image: 'registry.test/other:v1.9.0' }],
    ['pinned to a digest', { image: `${REPOSITORY}@sha256:${'a'.repeat(64)}` }],
    ['from a different variant', { image: `${REPOSITORY}:v1.9.0-alpine` }],
    ['above the tag already', { image: `${REPOSITORY}:v1.11.0` }],
    ['on the tag already', { image: `${REPOSITORY}:${NEW}` }],
    ['it gets its tag from another Image', { annotations: { 'kimup.cloudavenue.io/image': 'others' } }],
  ])('is Healthy at once, with one write, where the only workload is %s', async (_, given) => {
    const world = new World();
    if (given.annotations?.['kimup.cloudavenue.io/image'] !== undefined)
      world.images.put({ name: 'others', spec: SPEC });
    world.workload(given);
    world.move();
    await world.look();
    expect(world.rollout()).toMatchObject({ phase: 'Healthy', workloads: [] });
    expect(effort(world)).toBe(1);
  });

  it('takes turns: so many workloads at a time, by name', async () => {
    const world = new World({ maxConcurrent: 2 });
    for (const name of ['c', 'a', 'd', 'b']) world.workload({ name });
    world.move();
    await world.look();
    expect(world.roller.requests).toEqual([`set Deployment/a demos=${NEW}`, `set Deployment/b demos=${NEW}`]);
    await world.look();
    expect(world.rows()).toEqual([
      'Deployment a Progressing',
      'Deployment b Progressing',
      'Deployment c Pending',
      'Deployment d Pending',
    ]);
    expect(world.roller.requests).toHaveLength(2);
    await world.run();
    expect(world.rows()).toEqual(['a', 'b', 'c', 'd'].map((name) => `Deployment ${name} Healthy`));
  });

  it.each([
    ['is done, as one that was paused before', false, 'Healthy'],
    ['fails in time where its new pods are broken: that may be why', true, 'Failed'],
  ])('a Deployment that is paused meanwhile %s', async (_, broken, phase) => {
    const world = new World();
    world.workload({ replicas: 2 });
    if (broken) world.roller.broken.add(NEW);
    world.move();
    await world.look();
    for (let i = 0; i < 2; i++) world.roller.step('Deployment', 'web');
    await world.look();
    const live = world.roller.live('Deployment', 'web');
    world.roller.put(
      { ...live, image: `${REPOSITORY}:v1.9.0`, annotations: live.template.annotations, paused: true },
      'kimup-operator',
    );
    await world.run();
    expect(world.rollout()?.phase).toBe(phase);
  });

  it('leaves the pinned tags of other Images where they are', async () => {
    const world = new World();
    world.workload({ annotations: { 'kimup.cloudavenue.io/images': 'another=1.2,web=v3' } });
    world.move();
    await world.run();
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBe(`another=1.2,demos=${NEW},web=v3`);
  });

  it('holds still while the status speaks of another spec', async () => {
    const world = new World();
    world.workload();
    world.move();
    world.images.put({ spec: { ...world.image().spec, baseTag: 'v2.0.0' } });
    await world.look();
    expect(effort(world)).toBe(0);
  });

  it('leaves excluded namespaces alone, and says so of an update there', async () => {
    const world = new World();
    world.namespaces.put('kube-system', { enabled: 'true' });
    world.roller.put({ namespace: 'kube-system', image: `${REPOSITORY}:v1.9.0` });
    world.images.put({
      namespace: 'kube-system',
      spec: { image: REPOSITORY, baseTag: 'v1.9.0' },
      status: world.image().status,
    });
    await world.operator.reconcile('kube-system/demos');
    expect(effort(world)).toBe(0);
    world.move();
    world.images.put({ namespace: 'kube-system', status: world.image().status });
    await world.operator.reconcile('kube-system/demos');
    expect(world.images.get({ namespace: 'kube-system', name: 'demos' })?.status.rollout).toMatchObject({
      phase: 'Healthy',
      message: 'nothing to roll out: kimup never changes pods in the namespace kube-system',
      workloads: [],
    });
    expect(world.roller.requests).toEqual([]);
  });

  it('says which repository it is for', async () => {
    const world = new World();
    world.workload();
    world.move();
    await world.look();
    expect(world.rollout()?.image).toBe(REPOSITORY);
  });

  it('keeps to the move under way, and what an older kimup wrote of it', async () => {
    const world = new World();
    world.workload();
    world.move();
    await world.look();
    const { image: _, ...older } = world.rollout()!;
    world.images.put({ status: { ...world.image().status, rollout: older } });
    world.restart();
    await world.run();
    expect(world.rollout()).toMatchObject({ phase: 'Healthy' });
    expect(world.rollout()).not.toHaveProperty('image');
  });
});

describe('of several Images for a repository', () => {
  const TIE = `set the annotation kimup.cloudavenue.io/image on the pod template to the name of the Image to use: several Images (demos, others) match ${REPOSITORY}, so none of them sets its tag on Deployment web`;
  function tied(): World {
    const world = new World();
    world.images.put({ name: 'others', spec: SPEC });
    world.workload();
    return world;
  }

  it('none is rolled, and none proven, while a workload does not say which is its own', async () => {
    const world = tied();
    world.move();
    await world.run();
    expect(world.rollout()).toMatchObject({ phase: 'Progressing', message: `waiting: ${TIE}`, workloads: [] });
    expect(world.ambiguous()).toBe(TIE);
    expect(world.events.events).toContain(`Warning Ambiguous: ${TIE}`);
    expect(world.roller.requests).toEqual([]);
    const before = effort(world);
    for (let i = 0; i < 3; i++) await world.look();
    world.restart();
    await world.look();
    expect(effort(world)).toBe(before);
  });

  it('of long names, and many, settle all the same', async () => {
    const world = tied();
    for (let i = 0; i < 10; i++) {
      world.images.put({ name: `${i}${'x'.repeat(250)}`, spec: SPEC });
      world.workload({ name: `${i}${'y'.repeat(250)}` });
    }
    await world.run();
    expect(world.ambiguous()).toMatch(/^set the annotation .*…$/);
    const before = effort(world);
    await world.look();
    expect(effort(world)).toBe(before);
  });

  it('one goes on when the workload says so, and the condition goes', async () => {
    const world = tied();
    world.move();
    await world.run();
    world.workload({ annotations: { 'kimup.cloudavenue.io/image': 'demos' }, generation: 2 });
    await world.run();
    expect(world.rollout()).toMatchObject({ phase: 'Healthy' });
    expect(world.rows()).toEqual(['Deployment web Healthy']);
    expect(world.ambiguous()).toBeUndefined();
  });

  it('is said without an update too, and beside a rollout that others prove', async () => {
    const world = tied();
    await world.run();
    expect(world.ambiguous()).toBe(TIE);
    world.workload({ name: 'sure', annotations: { 'kimup.cloudavenue.io/image': 'demos' } });
    world.move();
    await world.run();
    expect(world.rollout()?.phase).toBe('Healthy');
    expect(world.ambiguous()).toBe(TIE);
    world.images.delete({ namespace: 'default', name: 'others' });
    await world.look();
    expect(world.ambiguous()).toBeUndefined();
  });

  it('one that comes while the other rolls does not make that a success', async () => {
    const world = new World();
    world.workload();
    world.move();
    await world.look();
    await world.look();
    world.images.put({ name: 'others', spec: SPEC });
    await world.look();
    expect(world.rollout()).toMatchObject({ phase: 'Progressing', message: `waiting: ${TIE}` });
  });
});

describe('of several Images on tracks of their own', () => {
  const OTHER = { ...SPEC, baseTag: 'v17.0.0' };
  function two(): World {
    const world = new World();
    world.images.put({
      name: 'seventeen',
      spec: OTHER,
      status: { image: REPOSITORY, baseTag: 'v17.0.0', tag: 'v17.2.0', conditions: [] },
    });
    return world;
  }

  it("each rolls what is on its own track, and says nothing of the other's", async () => {
    const world = two();
    world.workload();
    world.workload({ name: 'new', image: `${REPOSITORY}:v17.1.0` });
    world.move();
    await world.run();
    expect(world.rows()).toEqual(['Deployment web Healthy']);
    expect(world.roller.imagesAnnotation('Deployment', 'new')).toBeUndefined();
    expect(world.condition()).toBe(`True RolledOut: ${NEW}: 1 of 1 workload done`);
    expect(world.ambiguous()).toBeUndefined();
  });

  it("is told of what is on nobody's", async () => {
    const world = two();
    world.workload({ image: `${REPOSITORY}:v14.9.0` });
    world.move();
    await world.run();
    expect(world.condition()).toBe(
      `True LeftAlone: ${NEW}: no workload rolled out; left unchanged because of their tags: Deployment web: container main keeps ${REPOSITORY}:v14.9.0: its tag is above ${NEW}, the tag of Image demos`,
    );
  });
});

describe('a workload that is left alone because of its tags', () => {
  const why = (name: string, image: string, reason: string): string =>
    `Deployment ${name}: container main keeps ${REPOSITORY}:${image}: ${reason}, the tag of Image demos`;

  it('is named in the condition and in an event, with the reason, beside those that are rolled', async () => {
    const world = new World();
    world.workload();
    world.workload({ name: 'slim', image: `${REPOSITORY}:v1.9.0-alpine` });
    world.workload({ name: 'pinned', image: `${REPOSITORY}@sha256:${'a'.repeat(64)}` });
    world.workload({ name: 'other', image: 'registry.test/other:v1.0.0' });
    world.move();
    await world.run();
    const left = `left unchanged because of their tags: Deployment pinned: container main keeps ${REPOSITORY}@sha256:${'a'.repeat(64)}: it is pinned to a digest, which kimup does not change; ${why('slim', 'v1.9.0-alpine', `its variant differs from that of ${NEW}`)}`;
    expect(world.rows()).toEqual(['Deployment web Healthy']);
    expect(world.condition()).toBe(`True LeftAlone: ${NEW}: 1 of 1 workload done; ${left}`);
    expect(world.events.events).toEqual([
      `Warning LeftAlone: ${NEW}: ${left}`,
      `Normal RollingOut: rolling out ${NEW} to 1 workload`,
      `Normal RolledOut: ${NEW}: 1 of 1 workload done`,
    ]);
    expect(world.rollout()?.leftAlone?.map(({ name }) => name)).toEqual(['pinned', 'slim']);
    world.settle();
    const before = effort(world);
    await world.run();
    expect(effort(world)).toBe(before);
  });

  it('is told of when it comes later, and no more once it is on the track', async () => {
    const world = new World();
    await world.run();
    expect(world.rollout()).toBeUndefined();
    world.workload({ name: 'slim', image: `${REPOSITORY}:v1.9.0-alpine` });
    await world.run();
    expect(world.condition()).toContain(
      `True LeftAlone: v1.9.0: no workload rolled out; left unchanged because of their tags: ${why('slim', 'v1.9.0-alpine', 'its variant differs from that of v1.9.0')}`,
    );
    const before = effort(world);
    world.restart();
    await world.run();
    expect(effort(world)).toBe(before);
    world.workload({ name: 'slim', image: `${REPOSITORY}:v1.9.0`, generation: 2 });
    await world.run();
    expect(world.condition()).toBe(
      'True RolledOut: v1.9.0: no workload rolled out: Deployment slim: already gets the tag',
    );
    expect(world.events.events.filter((event) => event.includes('LeftAlone'))).toHaveLength(1);
  });

  it.each<[string, GivenWorkload | undefined, string]>([
    [
      'nothing names the repository',
      undefined,
      'nothing to roll out: no Deployment, StatefulSet or DaemonSet uses this repository; new pods get the tag',
    ],
    [
      'it is paused',
      { paused: true },
      'no workload rolled out: Deployment web: gets the tag when it next creates pods: it is paused, has no replicas to update, or uses OnDelete',
    ],
    [
      'it has no replicas',
      { replicas: 0 },
      'no workload rolled out: Deployment web: gets the tag when it next creates pods: it is paused, has no replicas to update, or uses OnDelete',
    ],
    [
      'it is out of scope',
      { annotations: { 'kimup.cloudavenue.io/enabled': 'false' } },
      'no workload rolled out: Deployment web: not in scope (its pod template or namespace needs kimup.cloudavenue.io/enabled: "true")',
    ],
    [
      'it has the tag',
      { image: `${REPOSITORY}:${NEW}` },
      'no workload rolled out: Deployment web: already gets the tag',
    ],
  ])('nothing is rolled where %s, and the condition says so', async (_, given, message) => {
    const world = new World();
    if (given !== undefined) world.workload(given);
    world.move();
    await world.run();
    expect(world.condition()).toBe(`True RolledOut: ${NEW}: ${message}`);
  });
});

describe('rules that change while a tag is rolled out', () => {
  it.each<[string, Partial<ImageSpec>]>([
    [
      'one that moves nothing any more',
      { rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'alert-discord' }] }] },
    ],
    [
      "one that can't be built",
      { rules: [{ name: 'minor', type: 'regex', value: '(', actions: [{ type: 'apply' }] }] },
    ],
  ])('to %s do not make a tag proven that no pod runs', async (_, spec) => {
    const world = new World();
    world.workload({ image: `${REPOSITORY}:v1.9.5` });
    world.move();
    await world.look();
    world.images.put({ spec: { ...world.image().spec, ...spec } });
    await world.run();
    expect(world.rollout()).toMatchObject({ phase: 'Failed' });
    expect(world.rollout()?.message).toContain(
      `container main keeps ${REPOSITORY}:v1.9.5: no rule of Image demos with apply or request-approval leads from v1.9.5 to ${NEW}`,
    );
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
  });
});

describe('a tag that a rule takes where the build stands at its end', () => {
  it('reaches the workload, and what comes late', async () => {
    const world = new World();
    const status = { image: REPOSITORY, baseTag: '4.0.16.2944-ls299', tag: '4.0.16.2944-ls299', conditions: [] };
    world.images.put({
      spec: {
        ...SPEC,
        baseTag: '4.0.16.2944-ls299',
        tags: { extract: '^(\\d+(?:\\.\\d+){3})-ls\\d+$' },
        rules: [{ name: 'minor', type: 'semver-patch', actions: [{ type: 'apply' }] }],
      },
      status,
    });
    world.workload({ image: `${REPOSITORY}:4.0.16.2944-ls299` });
    world.move('4.0.17.2952-ls301');
    await world.run();
    expect(world.rows()).toEqual(['Deployment web Healthy']);
    expect(world.roller.podsNow('Deployment', 'web').map((pod) => pod.containers[0]?.image)).toEqual([
      `${REPOSITORY}:4.0.17.2952-ls301`,
    ]);
    world.settle();
    world.workload({ name: 'late', image: `${REPOSITORY}:4.0.16.2950-ls300` });
    await world.run();
    expect(world.roller.imagesAnnotation('Deployment', 'late')).toBeUndefined();
    expect(world.roller.podsNow('Deployment', 'late').map((pod) => pod.containers[0]?.image)).toEqual([
      `${REPOSITORY}:4.0.17.2952-ls301`,
    ]);
  });
});

describe('a rollout that fails', () => {
  it.each<[string, GivenWorkload]>([
    ['Deployment', { kind: 'Deployment', replicas: 2 }],
    ['StatefulSet', { kind: 'StatefulSet', replicas: 2 }],
    ['DaemonSet', { kind: 'DaemonSet', replicas: 2 }],
  ])('of a %s goes back to where it was and says so', async (_, given) => {
    const world = new World();
    world.workload(given);
    world.roller.broken.add(NEW);
    const template = world.roller.live(given.kind!, 'web').template;
    world.move();
    await world.run();
    world.settle();
    await world.run();
    expect(world.rollout()).toMatchObject({ tag: NEW, phase: 'Failed' });
    expect(world.rollout()?.message).toMatch(
      new RegExp(`^${given.kind} web: .*ImagePullBackOff: Back-off pulling image "registry.test/whoami:v1.10.2"`),
    );
    expect(world.roller.live(given.kind!, 'web').template).toEqual(template);
    expect(world.roller.podsNow(given.kind!, 'web').map((pod) => [pod.ready, pod.containers[0]?.image])).toEqual([
      [true, `${REPOSITORY}:v1.9.0`],
      [true, `${REPOSITORY}:v1.9.0`],
    ]);
    expect(world.condition()).toMatch(/^False RolloutFailed: v1.10.2: /);
    expect(world.events.events.at(-1)).toMatch(
      /^Warning RolloutFailed: the rollout of v1.10.2 failed and is rolled back: /,
    );
  });

  it('of a StatefulSet deletes the pod that holds it up, not before Kubernetes would make it anew as it was', async () => {
    const world = new World();
    world.workload({ kind: 'StatefulSet' });
    world.roller.broken.add(NEW);
    world.move();
    await world.look();
    while (world.roller.step('StatefulSet', 'web')) await world.look();
    await world.clock.advance(600_000);
    await world.look();
    await world.look();
    expect(world.roller.requests.filter((request) => request.startsWith('set')).at(-1)).toBe('set StatefulSet/web -');
    expect(world.roller.requests.at(-1)).not.toBe('delete web-0');
    world.roller.step('StatefulSet', 'web');
    await world.look();
    expect(world.roller.requests.at(-1)).toBe('delete web-0');
  });

  it('takes back every workload that was rolled, to what each had before, and starts no further one', async () => {
    const world = new World({ maxConcurrent: 2 });
    world.workload({ name: 'a' });
    world.workload({ name: 'b', annotations: { 'kimup.cloudavenue.io/images': 'demos=v1.8.0' } });
    world.workload({ name: 'c', kind: 'StatefulSet' });
    world.workload({ name: 'd' });
    world.move();
    await world.look();
    for (let i = 0; i < 4; i++) for (const name of ['a', 'b']) world.roller.step('Deployment', name);
    world.roller.broken.add(NEW);
    await world.look();
    await world.look();
    expect(world.rows()).toEqual([
      'Deployment a Healthy',
      'Deployment b Healthy',
      'StatefulSet c Progressing',
      'Deployment d Progressing',
    ]);
    await world.run();
    expect(world.rollout()?.phase).toBe('Failed');
    expect(['a', 'b', 'd'].map((name) => world.roller.imagesAnnotation('Deployment', name))).toEqual([
      undefined,
      'demos=v1.8.0',
      undefined,
    ]);
    expect(world.roller.imagesAnnotation('StatefulSet', 'c')).toBeUndefined();
  });

  it("counts a Deployment's deadline from its new template, not from an old failure", async () => {
    const world = new World();
    world.workload({ status: { exceeded: { at: world.clock.now() - 60_000, message: 'timed out' } } });
    world.move();
    await world.look();
    const applied = world.roller.live('Deployment', 'web');
    // Kubernetes reuses the ReplicaSet of an earlier attempt, and with it the old condition.
    world.roller.put({
      ...applied,
      image: `${REPOSITORY}:v1.9.0`,
      annotations: applied.template.annotations,
      status: {
        ...applied.status,
        observedGeneration: applied.generation,
        updated: 0,
        exceeded: { at: world.clock.now() - 60_000, message: 'timed out' },
      },
    });
    await world.look();
    expect(world.rows()).toEqual(['Deployment web Progressing']);
    await world.clock.advance(599_000);
    await world.look();
    expect(world.rollout()?.phase).toBe('Progressing');
    await world.clock.advance(2_000);
    await world.look();
    expect(world.rollout()?.phase).toBe('Failed');
  });

  it('gives a StatefulSet ten minutes from its last progress; a pod that comes and goes is none', async () => {
    const world = new World();
    world.workload({ kind: 'StatefulSet', replicas: 3 });
    world.move();
    await world.look();
    const at = async (updated: number, ready: number): Promise<string | undefined> => {
      const live = world.roller.live('StatefulSet', 'web');
      world.roller.put({
        ...live,
        image: `${REPOSITORY}:v1.9.0`,
        annotations: live.template.annotations,
        status: { observedGeneration: live.generation, total: 3, updated, ready, available: ready },
      });
      await world.look();
      return world.rollout()?.phase;
    };
    await at(1, 2);
    await world.clock.advance(500_000);
    expect(await at(1, 3)).toBe('Progressing');
    expect(world.rollout()?.workloads[0]?.message).toBe('1 of 3 pods updated, 1 ready');
    await world.clock.advance(500_000);
    expect(await at(1, 2)).toBe('Progressing');
    expect(await at(1, 3)).toBe('Progressing');
    await world.clock.advance(101_000);
    expect(await at(1, 2)).toBe('Failed');
  });

  it('stays Failed, and asks nobody anything, until another update comes', async () => {
    const world = new World();
    world.workload();
    world.roller.broken.add(NEW);
    world.move();
    await world.run();
    world.settle();
    await world.run();
    const before = effort(world);
    await world.look();
    world.restart();
    await world.look();
    expect(effort(world)).toBe(before);
    await world.clock.advance(1_000);
    world.move('v1.10.3');
    await world.run();
    expect(world.rollout()).toMatchObject({ tag: 'v1.10.3', phase: 'Healthy' });
  });

  it('is tried again by an update to the same tag that came later', async () => {
    const world = new World();
    world.workload();
    world.roller.broken.add(NEW);
    world.move();
    await world.run();
    world.settle();
    world.roller.broken.clear();
    await world.clock.advance(1_000);
    world.move();
    await world.run();
    expect(world.rollout()).toMatchObject({ tag: NEW, phase: 'Healthy', since: world.image().status.update?.since });
  });
});

describe("a person's word", () => {
  it.each([
    [
      'takes the entry away',
      undefined,
      "someone removed the Image's entry from the annotation kimup.cloudavenue.io/images; kimup leaves the workload as it is until the next move",
    ],
    [
      'sets another',
      'demos=v1.9.5',
      "kubectl-rollout changed the Image's entry in the annotation kimup.cloudavenue.io/images to v1.9.5; kimup leaves the workload as it is until the next move",
    ],
  ])('stands when it %s while the rollout is under way', async (_, text, message) => {
    const world = new World();
    world.workload({ name: 'a' });
    world.workload({ name: 'b', replicas: 2 });
    world.move();
    await world.look();
    await world.look();
    world.roller.override('Deployment', 'a', text, 'kubectl-rollout');
    await world.run();
    expect(world.rows()).toEqual(['Deployment a Overridden', 'Deployment b Healthy']);
    expect(world.rollout()).toMatchObject({ phase: 'Healthy' });
    expect(world.roller.imagesAnnotation('Deployment', 'a')).toBe(text);
    expect(world.condition()).toBe(`True Overridden: ${NEW}: Deployment a: ${message}`);
    expect(world.events.events).toContain(`Warning RolloutOverridden: Deployment a: ${message}`);
  });

  it('stands when it comes after the rollout, until the next move', async () => {
    const world = new World();
    world.workload();
    world.move();
    await world.run();
    world.settle();
    world.roller.override('Deployment', 'web', 'demos=v1.9.0', 'kubectl-rollout');
    const before = effort(world);
    await world.run();
    world.restart();
    await world.run();
    expect(effort(world)).toBe(before);
    await world.clock.advance(1_000);
    world.move('v1.10.3');
    await world.run();
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBe('demos=v1.10.3');
  });

  it('that took the only rolled workload back makes the rollout Failed: nothing has proven the tag', async () => {
    const world = new World();
    world.workload();
    world.workload({ name: 'paused', paused: true });
    world.roller.broken.add(NEW);
    world.move();
    await world.look();
    await world.look();
    world.roller.override('Deployment', 'web', undefined, 'kubectl-rollout');
    await world.run();
    world.settle();
    await world.run();
    expect(world.rollout()).toMatchObject({
      tag: NEW,
      phase: 'Failed',
      message:
        "Deployment web: someone removed the Image's entry from the annotation kimup.cloudavenue.io/images; kimup leaves the workload as it is until the next move; no other workload became ready on the tag",
    });
    expect(world.image().status.tag).toBe('v1.9.0');
    expect(world.rows()).toEqual(['Deployment web Overridden']);
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
  });

  it('that took one of several back keeps its next pods on what they had, until the next move', async () => {
    const world = new World();
    world.workload({ name: 'a' });
    world.workload({ name: 'b' });
    world.move();
    await world.look();
    await world.look();
    world.roller.override('Deployment', 'a', undefined, 'kubectl-rollout');
    await world.run();
    world.settle();
    await world.run();
    expect(world.image().status.tag).toBe(NEW);
    expect(world.rollout()?.workloads).toMatchObject([
      { name: 'a', phase: 'Overridden', pinnedTag: 'v1.9.0' },
      { name: 'b', phase: 'Healthy' },
    ]);
    await world.clock.advance(1_000);
    world.move('v1.10.3');
    await world.run();
    expect(world.rows()).toEqual(['Deployment a Healthy', 'Deployment b Healthy']);
  });

  it('is not undone by a rollout that fails elsewhere', async () => {
    const world = new World();
    world.workload({ name: 'a' });
    world.workload({ name: 'b', kind: 'StatefulSet' });
    world.roller.broken.add(NEW);
    world.move();
    await world.look();
    world.roller.override('Deployment', 'a', 'demos=v1.9.5', 'helm');
    await world.run();
    expect(world.rollout()?.phase).toBe('Failed');
    expect(world.roller.imagesAnnotation('Deployment', 'a')).toBe('demos=v1.9.5');
  });
});

describe('another update', () => {
  it('in the place of one under way goes back, when it fails, to what was proven before both', async () => {
    const world = new World();
    world.workload();
    world.move('v1.10.0');
    await world.look();
    await world.look();
    await world.clock.advance(1_000);
    world.move('v1.11.0');
    await world.look();
    expect(world.rollout()?.workloads).toMatchObject([{ name: 'web', phase: 'Pending' }]);
    expect(world.rollout()?.workloads[0]).not.toHaveProperty('before');
    world.roller.broken.add('v1.11.0');
    await world.run();
    expect(world.rollout()?.phase).toBe('Failed');
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
  });

  it('that fails takes back also what it had not started, and the one before it had', async () => {
    const world = new World({ maxConcurrent: 2 });
    for (const name of ['a', 'b']) world.workload({ name });
    world.move('v1.10.0');
    await world.run();
    world.images.put({ status: { ...world.image().status, rollout: { ...world.rollout()!, phase: 'Progressing' } } });
    world.restart();
    await world.clock.advance(1_000);
    world.settings.options.maxConcurrent = 1;
    world.roller.broken.add('v1.11.0');
    world.move('v1.11.0');
    await world.run();
    expect(world.rows()).toEqual(['Deployment a Failed', 'Deployment b Pending']);
    expect(['a', 'b'].map((name) => world.roller.imagesAnnotation('Deployment', name))).toEqual([undefined, undefined]);
  });

  it('goes back, when it fails, to the one that was proven', async () => {
    const world = new World();
    world.workload();
    world.move('v1.10.0');
    await world.run();
    world.settle();
    await world.clock.advance(1_000);
    world.roller.broken.add('v1.11.0');
    world.move('v1.11.0');
    await world.run();
    expect(world.rollout()?.phase).toBe('Failed');
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBe('demos=v1.10.0');
  });

  it('to the same tag, decided anew while the first is under way, proves it all the same', async () => {
    const world = new World();
    world.workload();
    world.roller.broken.add(NEW);
    world.move();
    await world.look();
    await world.look();
    const [row] = world.rollout()!.workloads;
    await world.clock.advance(1_000);
    world.move();
    await world.look();
    expect(world.rollout()).toMatchObject({
      phase: 'Progressing',
      since: world.image().status.update?.since,
      workloads: [row],
    });
    await world.run();
    expect(world.rollout()?.phase).toBe('Failed');
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
  });

  it('to the same tag goes by the very time of the update, also where the clock went back', async () => {
    const world = new World();
    world.workload();
    world.move();
    await world.run();
    const { update, ...status } = world.image().status;
    const since = new Date(Date.parse(update!.since) - 60_000).toISOString();
    world.images.put({ status: { ...status, update: { ...update!, since } } });
    await world.run();
    expect(world.rollout()).toMatchObject({ phase: 'Healthy', since });
  });

  it.each([
    ['pods that are fine', false, 'Healthy', `demos=${NEW}`],
    ['pods that are not', true, 'Failed', undefined],
  ])(
    'to a tag that a template names already is proven by %s, where nothing is known of an earlier rollout',
    async (_, broken, phase, annotation) => {
      const world = new World();
      if (broken) world.roller.broken.add(NEW);
      world.workload({
        annotations: { 'kimup.cloudavenue.io/images': `demos=${NEW}` },
        ownsAnnotation: true,
        replicas: 0,
      });
      const live = world.roller.live('Deployment', 'web');
      world.roller.put({
        ...live,
        image: `${REPOSITORY}:v1.9.0`,
        annotations: live.template.annotations,
        replicas: 1,
        status: { total: 0, updated: 0, ready: 0, available: 0 },
      });
      world.move();
      await world.run();
      expect(world.rollout()?.phase).toBe(phase);
      expect(world.rollout()?.workloads).toHaveLength(1);
      expect(world.roller.imagesAnnotation('Deployment', 'web')).toBe(annotation);
    },
  );

  it('that is cancelled is rolled back, and leaves no rollout', async () => {
    const world = new World();
    world.workload();
    world.move();
    await world.look();
    await world.look();
    const { update: _, ...status } = world.image().status;
    world.images.put({ status });
    await world.run();
    expect(world.rollout()).toBeUndefined();
    expect(world.condition()).toBeUndefined();
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
    expect(world.events.events.at(-1)).toBe(
      `Normal RolloutWithdrawn: the rollout of ${NEW} was cancelled; the workloads that it changed were rolled back`,
    );
  });
});

describe('a workload that comes late', () => {
  async function onNewTag(): Promise<World> {
    const world = new World();
    world.move();
    await world.run();
    world.settle();
    world.roller.webhook = () => undefined;
    world.workload();
    world.roller.webhook = () => world.image();
    return world;
  }

  it("with pods on an older tag is rolled to the Image's", async () => {
    const world = await onNewTag();
    await world.run();
    expect(world.rollout()).toMatchObject({ tag: NEW, phase: 'Healthy' });
    expect(world.rows()).toEqual(['Deployment web Healthy']);
    expect(world.roller.podsNow('Deployment', 'web')[0]?.containers[0]?.image).toBe(`${REPOSITORY}:${NEW}`);
  });

  it('is rolled where the Image never had an update', async () => {
    const world = new World();
    world.images.put({ status: { ...world.image().status, tag: NEW } });
    world.roller.webhook = () => undefined;
    world.workload();
    world.roller.webhook = () => world.image();
    await world.run();
    expect(world.rows()).toEqual(['Deployment web Healthy']);
    expect(world.rollout()?.phase).toBe('Healthy');
  });

  it('is looked at once, not whenever something happens', async () => {
    const world = new World();
    world.workload();
    await world.run();
    expect(world.roller.requests).toEqual(['pods Deployment/web']);
    for (let i = 0; i < 3; i++) await world.look();
    world.roller.put({
      ...world.roller.live('Deployment', 'web'),
      image: `${REPOSITORY}:v1.9.0`,
      replicas: 5,
      status: { total: 5, updated: 5, ready: 5, available: 5 },
    });
    await world.look();
    expect(world.roller.requests).toHaveLength(1);
    world.namespaces.put('default', { enabled: 'false' });
    await world.look();
    expect(effort(world)).toBe(1);
  });

  it('goes back alone when it fails, and is tried again when it changes', async () => {
    const world = await onNewTag();
    world.roller.broken.add(NEW);
    await world.run();
    expect(world.rollout()).toMatchObject({ tag: NEW, phase: 'Healthy' });
    expect(world.rows()).toEqual(['Deployment web Failed']);
    expect(world.condition()).toMatch(/^False WorkloadFailed: v1.10.2: Deployment web: .*ImagePullBackOff/);
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
    const before = effort(world);
    await world.run();
    world.restart();
    await world.run();
    expect(effort(world)).toBe(before);
    world.roller.broken.clear();
    const live = world.roller.live('Deployment', 'web');
    world.roller.put({ ...live, image: `${REPOSITORY}:v1.9.1`, revision: 'changed', generation: live.generation + 1 });
    await world.run();
    expect(world.rows()).toEqual(['Deployment web Healthy']);
  });

  it('is rolled beside a rollout that failed, which stays in memory', async () => {
    const world = new World();
    world.workload({ name: 'api' });
    world.roller.broken.add(NEW);
    world.move();
    await world.run();
    world.settle();
    await world.run();
    const failed = world.rollout();
    world.roller.webhook = () => undefined;
    world.workload({ image: `${REPOSITORY}:v1.8.0` });
    world.roller.webhook = () => world.image();
    await world.run();
    expect(world.roller.podsNow('Deployment', 'web')[0]?.containers[0]?.image).toBe(`${REPOSITORY}:v1.9.0`);
    const { late, ...rest } = world.rollout()!;
    expect(rest).toEqual(failed);
    expect(late).toMatchObject({ tag: 'v1.9.0', workloads: [{ name: 'web', phase: 'Healthy' }] });
    const before = effort(world);
    world.restart();
    await world.run();
    // Two reads: what was looked at is forgotten in a restart.
    expect(effort(world)).toBeLessThanOrEqual(before + 2);
    expect(world.condition()).toMatch(/^False RolloutFailed: v1.10.2: /);
  });

  it('goes back alone beside a rollout that failed, when it fails too', async () => {
    const world = new World();
    world.workload({ name: 'api' });
    world.roller.broken.add(NEW);
    world.move();
    await world.run();
    world.settle();
    world.roller.webhook = () => undefined;
    world.workload({ image: `${REPOSITORY}:v1.8.0` });
    world.roller.webhook = () => world.image();
    world.roller.broken.add('v1.9.0');
    await world.run();
    expect(world.rollout()?.late?.workloads).toMatchObject([{ name: 'web', phase: 'Failed' }]);
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBeUndefined();
    expect(world.events.events.at(-1)).toMatch(
      /^Warning WorkloadFailed: Deployment web failed to roll out v1.9.0 and is rolled back: /,
    );
  });

  it('forgets the failure of another repository for it', async () => {
    const world = new World();
    const since = new Date(world.clock.now()).toISOString();
    world.images.put({
      status: {
        ...world.image().status,
        rollout: { tag: 'v9', image: 'registry.test/elsewhere', phase: 'Failed', since, workloads: [] },
      },
    });
    world.roller.webhook = () => undefined;
    world.workload({ image: `${REPOSITORY}:v1.8.0` });
    world.roller.webhook = () => world.image();
    await world.run();
    expect(world.rollout()).toMatchObject({
      tag: 'v1.9.0',
      image: REPOSITORY,
      phase: 'Healthy',
      workloads: [{ name: 'web', phase: 'Healthy' }],
    });
  });

  it('is rolled when it was paused while the Image moved', async () => {
    const world = new World();
    world.workload();
    world.move('v1.10.0');
    await world.run();
    world.settle();
    const live = world.roller.live('Deployment', 'web');
    world.roller.put({ ...live, image: `${REPOSITORY}:v1.9.0`, annotations: live.template.annotations, paused: true });
    await world.clock.advance(1_000);
    world.move('v1.11.0');
    await world.run();
    world.settle();
    await world.run();
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBe('demos=v1.10.0');
    world.roller.put({
      ...world.roller.live('Deployment', 'web'),
      image: `${REPOSITORY}:v1.9.0`,
      annotations: live.template.annotations,
      ownsAnnotation: true,
      paused: false,
    });
    await world.run();
    expect(world.roller.imagesAnnotation('Deployment', 'web')).toBe('demos=v1.11.0');
  });
});

describe('nothing happens when nothing changed', () => {
  it('also after a restart', async () => {
    const world = new World();
    world.workload({ replicas: 2 });
    world.workload({ kind: 'StatefulSet', name: 'db' });
    world.move();
    await world.run();
    world.settle();
    await world.run();
    const before = effort(world);
    for (let i = 0; i < 5; i++) await world.look();
    world.restart();
    for (let i = 0; i < 5; i++) expect(await world.look()).toBeUndefined();
    expect(effort(world)).toBe(before);
  });

  it('nor before the first sight of everything', async () => {
    const world = new World();
    world.workload();
    world.move();
    world.images.setSynced(false);
    expect(await world.look()).toBeGreaterThan(0);
    expect(effort(world)).toBe(0);
  });
});

describe('a watch that lags behind', () => {
  it('makes nothing happen twice, and nobody is taken for a person', async () => {
    const world = new World();
    world.workload();
    world.roller.lagging = true;
    world.move();
    for (let i = 0; i < 4; i++) await world.look();
    expect(world.roller.requests).toEqual([`set Deployment/web demos=${NEW}`]);
    expect(world.rows()).toEqual(['Deployment web Progressing']);
    await world.run();
    expect(world.rows()).toEqual(['Deployment web Healthy']);
  });

  it('nor does one that is still behind after a restart: the workload is read anew', async () => {
    const world = new World();
    world.workload();
    world.roller.lagging = true;
    world.move();
    await world.look();
    await world.look();
    world.restart();
    await world.look();
    expect(world.roller.requests.filter((request) => request.startsWith('set'))).toHaveLength(1);
    expect(world.rows()).toEqual(['Deployment web Progressing']);
  });

  it('does not bring an older rollout back: the write is refused, and decided anew', async () => {
    const world = new World();
    world.workload();
    world.move();
    const store = world.images;
    const stale = world.image();
    let lagging = true;
    const get = store.get.bind(store);
    store.get = (key) => (lagging ? stale : get(key));
    await world.look();
    await expect(world.look()).rejects.toMatchObject({ consequence: 'conflict' });
    lagging = false;
    expect(world.rows()).toEqual(['Deployment web Pending']);
    await world.run();
    expect(world.rollout()?.phase).toBe('Healthy');
  });
});

describe('a request that fails', () => {
  it('is tried again, and does not hold up the others', async () => {
    const world = new World();
    world.workload({ name: 'a' });
    world.workload({ name: 'b' });
    world.roller.failures.push(new WriteError('the webhook says no', 'refused'));
    world.move();
    await expect(world.look()).rejects.toThrow('the webhook says no');
    expect(world.roller.imagesAnnotation('Deployment', 'b')).toBe(`demos=${NEW}`);
    expect(world.events.events.at(-1)).toBe(
      'Warning WorkloadRefused: the API server rejected the change of Deployment a; kimup will retry: the webhook says no',
    );
    await world.run();
    expect(world.rows()).toEqual(['Deployment a Healthy', 'Deployment b Healthy']);
  });

  it('for good makes the rollout Failed when the workload has had its time, and does not starve others meanwhile', async () => {
    const world = new World({ maxConcurrent: 1 });
    world.workload({ name: 'a' });
    world.workload({ name: 'b' });
    const set = world.roller.setImagesAnnotation.bind(world.roller);
    world.roller.setImagesAnnotation = async (of, text) => {
      if (of.name === 'a' && text !== undefined) throw new WriteError('exceeded quota', 'refused');
      return set(of, text);
    };
    world.move();
    const look = async (): Promise<void> => {
      await world.look().catch(() => undefined);
      world.roller.step('Deployment', 'b');
      await world.clock.advance(1_000);
    };
    for (let i = 0; i < 12; i++) await look();
    expect(world.rows()).toEqual(['Deployment a Pending', 'Deployment b Healthy']);
    expect(world.rollout()?.workloads[0]?.message).toBe('the API server rejected the change: exceeded quota');
    world.restart();
    await world.clock.advance(580_000);
    await look();
    expect(world.rollout()?.phase).toBe('Progressing');
    await world.clock.advance(20_000);
    await look();
    await look();
    expect(world.rollout()).toMatchObject({
      phase: 'Failed',
      message: 'Deployment a: the API server rejected the change: exceeded quota',
    });
    expect(world.roller.imagesAnnotation('Deployment', 'b')).toBeUndefined();
  });

  it('because the Image is gone ends the matter', async () => {
    const world = new World();
    world.workload();
    world.move();
    world.images.failNext(new WriteError('gone', 'gone'));
    const error: unknown = await world.look().catch((thrown: unknown) => thrown);
    expect(resultOf(error)).toEqual(DONE);
    expect(world.roller.requests).toEqual([]);
  });
});

describe('Healthy means proven', () => {
  const action = fc.oneof(
    { weight: 8, arbitrary: fc.constant('look' as const) },
    { weight: 6, arbitrary: fc.constant('step' as const) },
    fc.constantFrom(
      'undo',
      'set another',
      'decide anew',
      'restart',
      'lose the rollout',
      'pause b',
      'resume b',
      'lag',
      'catch up',
      'a minute',
      'ten minutes',
      'settle',
    ),
  );

  it("whatever people and replicas do meanwhile: a tag whose pods never get ready is never the Image's", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60 }),
        fc.constantFrom('Deployment' as const, 'StatefulSet' as const),
        fc.boolean(),
        async (actions, kind, alone) => {
          const world = new World({ maxConcurrent: 1 });
          world.workload({ kind, name: 'a' });
          if (!alone) world.workload({ name: 'b' });
          world.roller.broken.add(NEW);
          world.move();
          for (const what of actions) {
            switch (what) {
              case 'look':
                await world.look().catch(() => undefined);
                break;
              case 'step':
                for (const one of world.roller.all()) world.roller.step(one.kind, one.name);
                break;
              case 'undo':
                world.roller.override(kind, 'a', undefined, 'kubectl-rollout');
                break;
              case 'set another':
                if (!alone) world.roller.override('Deployment', 'b', 'demos=v1.8.0', 'kubectl-edit');
                break;
              case 'decide anew':
                if (world.image().status.update !== undefined) world.move();
                break;
              case 'restart':
                world.restart();
                break;
              case 'lose the rollout': {
                const { rollout: _, ...status } = world.image().status;
                world.images.put({ status });
                break;
              }
              case 'pause b':
              case 'resume b': {
                if (alone) break;
                const live = world.roller.live('Deployment', 'b');
                world.roller.put(
                  {
                    ...live,
                    image: `${REPOSITORY}:v1.9.0`,
                    annotations: live.template.annotations,
                    paused: what === 'pause b',
                  },
                  'kimup-operator',
                );
                break;
              }
              case 'lag':
                world.roller.lagging = true;
                break;
              case 'catch up':
                world.roller.lagging = false;
                world.roller.catchUp();
                break;
              case 'a minute':
                await world.clock.advance(60_000);
                break;
              case 'ten minutes':
                await world.clock.advance(600_000);
                break;
              case 'settle':
                world.settle();
            }
            expect(world.image().status.tag).toBe('v1.9.0');
            expect([world.rollout()?.tag, world.rollout()?.phase]).not.toEqual([NEW, 'Healthy']);
          }
          world.roller.lagging = false;
          world.roller.catchUp();
          await world.run();
          expect([world.rollout()?.tag, world.rollout()?.phase]).not.toEqual([NEW, 'Healthy']);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('killed between any two steps', () => {
  const given = fc.record({
    workloads: fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom('Deployment' as const, 'StatefulSet' as const, 'DaemonSet' as const),
        name: fc.constantFrom('a', 'b', 'c'),
        replicas: fc.integer({ min: 0, max: 2 }),
        before: fc.constantFrom(undefined, 'demos=v1.8.0', 'another=v3'),
      }),
      { selector: ({ name }) => name, minLength: 1 },
    ),
    broken: fc.boolean(),
    // Each number: after so many requests of one look the process dies, the request being made or not.
    crashes: fc.array(fc.record({ after: fc.nat(4), made: fc.boolean() }), { maxLength: 12 }),
    lagging: fc.boolean(),
  });

  it('it comes to the same end', async () => {
    await fc.assert(
      fc.asyncProperty(given, async ({ workloads, broken, crashes, lagging }) => {
        const ends: string[] = [];
        for (const crashing of [[], crashes]) {
          const world = new World({ maxConcurrent: 2 });
          for (const { before, ...one } of workloads) {
            world.workload({
              ...one,
              ...(before === undefined ? {} : { annotations: { 'kimup.cloudavenue.io/images': before } }),
            });
          }
          if (broken) world.roller.broken.add(NEW);
          world.roller.lagging = lagging;
          world.move();
          for (const { after, made } of crashing) {
            await crash(world, after, made);
            for (const { kind, name } of world.roller.all()) world.roller.step(kind, name);
            world.roller.catchUp();
          }
          await world.run();
          world.settle();
          await world.run();
          const { phase } = world.rollout()!;
          // Which row failed first is chance, so that others are Pending or Failed then.
          const rows = phase === 'Failed' ? world.rollout()?.workloads.map(({ name }) => name) : world.rows();
          ends.push(
            JSON.stringify([
              phase,
              rows,
              world.roller
                .all()
                .map((one) => [
                  one.name,
                  one.template,
                  world.roller.podsNow(one.kind, one.name).map((pod) => [pod.ready, pod.imagesAnnotation]),
                ]),
            ]),
          );
          expect(phase).toBe(broken && workloads.some(({ replicas }) => replicas > 0) ? 'Failed' : 'Healthy');
        }
        expect(ends[1]).toBe(ends[0]);
      }),
      { numRuns: 300 },
    );
  });

  async function crash(world: World, after: number, made: boolean): Promise<void> {
    let left = after;
    const dying = <T extends object>(of: T, methods: readonly (keyof T)[]): void => {
      for (const method of methods) {
        const real = (of[method] as (...args: unknown[]) => Promise<unknown>).bind(of);
        (of as Record<keyof T, unknown>)[method] = async (...args: unknown[]) => {
          if (left < 0) throw new Error('dead');
          if (left-- > 0) return real(...args);
          if (made) await real(...args);
          throw new Error('killed');
        };
      }
    };
    dying(world.images, ['writeOperatorStatus']);
    dying(world.roller, ['setImagesAnnotation', 'deletePod', 'pods', 'annotationManager']);
    await world.look().catch(() => undefined);
    for (const method of ['writeOperatorStatus'] as const) delete (world.images as Partial<FakeImageStore>)[method];
    for (const method of ['setImagesAnnotation', 'deletePod', 'pods', 'annotationManager'] as const)
      delete (world.roller as Partial<FakeWorkloadRoller>)[method];
    world.restart();
  }
});
