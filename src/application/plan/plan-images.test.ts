import { describe, expect, it } from 'vitest';
import type { Image } from '../../domain/image/image.ts';
import type { ImageSpec } from '../../domain/image/image-spec.ts';
import type { ImageStatus } from '../../domain/image/image-status.ts';
import { buildRules } from '../../domain/rule/rule-catalogue.ts';
import { buildTagFilter } from '../../domain/tag/tag-filter.ts';
import { ActionCatalogue } from '../action/action-catalogue.ts';
import { RegistryError } from '../ports/tag-registry.ts';
import type { KnownTags } from '../decision/evaluate-image.ts';
import { type Plan, planImages, TagSource } from './plan-images.ts';

const IMAGE = 'registry.test/app';
const SINCE = '2026-11-22T12:00:00Z';
const TAGS = ['v1.9.0', 'v1.10.2', 'v1.11.0', 'v2.0.0', 'v2.1.0'];
const FILE: KnownTags['facts'] = { unknown: 'the tags come from a file' };

class Tags extends TagSource {
  constructor(readonly facts: KnownTags['facts']) {
    super();
  }

  override async of(): Promise<KnownTags> {
    return { tags: TAGS, facts: this.facts };
  }
}

function registry(digest: (tag: string) => string): KnownTags['facts'] {
  return { digest: async (tag) => digest(tag), platforms: async () => [] };
}

async function planOf(
  status: Partial<ImageStatus>,
  {
    spec: given = {},
    facts = FILE,
    annotations = {},
  }: { spec?: Partial<ImageSpec>; facts?: KnownTags['facts']; annotations?: Image['annotations'] } = {},
): Promise<Plan> {
  const spec: ImageSpec = {
    image: IMAGE,
    baseTag: 'v1.9.0',
    imagePullSecrets: [],
    insecureSkipTLSVerify: false,
    triggers: [{ type: 'webhook' }],
    rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
    ...given,
  };
  const image: Image = {
    namespace: 'team',
    name: 'demos',
    uid: 'u',
    generation: 1,
    resourceVersion: '1',
    annotations,
    deleting: false,
    spec,
    status: { conditions: [], ...status },
  };
  const [plan] = await planImages(
    [{ image, rules: buildRules(spec.rules), filter: buildTagFilter(spec.tags) }],
    new Tags(facts),
    { explain: false, now: Date.parse(SINCE), actions: new ActionCatalogue() },
  );
  return plan!;
}

const on = (tag: string): Partial<ImageStatus> => ({ tag, image: IMAGE, baseTag: 'v1.9.0' });
const update = { tag: 'v1.10.2', rule: 'minor', since: SINCE };
const ended = (phase: 'Healthy' | 'Failed') => ({
  ...on('v1.9.0'),
  update,
  rollout: { ...update, phase, message: 'it crashed', workloads: [] },
});

describe('where the plan starts from', () => {
  it.each<[string, Partial<ImageStatus>, string]>([
    ['status.tag', on('v1.10.2'), 'v1.10.2'],
    ['status.tag, where a manifest says no more than that', { tag: 'v1.10.2' }, 'v1.10.2'],
    ['spec.baseTag without a status', {}, 'v1.9.0'],
    [
      'spec.baseTag, where the status is of another repository',
      { ...on('v1.10.2'), image: 'registry.test/other' },
      'v1.9.0',
    ],
    ['the update that every workload is healthy on', ended('Healthy'), 'v1.10.2'],
    ['status.tag, where the update failed', ended('Failed'), 'v1.9.0'],
  ])('is %s', async (_, status, tag) => {
    expect((await planOf(status)).entry.currentTag).toBe(tag);
  });
});

describe('an update', () => {
  it('holds what comes after it while it goes on', async () => {
    const { entry, why } = await planOf({ ...on('v1.9.0'), update });
    expect(entry.move).toBeNull();
    expect(why).toContain('the update to v1.10.2 (minor) is in progress');
  });

  it('holds nothing once it is healthy: the plan goes on from its tag', async () => {
    expect((await planOf(ended('Healthy'))).entry.move).toEqual({ rule: 'minor', tag: 'v1.11.0', action: 'apply' });
  });

  it('holds nothing once it has failed: a newer tag is taken, that tag is not taken again', async () => {
    expect((await planOf(ended('Failed'))).entry.move).toEqual({ rule: 'minor', tag: 'v1.11.0', action: 'apply' });
    const newest = { ...update, tag: 'v1.11.0' };
    const { entry } = await planOf({
      ...on('v1.9.0'),
      update: newest,
      rollout: { ...newest, phase: 'Failed', message: 'it crashed', workloads: [] },
    });
    expect(entry).toMatchObject({
      move: null,
      rules: [{ tag: null, reason: expect.stringContaining('it crashed') as string }],
    });
  });

  it('of a status that does not say which repository it is for is not gone on with', async () => {
    expect((await planOf({ tag: 'v1.9.0', update })).entry.move).toEqual({
      rule: 'minor',
      tag: 'v1.11.0',
      action: 'apply',
    });
  });
});

describe('a changed spec.baseTag', () => {
  const spec = { baseTag: 'v2.0.0' };

  it('is a move to it, whatever the rules find', async () => {
    const { entry, why } = await planOf(on('v1.9.0'), { spec });
    expect(entry).toMatchObject({
      currentTag: 'v1.9.0',
      move: { rule: 'spec.baseTag', tag: 'v2.0.0', action: 'apply' },
    });
    expect(why).toBe('spec.baseTag is now v2.0.0');
  });

  it('takes the place of another update that is under way', async () => {
    expect((await planOf({ ...on('v1.9.0'), update }, { spec })).entry.move).toMatchObject({ tag: 'v2.0.0' });
  });

  it('is no move where the Image is on it already: the rules go on from there, also from an update under way', async () => {
    expect((await planOf({ ...on('v2.0.0'), update }, { spec })).entry).toMatchObject({
      currentTag: 'v2.0.0',
      move: { rule: 'minor', tag: 'v2.1.0' },
    });
  });

  it('is no second move where the update under way is to it, unless it was pushed anew since', async () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    const under = { ...on('v1.9.0'), update: { ...update, tag: 'v2.0.0', digest } };
    expect((await planOf(under, { spec })).entry.move).toBeNull();
    expect((await planOf(under, { spec, facts: registry(() => digest) })).entry.move).toBeNull();
    expect((await planOf(under, { spec, facts: registry(() => `sha256:${'2'.repeat(64)}`) })).entry.move).toMatchObject(
      { tag: 'v2.0.0' },
    );
  });

  it('to a tag that the registry does not have is told of', async () => {
    const facts = registry(() => {
      throw new RegistryError('registry.test has no app:v2.0.0', 'not-found');
    });
    expect((await planOf(on('v1.9.0'), { spec, facts })).entry).toMatchObject({
      move: null,
      error: 'registry.test has no app:v2.0.0',
    });
  });
});
