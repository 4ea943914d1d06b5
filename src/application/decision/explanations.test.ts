import { beforeEach, expect, it } from 'vitest';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import type { DecisionInput } from '../../domain/decision/decision-input.ts';
import type { Image } from '../../domain/image/image.ts';
import { EVERY_TAG, type TagFilter } from '../../domain/tag/tag-filter.ts';
import { RuleCache } from '../images/rule-cache.ts';
import { decideWithFacts } from './decide-with-facts.ts';
import { type Explanation, Explanations } from './explanations.ts';

const RULES = [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }] as const;
let explanations: Explanations;
let looks: number;
beforeEach(() => {
  explanations = new Explanations();
  looks = 0;
});

/** Counts how often each tag is looked at again to explain it. */
const filter: TagFilter = {
  ...EVERY_TAG,
  hides: (tag) => {
    looks += 1;
    return EVERY_TAG.hides(tag);
  },
};

async function explained(image: Image, tags: readonly string[]): Promise<Explanation> {
  const input: DecisionInput = {
    rules: new RuleCache().of({ rules: RULES }).rules,
    filter,
    currentTag: 'v1.9.0',
    tags,
    noFacts: 'not asked',
  };
  return explanations.of(image, await decideWithFacts(input, undefined));
}

/** The Image with what was said in its status. */
function told({ candidates, message }: Explanation, store = new FakeImageStore()): Image {
  return store.put({
    uid: 'a',
    status: {
      candidates,
      conditions: [{ type: 'Ready', status: 'True', reason: 'UpToDate', message, lastTransitionTime: '' }],
    },
  });
}

const bare = () => new FakeImageStore().put({ uid: 'a' });

it('the same again is taken from the status, without a look at the tags', async () => {
  const first = await explained(bare(), ['v1.9.0', 'v2.0.0']);
  expect(first).toEqual({
    message: expect.stringContaining('on v1.9.0; minor: no tag with') as string,
    candidates: [{ tag: 'v2.0.0', rule: 'minor', reason: 'is from a different major' }],
  });
  looks = 0;
  expect(await explained(told(first), ['v1.9.0', 'v2.0.0'])).toEqual(first);
  expect(looks).toBe(0);
});

it.each<[string, (first: Explanation) => Image, readonly string[]]>([
  ['other tags', told, ['v1.9.0', 'v3.0.0']],
  ['another Image of that name', (first) => ({ ...told(first), uid: 'b' }), ['v1.9.0', 'v2.0.0']],
  ['another spec', (first) => ({ ...told(first), generation: 9 }), ['v1.9.0', 'v2.0.0']],
  ['a status that was not written', () => bare(), ['v1.9.0', 'v2.0.0']],
  ['a status that somebody changed', (first) => told({ ...first, candidates: [] }), ['v1.9.0', 'v2.0.0']],
])('%s are explained anew', async (_, image, tags) => {
  const first = await explained(bare(), ['v1.9.0', 'v2.0.0']);
  looks = 0;
  const second = await explained(image(first), tags);
  expect(looks).toBeGreaterThan(0);
  expect(second.candidates.map(({ tag }) => tag)).toEqual(tags.slice(1));
});

it('rules are built once for all Images that ask for the same', () => {
  const built = new RuleCache();
  expect(built.of({ rules: RULES })).toBe(built.of({ rules: [{ ...RULES[0] }] }));
  expect(built.of({ rules: RULES })).not.toBe(built.of({ rules: RULES, tags: { include: 'v' } }));
  const first = built.of({ rules: RULES });
  for (let i = 0; i < 1_024; i += 1) built.of({ rules: [{ ...RULES[0], name: `${i}` }] });
  expect(built.of({ rules: RULES })).not.toBe(first);
});
