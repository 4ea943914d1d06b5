import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeImageStore, type GivenImage } from '../../../test/support/fakes/fake-image-store.ts';
import { FakeTagRegistry } from '../../../test/support/fakes/fake-tag-registry.ts';
import { FakeEventRecorder } from '../../../test/support/fakes/recorders.ts';
import { FakeSecretReader } from '../../../test/support/fakes/fake-secret-reader.ts';
import { startRefreshing } from '../../../test/support/fakes/refreshing.ts';
import type { Condition, ControllerStatus, Rollout } from '../../domain/image/image-status.ts';
import type { Image } from '../../domain/image/image.ts';
import type { RuleSpec } from '../../domain/rule/rule-spec.ts';
import { DONE, requeue, resultOf } from '../controller/result.ts';
import { WriteError } from '../ports/image-store.ts';
import { RegistryError } from '../ports/tag-registry.ts';
import { checksumOf } from '../../domain/image/checksum.ts';
import { RefreshImage, RefreshPostponed } from './refresh-image.ts';

const KEY = 'default/demos';
const REPOSITORY = 'registry.test/whoami';
const MINOR: RuleSpec = { name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] };

let clock: FakeClock;
let images: FakeImageStore;
let registry: FakeTagRegistry;
let secrets: FakeSecretReader;
let events: FakeEventRecorder;
let refreshImage: RefreshImage;

beforeEach(() => {
  clock = new FakeClock();
  images = new FakeImageStore();
  registry = new FakeTagRegistry();
  secrets = new FakeSecretReader();
  events = new FakeEventRecorder();
  refreshImage = startRefreshing({ images, registry, clock, secrets, events });
});

/** The Image of the demo, changed as given. */
function put(given: GivenImage = {}): Image {
  return images.put({
    ...given,
    spec: {
      image: REPOSITORY,
      baseTag: 'v1.9.0',
      triggers: [{ type: 'crontab', value: 'every 15 s' }],
      rules: [MINOR],
      ...given.spec,
    },
  });
}

function image(): Image {
  return images.get({ namespace: 'default', name: 'demos' })!;
}

function refresh(): Promise<unknown> {
  return refreshImage.reconcile(KEY, { queuedAt: clock.now() });
}

/** A tick of the crontab comes, and is served. */
async function tick(): Promise<void> {
  await clock.advance(15_000);
  await refresh();
}

/** What the operator would write. */
async function rollout(phase: Rollout['phase'], message?: string): Promise<void> {
  const { tag, digest, since } = image().status.update!;
  await images.writeOperatorStatus(image(), {
    rollout: {
      tag,
      ...(digest === undefined ? {} : { digest }),
      since,
      phase,
      ...(message === undefined ? {} : { message }),
      workloads: [],
    },
    conditions: [],
  });
}

function condition(type: string): Pick<Condition, 'status' | 'reason' | 'message'> {
  const { status, reason, message } = image().status.conditions.find((found) => found.type === type)!;
  return { status, reason, message };
}

/** The digest that a tag has in these tests. */
function digestOf(tag: string): string {
  return `sha256:${Buffer.from(tag).toString('hex').padStart(64, '0')}`;
}

/** The registry has these tags now, and no others. */
function push(...tags: string[]): void {
  registry.put(REPOSITORY, Object.fromEntries(tags.map((tag) => [tag, digestOf(tag)])));
}

/** Lets `work` run while the registry fails. */
async function failing<T>(error: RegistryError, work: () => Promise<T>): Promise<T> {
  registry.fail(REPOSITORY, error);
  try {
    return await work();
  } finally {
    registry.fail(REPOSITORY, undefined);
  }
}

describe('an update', () => {
  it('starts with the highest tag of the first rule that finds one, at once for a new Image', async () => {
    push('v1.9.0', 'v1.9.5', 'v1.10.0', 'v1.10.2', 'v2.0.0', 'latest');
    put();
    await refresh();
    expect(image().status).toMatchObject({
      tag: 'v1.9.0',
      result: 'Scheduled',
      image: REPOSITORY,
      baseTag: 'v1.9.0',
      observedGeneration: 1,
      update: { tag: 'v1.10.2', rule: 'minor', digest: expect.stringMatching(/^sha256:/) },
    });
    expect(condition('Ready')).toMatchObject({ status: 'False', reason: 'Updating' });
    expect(condition('Reconciling')).toMatchObject({
      status: 'True',
      message: 'updating from v1.9.0 to v1.10.2 by rule "minor"',
    });
    expect(events.events).toEqual([
      expect.stringMatching(/^Normal UpdateFound: v1\.9\.0 -> v1\.10\.2 by rule "minor": /),
    ]);
  });

  it("becomes the Image's tag when its rollout is healthy, and the annotation mirrors it", async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    const { digest } = image().status.update!;
    await rollout('Healthy');
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.10.2', digest, result: 'Success' });
    expect(image().status.update).toBeUndefined();
    expect(image().annotations['tag']).toBe('v1.10.2');
    expect(condition('Ready').status).toBe('True');
    expect(condition('Reconciling').status).toBe('False');
    expect(events.events.at(-1)).toMatch(/^Normal Updated: v1\.9\.0 -> v1\.10\.2/);
  });

  it('under way holds back the next one', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    push('v1.9.0', 'v1.10.2', 'v1.11.0');
    await tick();
    expect(image().status).toMatchObject({ tag: 'v1.9.0', result: 'Scheduled', update: { tag: 'v1.10.2' } });
  });

  it('whose rollout failed leaves the tag as it was, and is not tried again', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    await rollout('Failed', 'Deployment/web: ImagePullBackOff');
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.9.0', result: 'ActionError' });
    expect(image().status.update).toBeUndefined();
    await tick();
    expect(image().status.update).toBeUndefined();
    expect(condition('Stalled')).toMatchObject({
      status: 'True',
      reason: 'RolloutFailed',
      message: expect.stringContaining('Deployment/web: ImagePullBackOff'),
    });
    expect(events.events.filter((event) => event.startsWith('Warning RolloutFailed'))).toHaveLength(1);
  });

  it('whose rollout failed gives way to a newer tag', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    await rollout('Failed');
    push('v1.9.0', 'v1.10.2', 'v1.10.3');
    await tick();
    expect(image().status.update).toMatchObject({ tag: 'v1.10.3' });
  });

  it('whose rollout failed does not bar the same tag of another repository', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    const { tag, digest, since } = image().status.update!;
    await images.writeOperatorStatus(image(), {
      rollout: { tag, digest: digest!, since, image: REPOSITORY, phase: 'Failed', workloads: [] },
      conditions: [],
    });
    await refresh();
    registry.put('mirror.test/whoami', { 'v1.9.0': digestOf('v1.9.0'), 'v1.10.2': digestOf('v1.10.2') });
    put({ spec: { image: 'mirror.test/whoami' } });
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.9.0', update: { tag: 'v1.10.2' } });
  });

  it('whose rollout failed is tried again when its tag is pushed anew', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    await rollout('Failed');
    await refresh();
    registry.put(REPOSITORY, { 'v1.9.0': digestOf('v1.9.0'), 'v1.10.2': `sha256:${'f'.repeat(64)}` });
    await tick();
    expect(image().status.update).toMatchObject({ tag: 'v1.10.2', digest: `sha256:${'f'.repeat(64)}` });
  });

  it('that another rollout was for is not ended by it', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    const { tag, digest } = image().status.update!;
    await images.writeOperatorStatus(image(), {
      rollout: { tag, digest: digest!, since: '2020-01-01T00:00:00.000Z', phase: 'Healthy', workloads: [] },
      conditions: [],
    });
    await refresh();
    expect(image().status.update).toMatchObject({ tag: 'v1.10.2' });
  });

  it("by a rule whose only move is request-approval waits and says that it can't be taken yet", async () => {
    push('v1.9.0', 'v1.10.2');
    put({ spec: { rules: [{ ...MINOR, actions: [{ type: 'request-approval' }] }] } });
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.9.0', result: 'ActionError' });
    expect(condition('Stalled')).toMatchObject({ status: 'True', reason: 'UnsupportedAction' });
  });
});

describe('what is written', () => {
  it('is one status for a scheduled refresh without news', async () => {
    push('v1.9.0');
    put();
    await refresh();
    images.writes.length = 0;
    await tick();
    expect(images.writes).toHaveLength(1);
    expect(images.writes[0]).toMatchObject({
      writer: 'controller',
      body: { tag: 'v1.9.0', result: 'Success', time: new Date(clock.now()).toISOString() },
    });
    expect(events.events).toEqual([]);
  });

  it('is two for one by annotation: the annotation goes first', async () => {
    push('v1.9.0');
    put();
    await refresh();
    images.writes.length = 0;
    images.put({ annotations: { ...image().annotations, action: 'refresh' } });
    await refresh();
    expect(images.writes.map(({ writer, body }) => [writer, body])).toEqual([
      ['annotate', { action: null }],
      ['controller', expect.anything()],
    ]);
  });

  it('is nothing when nothing is due', async () => {
    push('v1.9.0');
    put();
    await refresh();
    images.writes.length = 0;
    await refresh();
    expect(images.writes).toEqual([]);
  });

  it("keeps a condition's time as long as its status is the same", async () => {
    push('v1.9.0');
    put();
    await refresh();
    const before = image().status.conditions;
    await tick();
    expect(image().status.conditions.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual(
      before.map(({ lastTransitionTime }) => lastTransitionTime),
    );
  });
});

describe('where an Image starts', () => {
  it('is its baseTag', async () => {
    push('v1.9.0');
    put();
    await refresh();
    expect(image().status.tag).toBe('v1.9.0');
    expect(image().annotations['tag']).toBe('v1.9.0');
  });

  it('is the tag that the annotation mirrors, for a restored backup', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    await rollout('Healthy');
    await refresh();
    const { annotations } = image();
    images.delete(image());
    put({ annotations });
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.10.2', result: 'Success' });
  });

  it('is the tag that kimup 0.2 left in the status', async () => {
    push('v1.9.0', 'v1.10.2');
    put({
      status: { tag: 'v1.10.2', result: 'Success', time: '2026-01-01T00:00:00Z' },
      annotations: { tag: 'v1.10.2', checksum: 'of 0.2' },
    });
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.10.2', result: 'Success', image: REPOSITORY });
    expect(image().status.update).toBeUndefined();
  });

  it.each([
    [
      'of a copy for another image',
      { tag: 'v1.10.2', checksum: checksumOf({ image: 'registry.test/other', baseTag: 'v1.9.0' }) },
    ],
    ['written by hand', { tag: 'v1.10.2' }],
    ['that is no tag', { tag: 'no tag!', checksum: checksumOf({ image: REPOSITORY, baseTag: 'v1.9.0' }) }],
  ])('is its baseTag, whatever an annotation says %s', async (_what, annotations) => {
    push('v1.9.0');
    put({ annotations });
    await refresh();
    expect(image().status.tag).toBe('v1.9.0');
  });

  it('is its baseTag again when spec.image changes', async () => {
    push('v1.9.0', 'v1.10.2');
    put();
    await refresh();
    await rollout('Healthy');
    await refresh();
    registry.put('registry.test/other', { 'v1.0.0': digestOf('other') });
    put({ spec: { image: 'registry.test/other', baseTag: 'v1.0.0' } });
    await refresh();
    expect(image().status).toMatchObject({
      tag: 'v1.0.0',
      image: 'registry.test/other',
      baseTag: 'v1.0.0',
      result: 'Success',
    });
    expect(image().status.digest).toBeUndefined();
    expect(image().annotations['tag']).toBe('v1.0.0');
  });

  it("a changed baseTag is a move to it, like a rule's", async () => {
    push('v1.9.0', 'v1.9.5', 'v1.10.2');
    put({ spec: { rules: [{ ...MINOR, type: 'semver-major' }] } });
    await refresh();
    put({ spec: { baseTag: 'v1.9.5', rules: [{ ...MINOR, type: 'semver-major' }] } });
    await refresh();
    expect(image().status).toMatchObject({
      tag: 'v1.9.0',
      baseTag: 'v1.9.5',
      result: 'Scheduled',
      update: { tag: 'v1.9.5', rule: 'spec.baseTag' },
    });
  });

  it('a baseTag that the registry does not have moves nothing', async () => {
    push('v1.9.0');
    put();
    await refresh();
    put({ spec: { baseTag: 'v9.9.9' } });
    await expect(refresh()).rejects.toThrow(RefreshPostponed);
    expect(image().status).toMatchObject({ tag: 'v1.9.0', baseTag: 'v1.9.0', result: 'TagsError' });
    expect(image().status.update).toBeUndefined();
  });
});

describe('a refresh that fails', () => {
  it.each([
    ['unreachable', 'RegistryError'],
    ['unauthorized', 'RegistryError'],
    ['throttled', 'RegistryError'],
    ['server-error', 'RegistryError'],
    ['not-found', 'TagsError'],
    ['invalid-answer', 'TagsError'],
  ] as const)('because the registry is %s says %s, keeps the tag and is tried again', async (code, result) => {
    push('v1.9.0');
    put();
    await refresh();
    await clock.advance(15_000);
    await failing(new RegistryError(`registry.test: ${code}`, code), () =>
      expect(refresh()).rejects.toThrow(RefreshPostponed),
    );
    expect(image().status).toMatchObject({ tag: 'v1.9.0', result });
    expect(condition('Ready')).toEqual({ status: 'False', reason: result, message: `registry.test: ${code}` });
    expect(condition('Reconciling')).toMatchObject({ status: 'True', reason: 'Retrying' });
    expect(events.events).toEqual([`Warning ${result}: registry.test: ${code}`]);
    await clock.advance(1);
    await refresh();
    expect(image().status.result).toBe('Success');
    expect(condition('Ready').status).toBe('True');
  });

  it('waits for as long as the registry says', async () => {
    put();
    await failing(new RegistryError('slow down', 'throttled', 90_000), () =>
      expect(refresh()).rejects.toMatchObject({ name: 'RefreshPostponed', retryAfterMs: 90_000 }),
    );
    push('v1.9.0');
    const asked = registry.requests.length;
    await clock.advance(15_000);
    await expect(refresh()).resolves.toEqual(requeue(75_000));
    expect(registry.requests).toHaveLength(asked);
    images.put({ annotations: { ...image().annotations, action: 'refresh' } });
    await refresh();
    expect(image().status.result).toBe('Success');
  });

  it("says PullSecretsError for a pull secret that can't be used", async () => {
    put({ spec: { imagePullSecrets: ['pull'] } });
    await expect(refresh()).rejects.toThrow(RefreshPostponed);
    expect(image().status.result).toBe('PullSecretsError');
    expect(registry.requests).toEqual([]);
  });

  it.each([
    ['spec.image', { image: 'Not A Repository' }, 'GetImageError', 'InvalidImage'],
    ['a rule', { rules: [{ ...MINOR, type: 'regex', value: '(' }] }, 'GetRuleError', 'InvalidRule'],
  ] as const)('because of %s waits for a person, without asking the registry', async (_what, spec, result, reason) => {
    put({ spec });
    await refresh();
    expect(image().status.result).toBe(result);
    expect(condition('Stalled')).toMatchObject({ status: 'True', reason });
    expect(registry.requests).toEqual([]);
  });

  it('asked for by annotation is still owed when it is tried again', async () => {
    push('v1.9.0');
    put();
    await refresh();
    await clock.advance(1);
    images.put({ annotations: { ...image().annotations, action: 'refresh' } });
    await failing(new RegistryError('down', 'unreachable'), () => expect(refresh()).rejects.toThrow(RefreshPostponed));
    push('v1.9.0', 'v1.10.2');
    await clock.advance(2_000);
    await refresh();
    expect(image().status.update).toMatchObject({ tag: 'v1.10.2' });
  });
});

describe('a write that fails', () => {
  beforeEach(async () => {
    push('v1.9.0');
    put();
    await refresh();
    await clock.advance(15_000);
  });

  // Refused too: an API server that has just started knows no roles yet.
  it.each(['conflict', 'retry', 'refused'] as const)(
    'with "%s" is for the queue to try again, and the tick stays due',
    async (consequence) => {
      images.failNext(new WriteError('no', consequence));
      await expect(refresh()).rejects.toThrow(WriteError);
      images.writes.length = 0;
      await refresh();
      expect(images.writes).toHaveLength(1);
    },
  );

  it('because the Image is gone is dropped', async () => {
    images.failNext(new WriteError('no', 'gone'));
    const error: unknown = await refresh().catch((caught: unknown) => caught);
    expect(resultOf(error)).toEqual(DONE);
  });
});

it('a refresh asked for now is not served with a list from before, however long its key waited', async () => {
  push('v1.9.0');
  put();
  put({ name: 'other' });
  const queuedAt = clock.now();
  await refresh();
  await clock.advance(5_000);
  await refreshImage.reconcile('default/other', { queuedAt });
  push('v1.9.0', 'v1.10.2');
  await clock.advance(1_000);
  images.put({ annotations: { ...image().annotations, action: 'refresh' } });
  await refreshImage.reconcile(KEY, { queuedAt });
  expect(image().status.update).toMatchObject({ tag: 'v1.10.2' });
});

it('a failure that nobody foresaw is an Error on the Image, without its text, and in the log', async () => {
  put();
  registry.listTags = () => Promise.reject(new TypeError('password=hunter2'));
  await expect(refresh()).rejects.toThrow(RefreshPostponed);
  expect(image().status.result).toBe('Error');
  expect(JSON.stringify([image().status, events.events])).not.toContain('hunter2');
});

it('an error that stands is still told when an update has ended', async () => {
  push('v1.9.0', 'v1.10.2');
  put();
  await refresh();
  put({ spec: { rules: [{ ...MINOR, type: 'regex', value: '(' }] } });
  await refresh();
  await rollout('Healthy');
  await refresh();
  expect(image().status).toMatchObject({ tag: 'v1.10.2', result: 'GetRuleError' });
  expect(condition('Stalled')).toMatchObject({ status: 'True', reason: 'InvalidRule' });
});

it('a baseTag that is being moved to already leaves the update as it is', async () => {
  push('v1.9.0', 'v1.10.2');
  put();
  await refresh();
  const { update } = image().status;
  await clock.advance(1_000);
  put({ spec: { baseTag: 'v1.10.2' } });
  await refresh();
  expect(image().status.update).toEqual(update);
  expect(image().status.baseTag).toBe('v1.10.2');
});

it('tells once of what the contract has and this version does not do', async () => {
  push('v1.9.0');
  put({
    spec: {
      triggers: [{ type: 'webhook' }, { type: 'crontab', value: 'every 15 s' }],
      rules: [{ ...MINOR, actions: [{ type: 'apply' }, { type: 'alert-discord' }] }],
    },
  });
  await refresh();
  await tick();
  expect(events.events).toEqual([
    expect.stringMatching(/^Warning NotBuiltYet: spec\.triggers\[0\]\.type: /),
    expect.stringMatching(/^Warning NotBuiltYet: spec\.rules\[0\]\.actions\[1\]\.type: /),
  ]);
});

it("names a trigger that can't be used in Stalled and in one event, and refreshes all the same", async () => {
  push('v1.9.0');
  put({
    spec: {
      triggers: [
        { type: 'crontab', value: 'now and then' },
        { type: 'crontab', value: 'every 15 s' },
      ],
    },
  });
  await refresh();
  await tick();
  expect(image().status.result).toBe('Success');
  expect(condition('Stalled')).toMatchObject({
    status: 'True',
    reason: 'InvalidTrigger',
    message: expect.stringContaining('spec.triggers[0].value'),
  });
  expect(events.events).toEqual([expect.stringMatching(/^Warning InvalidTrigger: spec\.triggers\[0\]\.value: /)]);
});

it('asks the registry once for Images of the same repository that people ask for at the same time', async () => {
  push('v1.9.0');
  for (let i = 0; i < 10; i += 1) {
    put({ name: `image-${i}` });
    await refreshImage.reconcile(`default/image-${i}`, { queuedAt: clock.now() });
  }
  await clock.advance(1_000);
  registry.requests.length = 0;
  for (let i = 0; i < 10; i += 1) images.put({ name: `image-${i}`, annotations: { action: 'refresh' } });
  for (let i = 0; i < 10; i += 1) {
    await clock.advance(10);
    await refreshImage.reconcile(`default/image-${i}`, { queuedAt: clock.now() });
  }
  expect(registry.requests.filter(({ method }) => method === 'listTags')).toHaveLength(1);
});

it('asks the registry once for Images of the same repository that are due at the same time', async () => {
  push('v1.9.0');
  for (let i = 0; i < 10; i += 1) put({ name: `image-${i}` });
  const queuedAt = clock.now();
  for (let i = 0; i < 10; i += 1) await refreshImage.reconcile(`default/image-${i}`, { queuedAt });
  expect(registry.requests.filter(({ method }) => method === 'listTags')).toHaveLength(1);
  expect(
    images.writes.filter(({ writer }) => writer === 'controller').map(({ body }) => (body as ControllerStatus).result),
  ).toEqual(Array(10).fill('Success'));
});
