// What a refresh asks a registry about single tags, what it remembers of it, and what it tells.
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { FakeTagRegistry } from '../../../test/support/fakes/fake-tag-registry.ts';
import { FakeEventRecorder, FakeMetrics } from '../../../test/support/fakes/recorders.ts';
import { startRefreshing } from '../../../test/support/fakes/refreshing.ts';
import type { Image } from '../../domain/image/image.ts';
import type { ImageSpec } from '../../domain/image/image-spec.ts';
import type { RuleSpec } from '../../domain/rule/rule-spec.ts';
import { RefreshImage } from './refresh-image.ts';

const KEY = 'default/demos';
const REPOSITORY = 'registry.test/whoami';
const HOUR = 3_600_000;
const MINOR: RuleSpec = { name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] };
const AGAIN: RuleSpec = { name: 'again', type: 'digest', actions: [{ type: 'apply' }] };

let clock: FakeClock;
let images: FakeImageStore;
let registry: FakeTagRegistry;
let events: FakeEventRecorder;
let metrics: FakeMetrics;
let refreshImage: RefreshImage;

beforeEach(() => {
  clock = new FakeClock();
  images = new FakeImageStore();
  registry = new FakeTagRegistry();
  events = new FakeEventRecorder();
  start();
});

/** A controller that has just started. */
function start(): void {
  metrics = new FakeMetrics();
  refreshImage = startRefreshing({ images, registry, clock, events, metrics });
}

function put(spec: Partial<ImageSpec>): void {
  images.put({
    spec: {
      image: REPOSITORY,
      baseTag: 'v1.9.0',
      triggers: [{ type: 'crontab', value: 'every 15 s' }],
      rules: [MINOR],
      ...spec,
    },
  });
}

function image(): Image {
  return images.get({ namespace: 'default', name: 'demos' })!;
}

async function refresh(): Promise<void> {
  await clock.advance(15_000);
  await refreshImage.reconcile(KEY, { queuedAt: clock.now() });
}

async function settle(phase: 'Healthy' | 'Failed'): Promise<void> {
  const { tag, digest, since } = image().status.update!;
  await images.writeOperatorStatus(image(), {
    rollout: { tag, ...(digest === undefined ? {} : { digest }), since, phase, message: 'so it was', workloads: [] },
    conditions: [],
  });
  await refresh();
}

/** The digest of what was pushed as the `push`th. */
function digestOf(tag: string, push = 1): string {
  return `sha256:${Buffer.from(`${push}${tag}`).toString('hex').padStart(64, '0')}`;
}

function push(...tags: (string | [tag: string, push: number])[]): void {
  registry.put(
    REPOSITORY,
    Object.fromEntries(
      tags.map((one) => (typeof one === 'string' ? [one, digestOf(one)] : [one[0], digestOf(...one)])),
    ),
  );
}

function asked(): string[] {
  return registry.requests.splice(0).map(({ method, tag }) => (tag === undefined ? method : `${method} ${tag}`));
}

it('counts the wait for a registry as no time of the rules', async () => {
  class SlowRegistry extends FakeTagRegistry {
    override async digest(...request: Parameters<FakeTagRegistry['digest']>): Promise<string> {
      await clock.advance(2_000);
      return super.digest(...request);
    }

    override async platforms(...request: Parameters<FakeTagRegistry['platforms']>): Promise<readonly string[]> {
      await clock.advance(3_000);
      return super.platforms(...request);
    }
  }
  registry = new SlowRegistry();
  start();
  put({ tags: { platforms: ['linux/amd64'] } });
  push('v1.9.0', 'v1.10.0');
  await refresh();
  expect(asked()).toEqual(['listTags', 'digest v1.10.0', expect.stringMatching(/^platforms/)]);
  expect(image().status.update).toMatchObject({ tag: 'v1.10.0' });
  expect(metrics.seconds.get('rules_evaluated')).toBe(0);
});

describe('a rule of type digest', () => {
  it('records what the tag points at first, moves when that changes, and says from where to where', async () => {
    put({ rules: [AGAIN] });
    push('v1.9.0');
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.9.0', digest: digestOf('v1.9.0'), result: 'Success' });
    expect(image().status.update).toBeUndefined();
    await refresh();
    expect(image().status.update).toBeUndefined();

    push(['v1.9.0', 2]);
    await refresh();
    expect(image().status.update).toMatchObject({ tag: 'v1.9.0', digest: digestOf('v1.9.0', 2), rule: 'again' });
    await settle('Healthy');
    expect(image().status).toMatchObject({ tag: 'v1.9.0', digest: digestOf('v1.9.0', 2), result: 'Success' });
    expect(events.events).toEqual([
      expect.stringContaining(
        `Normal UpdateFound: v1.9.0@${digestOf('v1.9.0')} -> v1.9.0@${digestOf('v1.9.0', 2)} by rule "again": `,
      ),
      expect.stringContaining(
        `Normal Updated: v1.9.0@${digestOf('v1.9.0')} -> v1.9.0@${digestOf('v1.9.0', 2)} by rule "again"`,
      ),
    ]);
  });

  it('does not take again what failed, and takes what is pushed after that', async () => {
    put({ rules: [AGAIN] });
    push('v1.9.0');
    await refresh();
    push(['v1.9.0', 2]);
    await refresh();
    await settle('Failed');
    expect(image().status).toMatchObject({ digest: digestOf('v1.9.0'), result: 'ActionError' });
    expect(image().status.update).toBeUndefined();
    await refresh();
    expect(image().status.update).toBeUndefined();
    push(['v1.9.0', 3]);
    await refresh();
    expect(image().status.update).toMatchObject({ digest: digestOf('v1.9.0', 3) });
  });
});

describe('spec.pinDigest', () => {
  it('records the digest of the tag that the Image is on, by one HEAD, once', async () => {
    put({ pinDigest: true });
    push('v1.9.0');
    await refresh();
    expect(image().status.digest).toBe(digestOf('v1.9.0'));
    expect(asked()).toEqual(['listTags', 'digest v1.9.0']);
    await refresh();
    expect(asked()).toEqual(['listTags']);
  });

  it('goes on where the current tag is gone from the registry', async () => {
    put({ pinDigest: true });
    push('v1.8.0');
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.9.0', result: 'Success' });
    expect(image().status.digest).toBeUndefined();
  });
});

describe('spec.tags.platforms', () => {
  it('are asked of the best tag first, and of no more than it takes', async () => {
    put({ tags: { platforms: ['linux/amd64', 'linux/arm64'] } });
    push('v1.9.0', 'v1.10.0', 'v1.11.0', 'v1.12.0');
    registry.putPlatforms(digestOf('v1.11.0'), ['linux/amd64', 'linux/arm64']);
    await refresh();
    expect(image().status.update).toMatchObject({ tag: 'v1.11.0' });
    expect(asked()).toEqual([
      'listTags',
      'digest v1.12.0',
      `platforms ${digestOf('v1.12.0')}`,
      'digest v1.11.0',
      `platforms ${digestOf('v1.11.0')}`,
    ]);
    expect(image().status.candidates).toEqual([{ tag: 'v1.12.0', rule: 'minor', reason: 'lacks linux/arm64' }]);
  });

  it('are not asked where nothing would be taken', async () => {
    put({ tags: { platforms: ['linux/amd64'] } });
    push('v1.9.0', 'v2.0.0');
    await refresh();
    expect(asked()).toEqual(['listTags']);
  });
});

describe('a tag that is listed and not there', () => {
  it('is asked about like others, at most 100 a rule', async () => {
    put({});
    const tags = Array.from({ length: 120 }, (_, at) => `v1.${10 + at}.0`);
    push('v1.9.0', ...tags);
    for (const tag of tags) registry.lose(REPOSITORY, tag);
    await refresh();
    expect(image().status).toMatchObject({ tag: 'v1.9.0', result: 'Success' });
    expect(image().status.conditions.find(({ type }) => type === 'Ready')!.message).toContain(
      '; 100 newer candidates did not meet the requirements; older ones were not checked',
    );
    expect(asked()).toHaveLength(1 + 100);
  });

  it('gives no digest to move to, also once 300 were asked about', async () => {
    put({
      rules: ['a', 'b', 'c', 'd'].map((variant) => ({
        name: variant,
        type: 'regex',
        value: `^${variant}-`,
        actions: [{ type: 'apply' }],
      })),
      baseTag: 'z',
    });
    const tags = ['a', 'b', 'c', 'd'].flatMap((variant) => Array.from({ length: 101 }, (_, at) => `${variant}-${at}`));
    push('z', ...tags);
    for (const tag of tags) registry.lose(REPOSITORY, tag);
    await refresh();
    expect(image().status).toMatchObject({ tag: 'z', result: 'Success' });
    expect(image().status.update).toBeUndefined();
    expect(asked()).toHaveLength(1 + 300);
  });
});

describe('spec.tags.minimumAge', () => {
  it('counts from when kimup first saw the digest, also over a restart', async () => {
    put({ tags: { minimumAge: '2h' } });
    push('v1.9.0', 'v1.10.0');
    await refresh();
    const seen = new Date(clock.now()).toISOString();
    expect(image().status.firstSeen).toEqual([{ tag: 'v1.10.0', digest: digestOf('v1.10.0'), time: seen }]);
    expect(image().status.candidates).toEqual([
      { tag: 'v1.10.0', rule: 'minor', reason: expect.stringContaining('younger than spec.tags.minimumAge, until') },
    ]);
    await clock.advance(HOUR);
    start();
    await refresh();
    expect(image().status.update).toBeUndefined();
    expect(image().status.firstSeen).toEqual([{ tag: 'v1.10.0', digest: digestOf('v1.10.0'), time: seen }]);
    await clock.advance(HOUR);
    await refresh();
    expect(image().status.update).toMatchObject({ tag: 'v1.10.0' });
  });

  it('begins anew for a tag that is pushed anew', async () => {
    put({ tags: { minimumAge: '2h' } });
    push('v1.9.0', 'v1.10.0');
    await refresh();
    await clock.advance(HOUR);
    push('v1.9.0', ['v1.10.0', 2]);
    await refresh();
    await clock.advance(HOUR + 30_000);
    await refresh();
    expect(image().status.update).toBeUndefined();
    expect(image().status.firstSeen).toHaveLength(1);
  });
});

describe('status.candidates', () => {
  it('tells of at most ten, of each reason first the newest, and is written with the rest', async () => {
    put({});
    push(
      'v1.9.0',
      'v1.8.0',
      'latest',
      ...Array.from({ length: 20 }, (_, at) => `v${2 + at}.0.0`),
      'v1.10.0-rc1',
      'v1.10.0-alpine',
    );
    await refresh();
    const { candidates } = image().status;
    expect(candidates).toHaveLength(10);
    expect(candidates![0]).toEqual({ tag: 'v21.0.0', rule: 'minor', reason: 'is from a different major' });
    expect(candidates!.map(({ tag }) => tag)).toEqual(expect.arrayContaining(['v1.10.0-rc1', 'v1.10.0-alpine']));
    expect(candidates!.map(({ tag }) => tag)).not.toEqual(expect.arrayContaining(['v1.8.0']));
    const { time: _, ...first } = image().status;
    images.writes.length = 0;
    await refresh();
    expect(images.writes.map(({ writer }) => writer)).toEqual(['controller']);
    const { time: __, ...second } = image().status;
    expect(second).toEqual(first);
  });

  it('goes when there is nothing to tell', async () => {
    put({});
    push('v1.9.0', 'v2.0.0');
    await refresh();
    expect(image().status.candidates).toHaveLength(1);
    push('v1.9.0');
    await refresh();
    expect(image().status.candidates).toBeUndefined();
  });
});

it('a wrong pattern is a Stalled condition that names rule and position', async () => {
  put({ rules: [MINOR, { name: 'mine', type: 'regex', value: 'v(1', actions: [{ type: 'apply' }] }] });
  await refresh();
  const stalled = image().status.conditions.find(({ type }) => type === 'Stalled')!;
  expect(stalled).toMatchObject({
    status: 'True',
    reason: 'InvalidRule',
    message: expect.stringContaining('spec.rules[1] ("mine")'),
  });
  expect(asked()).toEqual([]);
});
