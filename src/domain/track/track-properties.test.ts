import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyTag, realTags } from '../../../test/domain/arbitraries.ts';
import { answer, tracked } from '../../../test/domain/rules.ts';
import { FakeImageStore } from '../../../test/fakes/fake-image-store.ts';
import { putTags } from '../admission/put-tags.ts';
import { HISTORY_LENGTH, type HistoryEntry, type Image, type RuleSpec, type TagsSpec, type Update } from '../image/image.ts';
import { buildSpec } from '../rule/build-rule.ts';
import { parseVersionTag } from '../tag/version-tag.ts';
import { isSameKind } from './same-kind.ts';

const REPOSITORY = 'registry.test/app';
const SINCE = '2026-01-01T00:00:00Z';
const RUNS = { numRuns: 2_000 };

const rule: fc.Arbitrary<RuleSpec> = fc.tuple(
  fc.constantFrom<readonly [RuleSpec['type'], string?]>(
    ['semver-major'], ['semver-minor'], ['semver-patch'], ['semver-range', '>=1.2 <9 || ~11.3.0-rc.1'], ['semver-range', '*'],
    ['calver-major'], ['calver-minor'], ['calver-patch'], ['calver-prerelease'], ['regex', '^v?1'], ['regex', '[a-z]$'], ['regex', '.'],
    ['numerical'], ['numerical', 'asc'], ['alphabetical'], ['alphabetical', 'asc'], ['always'],
  ),
  fc.constantFrom<RuleSpec['actions'][number]['type']>('apply', 'apply', 'request-approval', 'alert-discord'),
).map(([[type, value], action]) => ({ name: type, type, ...(value === undefined ? {} : { value }), actions: [{ type: action }] }));
const rules = fc.array(rule, { minLength: 1, maxLength: 3 });

const filter: fc.Arbitrary<TagsSpec | undefined> = fc.constantFrom<TagsSpec | undefined>(
  undefined, undefined, undefined, { exclude: 'alpine' }, { include: '^v?[12]' }, { extract: '^v?(\\d+)' }, { extract: '(\\d+)$' }, { extract: '^(\\d+(?:\\.\\d+)*)' },
);

/** Tags in the order in which they are pushed, cut into so many pushes. */
const pushes = fc.oneof(
  fc.array(fc.array(anyTag, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 14 }),
  realTags.chain((tags) => fc.array(fc.shuffledSubarray([...tags], { minLength: 1, maxLength: Math.min(tags.length, 12) }), { minLength: 1, maxLength: 14 })),
);

interface Life {
  readonly base: string;
  readonly image: Image;
  /** Where it was, and where it went, each time that it moved; with the Image as it was while the move was under way. */
  readonly moves: readonly { readonly from: string; readonly to: string; readonly during: Image }[];
  /** All tags that were ever pushed. */
  readonly tags: readonly string[];
}

/** An Image that starts at its base tag and goes where its rules take it, push by push. */
function live(specs: readonly RuleSpec[], tagsSpec: TagsSpec | undefined, given: readonly (readonly string[])[]): Life {
  const base = given[0]![0]!;
  const spec = { image: REPOSITORY, baseTag: base, rules: specs, ...(tagsSpec === undefined ? {} : { tags: tagsSpec }) };
  const built = buildSpec(spec);
  const tags: string[] = [];
  const moves: { from: string; to: string; during: Image }[] = [];
  const history: HistoryEntry[] = [];
  let tag = base;
  const imageNow = (update?: Update): Image => new FakeImageStore().put({
    spec, status: { image: REPOSITORY, baseTag: base, tag, ...(update === undefined ? {} : { update }), history: history.slice(-HISTORY_LENGTH), conditions: [] },
  });
  for (const push of given) {
    tags.push(...push);
    const decision = answer({ ...built, currentTag: tag, tags, noFacts: 'nobody is asked' });
    if (decision.kind !== 'move') continue;
    moves.push({ from: tag, to: decision.tag, during: imageNow({ tag: decision.tag, rule: decision.rule, since: SINCE }) });
    history.push({ from: tag, to: decision.tag, rule: decision.rule, began: SINCE, ended: SINCE, outcome: 'Healthy' });
    tag = decision.tag;
  }
  return { base, image: imageNow(), moves, tags };
}

const life = fc.tuple(rules, filter, pushes).map((given) => live(...given));

/** What a container on `tag` runs whose template names `to` for the Image. */
function runs(image: Image, tag: string, to: string): string | undefined {
  const pod = { metadata: { annotations: { 'kimup.cloudavenue.io/images': `${image.name}=${to}` } }, spec: { containers: [{ name: 'main', image: `${REPOSITORY}:${tag}` }] } };
  const { puts } = putTags(pod, () => [tracked(image)]);
  return (puts[0]?.image ?? `${REPOSITORY}:${tag}`).slice(REPOSITORY.length + 1);
}

describe('a container follows its Image', () => {
  it('from each tag that a rule moves it from, while it moves and after', () => {
    fc.assert(fc.property(life, ({ image, moves }) => {
      for (const { from, to, during } of moves) expect(runs(during, from, to)).toBe(to);
      for (const { from } of moves.slice(-HISTORY_LENGTH)) expect(runs(image, from, image.status.tag!)).toBe(image.status.tag);
    }), RUNS);
  });

  it('from its base tag, after any number of moves', () => {
    fc.assert(fc.property(life, ({ base, image }) => {
      expect(runs(image, base, image.status.tag!)).toBe(image.status.tag);
    }), RUNS);
  });
});

describe('a container that gives way', () => {
  /** Of each tag that gives way though the Image was never on it. */
  function eachMoved({ image, base, tags }: Life, check: (own: string, target: string, origins: readonly string[], built: ReturnType<typeof buildSpec>) => void): void {
    const target = image.status.tag!;
    const origins = [base, target, ...image.status.history!.map(({ from }) => from)];
    const { track } = tracked(image);
    for (const own of tags) {
      if (own === 'latest' || origins.includes(own) || track.place(own, target) !== 'on') continue;
      if (parseVersionTag(own) === undefined && parseVersionTag(target) !== undefined) continue;
      check(own, target, origins, buildSpec(image.spec));
    }
  }

  it('is never one that a rule would move from the target to where it is', () => {
    fc.assert(fc.property(life, (given) => {
      eachMoved(given, (own, target, _, { rules: all, filter: { textOf } }) => {
        const [origin, to] = [textOf(own), textOf(target)];
        if (origin === undefined || to === undefined) return;
        const moving = all.filter(({ actions }) => actions.some(({ type }) => type === 'apply' || type === 'request-approval'));
        expect(moving.filter((one) => [...one.from(to).candidates([origin])].length > 0).map(({ name }) => `${name}: ${target} -> ${own}`)).toEqual([]);
      });
    }), RUNS);
  });

  it('is of one kind with the target, or with a tag from which a rule moved the Image', () => {
    fc.assert(fc.property(life, (given) => {
      eachMoved(given, (own, target, origins) => expect([target, ...origins].some((tag) => isSameKind(own, tag))).toBe(true));
    }), RUNS);
  });

  it('is of a major that the Image was on, where no rule crosses one', () => {
    const kept = fc.tuple(rules.map((all) => all.filter(({ type }) => type === 'semver-minor' || type === 'semver-patch')), pushes).map(([all, given]) => live(all, undefined, given));
    fc.assert(fc.property(kept, (given) => {
      eachMoved(given, (own, target, origins) => {
        const majors = [target, ...origins].map((tag) => parseVersionTag(tag)?.numbers[0]);
        expect(majors).toContain(parseVersionTag(own)!.numbers[0]);
      });
    }), RUNS);
  });

  it('gives way only to where it stays: answering twice changes nothing', () => {
    fc.assert(fc.property(life, anyTag, ({ image }, own) => {
      const once = runs(image, own, image.status.tag!)!;
      expect(runs(image, once, image.status.tag!)).toBe(once);
    }), RUNS);
  });
});
