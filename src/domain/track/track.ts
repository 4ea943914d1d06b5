import { BASE_TAG_RULE, type Image, type ImageSpec, movesImage } from '../image/image.ts';
import type { BuiltSpec } from '../rule/build-rule.ts';
import type { Reach, Rule } from '../rule/rule.ts';
import { comparePrecedence, parseVersionTag, type VersionTag } from '../tag/version-tag.ts';
import { isSameKind } from './same-kind.ts';

/**
 * Where a container's tag is to the track of an Image and the tag to be put: `on` it, so that it gives way, or off it, and
 * why:
 * - `no-version`: it is a version, and the tag to be put is none
 * - `above`, `below`: it lies past the tag to be put, in the direction in which the rules go
 * - `variant`: the tag to be put is of another variant
 * - `series`: the tag to be put is written otherwise
 * - `out-of-reach`: no rule that moves the Image goes from there to the tag to be put
 */
export type Place = 'on' | 'no-version' | 'above' | 'below' | 'variant' | 'series' | 'out-of-reach';

const LATEST = 'latest';

/** A tag and what it is as a version, if it is one. */
interface Tag {
  readonly tag: string;
  readonly version: VersionTag | undefined;
}

/** Rules and tag filters, built once for all Images that ask for the same. */
export interface RuleSource {
  /** `undefined` where they can't be built: the Image says so itself. */
  find(spec: ImageSpec): BuiltSpec | undefined;
}

/**
 * The track of an Image: the tags of its repository that its rules can reach. Admission, rollout and `kimup plan` ask it the
 * one question whether a container's tag gives way to the tag that is to be put.
 */
export class Track {
  readonly #image: Image;
  readonly #rules: RuleSource;

  constructor(image: Image, rules: RuleSource) {
    this.#image = image;
    this.#rules = rules;
  }

  /**
   * Whether a container's tag gives way to `target`.
   * - none, `latest` and `target` itself do; a word that is no version does to a version
   * - the base tag does, the Image's tag, and each from which a rule moved it since its baseTag was changed, also where it is
   *   above `target` after a rollback; where a changed baseTag moved it, its origin does unless it is beyond `target`, of
   *   another kind, or a version under a word
   * - each does from which a rule with `apply` or `request-approval` could reach `target`, or one of those, where the two are
   *   of one kind and nothing finds it beyond `target`
   * @param own the container's tag; `undefined` for none
   */
  place(own: string | undefined, target: string): Place {
    if (own === undefined || own === LATEST || own === target || this.#isOrigin(own, target)) return 'on';
    const from: Tag = { tag: own, version: parseVersionTag(own) };
    const to: Tag = { tag: target, version: parseVersionTag(target) };
    if (from.version === undefined && to.version !== undefined) return 'on';
    if (from.version !== undefined && to.version === undefined) return 'no-version';
    const built = this.#rules.find(this.#image.spec);
    const past = pastTarget(built, from, to);
    if (past !== undefined) return past;
    const isSame = isSameKind(own, target);
    if (this.#movedByBaseTag(target) === own && (isSame || from.version === undefined)) return 'on';
    if (this.#isReached(built, from, to)) return 'on';
    if (isSame) return 'out-of-reach';
    return from.version?.variant === to.version?.variant ? 'series' : 'variant';
  }

  /** Whether a rule that moves the Image comes from the one tag to the other, or to one from which it was moved on. */
  #isReached(built: BuiltSpec | undefined, from: Tag, to: Tag): boolean {
    const reached = [to.tag, ...this.#origins(to.tag)].filter((tag) => isSameKind(from.tag, tag));
    return movingRules(built).some((rule) => !isPast(rule, from, to) && reached.some((tag) => reach(built, rule, from.tag, tag) === 'within'));
  }

  /** Whether the tag is one of {@link #origins}. */
  #isOrigin(tag: string, target: string): boolean {
    for (const origin of this.#origins(target)) if (origin === tag) return true;
    return false;
  }

  /** The tags that give way whatever they are: the base tag, the Image's, and those from which rules moved it. */
  * #origins(target: string): Iterable<string> {
    const { spec: { baseTag }, status: { tag, update, history = [] } } = this.#image;
    // A changed baseTag is no origin while the Image is on its way there: who has it already is not taken back.
    const isOnItsWay = update?.rule === BASE_TAG_RULE;
    if (!isOnItsWay || update.tag === target) yield baseTag;
    if (isOnItsWay && update.tag === target) return;
    if (tag !== undefined) yield tag;
    for (let at = history.length - 1; at >= 0; at--) {
      const { from, rule, outcome } = history[at]!;
      if (outcome !== 'Healthy') continue;
      if (rule === BASE_TAG_RULE) return;
      yield from;
    }
  }

  /** From where a changed baseTag moves the Image to `target` now, or moved it last. */
  #movedByBaseTag(target: string): string | undefined {
    const { tag, update, history = [] } = this.#image.status;
    if (update?.rule === BASE_TAG_RULE && update.tag === target) return tag;
    return history.findLast(({ rule, outcome }) => rule === BASE_TAG_RULE && outcome === 'Healthy')?.from;
  }
}

function movingRules(built: BuiltSpec | undefined): readonly Rule[] {
  return built?.rules.filter(({ actions }) => actions.some(movesImage)) ?? [];
}

/** Whether a rule that moves the Image finds the one tag past the other, or all find it so of the whole tags as versions. */
function pastTarget(built: BuiltSpec | undefined, from: Tag, to: Tag): 'above' | 'below' | undefined {
  const rules = movingRules(built);
  const rule = rules.find((one) => reach(built, one, from.tag, to.tag) === 'beyond');
  if (rule === undefined && !(rules.length === 0 ? isPast(undefined, from, to) : rules.every((one) => isPast(one, from, to)))) return undefined;
  return (rule ?? rules[0])?.descends === true ? 'below' : 'above';
}

/** As the rule sees the two: through `spec.tags.extract`, but for a digest rule. Include and exclude limit what it goes to, not from where. */
function reach(built: BuiltSpec | undefined, rule: Rule, own: string, target: string): Reach {
  const filter = rule.byDigest === true ? undefined : built?.filter;
  if (filter === undefined) return rule.reach(own, target);
  const origin = filter.textOf(own);
  const to = origin === undefined ? undefined : filter.textOf(target);
  return origin === undefined || to === undefined ? 'out' : rule.reach(origin, to);
}

/** Whether one whole tag is past the other as versions, in the direction of the rule, which is up without a word. */
function isPast(rule: Rule | undefined, { version: own }: Tag, { version: target }: Tag): boolean {
  if (own === undefined || target === undefined) return false;
  const order = comparePrecedence(own, target);
  return rule?.descends === true ? order < 0 : order > 0;
}
