// kimup plan and the controller have one function that says what follows (evaluate-image.ts); here, that both show it whole.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { FakeTagRegistry } from '../../../test/support/fakes/fake-tag-registry.ts';
import { startRefreshing } from '../../../test/support/fakes/refreshing.ts';
import { checksumOf } from '../../domain/image/checksum.ts';
import type { Image } from '../../domain/image/image.ts';
import type { ImageStatus, Rollout, Update } from '../../domain/image/image-status.ts';
import type { RuleSpec } from '../../domain/rule/rule-spec.ts';
import { buildRules } from '../../domain/rule/rule-catalogue.ts';
import { buildTagFilter } from '../../domain/tag/tag-filter.ts';
import { ActionCatalogue } from '../action/action-catalogue.ts';
import { RefreshPostponed } from '../refresh/refresh-image.ts';
import { type PlanEntry, planImages } from './plan-images.ts';
import { RegistryTagSource } from './tag-sources.ts';

const IMAGE = 'registry.test/app';
const TAGS = ['v1.9.0', 'v1.10.2', 'v1.11.0', 'v2.0.0'] as const;
const SINCE = '2026-11-22T12:00:00Z';

const old = (digit: string) => `sha256:${digit.repeat(64)}`;
const now = (tag: string) => old(String(TAGS.indexOf(tag as (typeof TAGS)[number])));

const tag = fc.constantFrom(...TAGS);
/** What the tag points at now, or did, or nothing that anybody wrote down. */
const digestOf = (of: string) => fc.constantFrom(undefined, now(of), old('f'));
const update: fc.Arbitrary<Update> = tag.chain((to) =>
  digestOf(to).map((digest) => ({ tag: to, rule: 'minor', since: SINCE, ...(digest === undefined ? {} : { digest }) })),
);
const rollout = (of: Update, phase: Rollout['phase']): Rollout => ({
  tag: of.tag,
  ...(of.digest === undefined ? {} : { digest: of.digest }),
  since: of.since,
  phase,
  message: 'it crashed',
  workloads: [],
});
const phase = fc.constantFrom('Healthy' as const, 'Failed' as const, 'Progressing' as const);
const status: fc.Arbitrary<Partial<ImageStatus>> = fc
  .record({
    tag: fc.option(tag, { nil: undefined }),
    digest: fc.option(tag.chain(digestOf), { nil: undefined }),
    image: fc.constantFrom(IMAGE, IMAGE, IMAGE, 'registry.test/other', undefined),
    baseTag: fc.option(tag, { nil: undefined }),
    // Of the update, of another one, or none.
    under: fc.oneof(
      fc.tuple(update, phase).map(([of, ended]) => ({ update: of, rollout: rollout(of, ended) })),
      fc.tuple(update, update, phase).map(([of, other, ended]) => ({ update: of, rollout: rollout(other, ended) })),
      fc.tuple(update, phase).map(([of, ended]) => ({ rollout: rollout(of, ended) })),
      fc.record({ update }),
      fc.constant({}),
    ),
  })
  .map(({ under, ...rest }) => ({
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    ...under,
  }));
const rules: fc.Arbitrary<readonly RuleSpec[]> = fc
  .constantFrom<readonly RuleSpec['type'][]>(
    ['semver-minor'],
    ['semver-major'],
    ['digest'],
    ['semver-minor', 'digest'],
    ['always'],
  )
  .map((types) => types.map((type) => ({ name: type, type, actions: [{ type: 'apply' }] })));

interface Case {
  readonly image: Image;
  readonly images: FakeImageStore;
}

function given(baseTag: string, its: readonly RuleSpec[], was: Partial<ImageStatus>, mirror: string | undefined): Case {
  const images = new FakeImageStore();
  const annotations: Record<string, string> =
    mirror === undefined ? {} : { tag: mirror, checksum: checksumOf({ image: IMAGE, baseTag }) };
  const image = images.put({ annotations, spec: { image: IMAGE, baseTag, rules: its }, status: was });
  return { image, images };
}

/** What the controller comes to; a changed spec.baseTag that moves nothing is a refresh of its own. */
async function controlled({ images, image }: Case, registry: FakeTagRegistry): Promise<ImageStatus> {
  const clock = new FakeClock();
  const refresh = startRefreshing({ images, registry, clock });
  for (let times = 0; times < 2; times += 1) {
    images.put({ annotations: { ...images.get(image)!.annotations, action: 'refresh' } });
    await refresh.reconcile('default/demos', { queuedAt: clock.now() }).catch((error: unknown) => {
      if (!(error instanceof RefreshPostponed)) throw error;
    });
  }
  return images.get(image)!.status;
}

async function planned({ image }: Case, registry: FakeTagRegistry): Promise<PlanEntry> {
  const [plan] = await planImages(
    [{ image, rules: buildRules(image.spec.rules), filter: buildTagFilter(undefined) }],
    new RegistryTagSource(registry, async () => []),
    { explain: false, now: 0, actions: new ActionCatalogue() },
  );
  return plan!.entry;
}

it('plans what the controller does, whatever the status says, and whatever the registry lists and does not have', async () => {
  await fc.assert(
    fc.asyncProperty(
      tag,
      rules,
      status,
      fc.option(tag, { nil: undefined }),
      fc.subarray([...TAGS]),
      async (baseTag, its, was, mirror, lost) => {
        const registry = new FakeTagRegistry();
        registry.put(IMAGE, Object.fromEntries(TAGS.map((each) => [each, now(each)])));
        for (const each of lost) registry.lose(IMAGE, each);
        const one = given(baseTag, its, was, mirror);
        const plan = await planned(one, registry);
        const after = await controlled(one, registry);
        expect(plan.error === undefined).toBe(after.result !== 'TagsError');
        for (const each of lost) expect(plan.move?.tag).not.toBe(each);
        expect(plan.currentTag).toBe(after.tag);
        const begun =
          after.update !== undefined && JSON.stringify(after.update) !== JSON.stringify(was.update)
            ? { rule: after.update.rule, tag: after.update.tag }
            : null;
        expect(plan.move === null ? null : { rule: plan.move.rule, tag: plan.move.tag }).toEqual(begun);
      },
    ),
    { numRuns: 600 },
  );
});
