import fc from 'fast-check';
import { type ControllerState, currentState, reduce } from '../../../src/domain/image/controller-state.ts';
import type { Image } from '../../../src/domain/image/image.ts';
import type { ImageStatus, Update } from '../../../src/domain/image/image-status.ts';
import { movesImage } from '../../../src/domain/action/action.ts';
import type { RuleSpec } from '../../../src/domain/rule/rule-spec.ts';
import type { TagsSpec } from '../../../src/domain/tag/tags-spec.ts';
import { type BuiltSpec, buildSpec } from '../../../src/domain/rule/rule-catalogue.ts';
import { imageOf } from '../builders/image.ts';
import { anyTag, realTags } from './arbitraries.ts';
import { answer } from './rules.ts';

export const REPOSITORY = 'registry.test/app';
const SINCE = '2026-01-01T00:00:00Z';

/** What happens to an Image, one after the other. */
export type Happening =
  /** Tags are pushed, the rules are asked, and what they take is rolled out well or not. */
  | { readonly kind: 'push'; readonly tags: readonly string[]; readonly fails?: boolean }
  /** The same tag is pushed anew, and a digest rule takes it. */
  | { readonly kind: 'digest' }
  /** A person changes spec.baseTag to one of the tags that there are. */
  | { readonly kind: 'base'; readonly at: number; readonly fails?: boolean };

export interface Moment {
  readonly image: Image;
  readonly happened: Happening['kind'] | undefined;
  /** The Image while the move was under way that brought it here, or brought it nowhere. */
  readonly during?: Image;
}

export interface Life {
  readonly rules: readonly RuleSpec[];
  readonly moments: readonly Moment[];
  /** All tags that were ever pushed. */
  readonly tags: readonly string[];
}

/** An Image that starts at its base tag and goes where its rules and its user take it, by the controller's own steps. */
export function live(
  rules: readonly RuleSpec[],
  tagsSpec: TagsSpec | undefined,
  base: string,
  happenings: readonly Happening[],
): Life {
  const life = new LivedLife(rules, tagsSpec, base);
  for (const happening of happenings) life.happens(happening);
  const { moments, tags } = life;
  return { rules, moments, tags };
}

class LivedLife {
  readonly tags: string[];
  readonly moments: Moment[];
  private readonly built: BuiltSpec;
  private image: Image;

  constructor(
    private readonly rules: readonly RuleSpec[],
    private readonly tagsSpec: TagsSpec | undefined,
    base: string,
  ) {
    this.tags = [base];
    this.built = buildSpec({ rules, ...(tagsSpec === undefined ? {} : { tags: tagsSpec }) });
    this.image = this.imageWith(base, { tag: base });
    this.moments = [{ image: this.image, happened: undefined }];
  }

  happens(happening: Happening): void {
    const { tag } = this.image.status;
    switch (happening.kind) {
      case 'push': {
        this.tags.push(...happening.tags);
        const decision = answer({ ...this.built, currentTag: tag!, tags: this.tags, noFacts: 'nobody is asked' });
        if (decision.kind === 'move')
          this.move('push', { tag: decision.tag, rule: decision.rule, since: SINCE }, happening.fails);
        return;
      }
      case 'digest':
        return this.move('digest', { tag: tag!, rule: 'digest', since: SINCE });
      case 'base':
        return this.changeBaseTag(this.tags[happening.at % this.tags.length]!, happening.fails);
    }
  }

  private changeBaseTag(baseTag: string, fails: boolean | undefined): void {
    const state = reduce(currentState(this.image, SINCE), { type: 'BaseTagChanged', baseTag, at: SINCE });
    this.image = this.imageWith(baseTag, lastingOf(state));
    if (state.tag === baseTag) this.moments.push({ image: this.image, happened: 'base' });
    else this.move('base', { tag: baseTag, rule: 'spec.baseTag', since: SINCE }, fails);
  }

  /** The rollout of an update begins, and ends well or not. */
  private move(happened: Happening['kind'], update: Update, fails = false): void {
    const { baseTag } = this.image.spec;
    const during = this.imageWith(baseTag, { ...this.image.status, update });
    const ended = this.imageWith(baseTag, {
      ...during.status,
      rollout: { ...update, phase: fails ? 'Failed' : 'Healthy', workloads: [] },
    });
    this.image = this.imageWith(baseTag, lastingOf(currentState(ended, SINCE)));
    this.moments.push({ image: this.image, happened, during });
  }

  private imageWith(baseTag: string, status: Partial<ImageStatus>): Image {
    const { rules, tagsSpec } = this;
    return imageOf({
      spec: { image: REPOSITORY, baseTag, rules, ...(tagsSpec === undefined ? {} : { tags: tagsSpec }) },
      status: { image: REPOSITORY, baseTag, conditions: [], ...status },
    });
  }
}

/** What an Image remembers from one move to the next. */
function lastingOf({ tag, history, origins }: ControllerState): Partial<ImageStatus> {
  return {
    tag,
    ...(history === undefined ? {} : { history }),
    ...(origins === undefined ? {} : { origins }),
  };
}

const rule: fc.Arbitrary<RuleSpec> = fc
  .tuple(
    fc.constantFrom<readonly [RuleSpec['type'], string?]>(
      ['semver-major'],
      ['semver-minor'],
      ['semver-patch'],
      ['semver-range', '>=1.2 <9 || ~11.3.0-rc.1'],
      ['semver-range', '*'],
      ['calver-major'],
      ['calver-minor'],
      ['calver-patch'],
      ['calver-prerelease'],
      ['regex', '^v?1'],
      ['regex', '[a-z]$'],
      ['regex', '.'],
      ['numerical'],
      ['numerical', 'asc'],
      ['alphabetical'],
      ['alphabetical', 'asc'],
      ['always'],
    ),
    fc.constantFrom<RuleSpec['actions'][number]['type']>('apply', 'apply', 'request-approval', 'alert-discord'),
  )
  .map(([[type, value], action]) => ({
    name: type,
    type,
    ...(value === undefined ? {} : { value }),
    actions: [{ type: action }],
  }));

export const anyRules = fc.array(rule, { minLength: 1, maxLength: 3 });

const filter: fc.Arbitrary<TagsSpec | undefined> = fc.constantFrom<TagsSpec | undefined>(
  undefined,
  undefined,
  undefined,
  { exclude: 'alpine' },
  { include: '^v?[12]' },
  { extract: '^v?(\\d+)' },
  { extract: '(\\d+)$' },
  { extract: '^(\\d+(?:\\.\\d+)*)' },
);

/** Tags as they are pushed: of all shapes, or those of a real repository. */
const pushed = fc.oneof(
  fc.tuple(anyTag, fc.array(fc.array(anyTag, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 14 })),
  realTags.chain((tags) =>
    fc.tuple(
      fc.constantFrom(...tags),
      fc.array(fc.shuffledSubarray([...tags], { minLength: 1, maxLength: Math.min(tags.length, 12) }), {
        minLength: 1,
        maxLength: 14,
      }),
    ),
  ),
);

/** Lives in which rules alone move the Image. */
export const lifeByRules = livesOf(anyRules, (pushes) =>
  fc.constant(pushes.map((tags): Happening => ({ kind: 'push', tags }))),
);

/** Lives in which everything happens that there is, but for changed rules. */
export const anyLife = livesOf(anyRules, (pushes) =>
  fc
    .tuple(
      ...pushes.map((tags) =>
        fc.oneof(
          { weight: 4, arbitrary: fc.boolean().map((fails): Happening[] => [{ kind: 'push', tags, fails }]) },
          {
            weight: 2,
            arbitrary: fc.tuple(fc.nat(50), fc.boolean()).map(([at, fails]): Happening[] => [
              { kind: 'push', tags },
              { kind: 'base', at, fails },
            ]),
          },
          { weight: 1, arbitrary: fc.constant<Happening[]>([{ kind: 'push', tags }, { kind: 'digest' }]) },
        ),
      ),
    )
    .map((all) => all.flat()),
);

/** Lives whose Images have these rules. */
export function livesOf(
  rules: fc.Arbitrary<readonly RuleSpec[]>,
  happenings: (pushes: readonly (readonly string[])[]) => fc.Arbitrary<readonly Happening[]>,
): fc.Arbitrary<Life> {
  return fc
    .tuple(rules, filter, pushed)
    .chain(([specs, tags, [base, pushes]]) => happenings(pushes).map((all) => live(specs, tags, base, all)));
}

/** Of a life's rules those that move. */
export function movingRules({ rules }: Life): readonly RuleSpec[] {
  return rules.filter(({ actions }) => actions.some(movesImage));
}
