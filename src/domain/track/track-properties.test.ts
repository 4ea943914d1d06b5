import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyTag } from '../../../test/support/domain/arbitraries.ts';
import {
  anyLife,
  anyRules,
  type Life,
  lifeByRules,
  livesOf,
  movingRules,
  REPOSITORY,
} from '../../../test/support/domain/life.ts';
import { tracked } from '../../../test/support/domain/rules.ts';
import { mutatePod } from '../admission/mutate-pod.ts';
import type { Image } from '../image/image.ts';
import { buildSpec } from '../rule/rule-catalogue.ts';
import { parseVersionTag } from '../tag/version-tag.ts';
import { isSameKind } from './same-kind.ts';

const RUNS = { numRuns: 1_000 };

/** What a container on `tag` runs whose template names `to` for the Image. */
function runs(image: Image, tag: string, to: string): string {
  const pod = {
    metadata: { annotations: { 'kimup.cloudavenue.io/images': `${image.name}=${to}` } },
    spec: { containers: [{ name: 'main', image: `${REPOSITORY}:${tag}` }] },
  };
  const { patches } = mutatePod(pod, () => [tracked(image)]);
  return (patches[0]?.image ?? `${REPOSITORY}:${tag}`).slice(REPOSITORY.length + 1);
}

const last = ({ moments }: Life): Image => moments.at(-1)!.image;

describe('a container follows its Image', () => {
  it('from each tag that a rule moves it from, while it moves and ever after', () => {
    fc.assert(
      fc.property(lifeByRules, ({ moments }) => {
        const { image } = moments.at(-1)!;
        for (const { during } of moments) {
          if (during === undefined) continue;
          expect(runs(during, during.status.tag!, during.status.update!.tag)).toBe(during.status.update!.tag);
          expect(runs(image, during.status.tag!, image.status.tag!)).toBe(image.status.tag);
        }
      }),
      RUNS,
    );
  });

  it('from its base tag, after any number of moves', () => {
    fc.assert(
      fc.property(lifeByRules, (life) => {
        const { spec, status } = last(life);
        expect(runs(last(life), spec.baseTag, status.tag!)).toBe(status.tag);
      }),
      RUNS,
    );
  });

  it('and never goes back to its manifest without a reason in the tags, whatever the Image goes through', () => {
    fc.assert(
      fc.property(anyLife, ({ rules, moments, tags }) => {
        // Rules that go up beside rules that go down find each other's tags past the target.
        if (new Set(rules.map(({ value }) => value === 'asc')).size > 1) return;
        for (const [at, { image, happened }] of moments.entries()) {
          const before = moments[at - 1]?.image;
          if (before === undefined) continue;
          for (const own of new Set(tags)) {
            const place = tracked(image).track.place(own, image.status.tag!);
            if (place === 'on' || place === 'any' || tracked(before).track.place(own, before.status.tag!) !== 'on')
              continue;
            const target = image.status.tag!;
            const isPast = ['above', 'below', 'beyond', 'no-version', 'base-tag'].includes(place);
            // Where a person sets the Image may be of another kind, or where no rule goes from a tag that it never was on.
            const wasThere = image.status.origins?.some(({ tag }) => tag === own) === true;
            const isElsewhere = happened === 'base' && (!isSameKind(own, target) || !wasThere);
            expect([
              isPast || isElsewhere,
              `${own} fell off at ${target}, after ${before.status.tag} by ${happened}: ${place}`,
            ]).toEqual([true, expect.anything()]);
          }
        }
      }),
      RUNS,
    );
  });
});

describe('a container that gives way', () => {
  /** Of each tag that gives way though the Image was never on it. */
  function eachMoved(life: Life, check: (own: string, target: string, origins: readonly string[]) => void): void {
    const image = last(life);
    const target = image.status.tag!;
    const origins = [image.spec.baseTag, target, ...(image.status.origins ?? []).map(({ tag }) => tag)];
    const { track } = tracked(image);
    for (const own of life.tags)
      if (!origins.includes(own) && track.place(own, target) === 'on') check(own, target, origins);
  }

  it('is never one that a rule would move from the target to where it is', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        const {
          rules,
          filter: { textOf },
        } = buildSpec({ ...last(life).spec, rules: movingRules(life) });
        eachMoved(life, (own, target) => {
          const [origin, to] = [textOf(own), textOf(target)];
          if (origin === undefined || to === undefined) return;
          expect(
            rules
              .filter((one) => [...one.from(to).candidates([origin])].length > 0)
              .map(({ name }) => `${name}: ${target} -> ${own}`),
          ).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  it('is of one kind with the target, or with a tag that the Image was on', () => {
    fc.assert(
      fc.property(anyLife, (life) => {
        eachMoved(life, (own, target, origins) =>
          expect([target, ...origins].some((tag) => isSameKind(own, tag))).toBe(true),
        );
      }),
      RUNS,
    );
  });

  it('is of a major that the Image was on, where no rule crosses one', () => {
    const kept = livesOf(
      anyRules.map((all) => all.filter(({ type }) => type === 'semver-minor' || type === 'semver-patch')),
      (pushes) => fc.constant(pushes.map((tags) => ({ kind: 'push' as const, tags }))),
    );
    fc.assert(
      fc.property(kept, (life) => {
        if (last(life).spec.tags !== undefined) return;
        eachMoved(life, (own, target, origins) => {
          const majors = [target, ...origins].map((tag) => parseVersionTag(tag)?.numbers[0]);
          expect(majors).toContain(parseVersionTag(own)!.numbers[0]);
        });
      }),
      RUNS,
    );
  });

  it('gives way only to where it stays: answering twice changes nothing', () => {
    fc.assert(
      fc.property(anyLife, anyTag, (life, own) => {
        const image = last(life);
        const once = runs(image, own, image.status.tag!);
        expect(runs(image, once, image.status.tag!)).toBe(once);
      }),
      RUNS,
    );
  });
});

it('a track that was asked before answers as one that is asked first', () => {
  const picks = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(anyLife, fc.array(anyTag, { minLength: 1, maxLength: 4 }), picks, (life, more, asked) => {
      const image = last(life);
      const tags = ['latest', ...life.tags.slice(0, 4), ...more];
      const { track } = tracked(image);
      for (const [from, to] of asked) {
        const [own, target] = [tags[from % tags.length]!, tags[to % tags.length]!];
        expect(track.place(own, target)).toBe(tracked(image).track.place(own, target));
      }
    }),
    { numRuns: 200 },
  );
});
