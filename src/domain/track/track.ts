import { BASE_TAG_RULE } from '../image/image-status.ts';
import type { Image } from '../image/image.ts';
import type { ImageSpec } from '../image/image-spec.ts';
import { movesImage } from '../action/action.ts';
import type { BuiltSpec } from '../rule/rule-catalogue.ts';
import type { Reach, Rule } from '../rule/rule.ts';
import { comparePrecedence } from '../tag/compare-versions.ts';
import { parseVersionTag, type VersionTag } from '../tag/version-tag.ts';
import { isSameKind } from './same-kind.ts';

/**
 * Where a container's tag is to the track of an Image and the tag to be put. It gives way where it is `on` the track, or
 * says nothing of one (`any`): none, `latest`, a word under a version. Else it is off it, and why:
 * - `no-version`: it is a version, and the tag to be put is none
 * - `above`, `below`: it lies past the tag to be put, in the direction in which the rules go
 * - `beyond`: a rule finds it past the tag to be put, though as a version it is not
 * - `base-tag`: it is the new base tag, to which the Image is on its way, or has not come
 * - `variant`: the tag to be put is from a different variant
 * - `series`: the tag to be put is written otherwise
 * - `out-of-reach`: no rule that moves the Image goes from there to the tag to be put
 */
export type Place = 'on' | 'any' | OffTrack;

export type OffTrack = 'no-version' | 'above' | 'below' | 'beyond' | 'base-tag' | 'variant' | 'series' | 'out-of-reach';

const LATEST = 'latest';

/** Pods of one repository have few tags at a time: of more, what was answered is forgotten. */
const MOST_KEPT = 16;

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
  private readonly image: Image;
  private readonly rules: RuleSource;
  /**
   * What was answered last, by the container's tag: of an Image as it is, and of its rules, the answer stays the same. Not a
   * BoundedMap: every pod's admission reads it, and each read of a BoundedMap also writes.
   */
  private places: Map<string, { readonly target: string; readonly place: Place }> | undefined;

  constructor(image: Image, rules: RuleSource) {
    this.image = image;
    this.rules = rules;
  }

  /**
   * Whether a container's tag gives way to `target`.
   * - none, `latest` and `target` itself do; a word that is no version does to a version
   * - the base tag does, the Image's tag, and each from which a rule moved it since its baseTag was changed, also where it is
   *   above `target` after a rollback; of those before that, old base tags included, each does that is not beyond `target`, of
   *   another kind, or a version under a word
   * - each does from which a rule with `apply` or `request-approval` could reach `target`, or one of those, where the two are
   *   of one kind and nothing finds it beyond `target`
   * @param own the container's tag; `undefined` for none
   */
  place(own: string | undefined, target: string): Place {
    if (own === target) return 'on';
    if (own === undefined || own === LATEST) return 'any';
    this.places ??= new Map();
    const known = this.places.get(own);
    if (known?.target === target) return known.place;
    const place = this.find(own, target);
    if (this.places.size >= MOST_KEPT) this.places.clear();
    this.places.set(own, { target, place });
    return place;
  }

  private find(own: string, target: string): Place {
    if (own === this.image.spec.baseTag && this.isComing(target)) return 'base-tag';
    if (this.isOrigin(own, target)) return 'on';
    const from: Tag = { tag: own, version: parseVersionTag(own) };
    const to: Tag = { tag: target, version: parseVersionTag(target) };
    if (from.version === undefined && to.version !== undefined) return 'any';
    if (from.version !== undefined && to.version === undefined) return 'no-version';
    const built = this.rules.find(this.image.spec);
    const past = pastTarget(built, from, to);
    if (past !== undefined) return past;
    const isSame = isSameKind(own, target);
    if (this.former().includes(own) && this.isFollowed(from, target)) return 'on';
    if (this.isReached(built, from, to)) return 'on';
    if (isSame) return 'out-of-reach';
    return from.version?.variant === to.version?.variant ? 'series' : 'variant';
  }

  /** Whether a rule that moves the Image comes from the one tag to the other, or to one from which it was moved on. */
  private isReached(built: BuiltSpec | undefined, from: Tag, to: Tag): boolean {
    const rules = movingRules(built).filter((rule) => !isPast(rule, from, to));
    if (rules.length === 0) return false;
    const reached = new Set([
      to.tag,
      ...this.origins(to.tag),
      ...this.former().filter((tag) => this.givesWay(built, tag, to)),
    ]);
    return [...reached].some(
      (tag) => isSameKind(from.tag, tag) && rules.some((rule) => reach(built, rule, from.tag, tag) === 'within'),
    );
  }

  /** Whether a tag that the Image was on before its baseTag was changed gives way to `to`. */
  private givesWay(built: BuiltSpec | undefined, tag: string, to: Tag): boolean {
    const from: Tag = { tag, version: parseVersionTag(tag) };
    if (from.version !== undefined && to.version === undefined) return false;
    return this.isFollowed(from, to.tag) && pastTarget(built, from, to) === undefined;
  }

  /** Whether a tag is of one kind with `target`, or with one from which a rule moved the Image to it; a word is with any. */
  private isFollowed({ tag, version }: Tag, target: string): boolean {
    return version === undefined || [target, ...this.origins(target)].some((one) => isSameKind(tag, one));
  }

  /** Whether the Image is moving to its base tag, or failed to reach it, while `target` is another tag. Containers that already have the base tag then keep it. */
  private isComing(target: string): boolean {
    const {
      spec: { baseTag },
      status: { tag, update, history = [] },
    } = this.image;
    if (tag === baseTag || target === baseTag) return false;
    if (update?.tag === baseTag) return true;
    const last = history.findLast(({ rule }) => rule === BASE_TAG_RULE);
    return last?.to === baseTag && last.outcome === 'Failed';
  }

  /** Whether the tag is one of {@link origins}. */
  private isOrigin(tag: string, target: string): boolean {
    for (const origin of this.origins(target)) if (origin === tag) return true;
    return false;
  }

  /** The tags that give way whatever they are: the base tag, the Image's, and those from which rules moved it since. */
  private *origins(target: string): Iterable<string> {
    const {
      spec: { baseTag },
      status: { tag, update, origins = [] },
    } = this.image;
    yield baseTag;
    // What a changed baseTag moves is of before.
    if (tag !== undefined && !(update?.rule === BASE_TAG_RULE && update.tag === target)) yield tag;
    for (let at = origins.length - 1; at >= 0; at--) if (origins[at]!.baseTag === baseTag) yield origins[at]!.tag;
  }

  /** The tags that the Image was on before its baseTag was changed, and the one that a changed baseTag moves it from now. */
  private former(): readonly string[] {
    const {
      spec: { baseTag },
      status: { tag, update, origins = [] },
    } = this.image;
    const before = origins.filter((origin) => origin.baseTag !== baseTag).map((origin) => origin.tag);
    return update?.rule === BASE_TAG_RULE && tag !== undefined ? [...before, tag] : before;
  }
}

function movingRules(built: BuiltSpec | undefined): readonly Rule[] {
  return built?.rules.filter(({ actions }) => actions.some(movesImage)) ?? [];
}

/** Whether a rule that moves the Image finds the one tag past the other, or all find it so of the whole tags as versions. */
function pastTarget(built: BuiltSpec | undefined, from: Tag, to: Tag): 'above' | 'below' | 'beyond' | undefined {
  const rules = movingRules(built);
  const rule = rules.find((one) => reach(built, one, from.tag, to.tag) === 'beyond');
  if (
    rule === undefined &&
    !(rules.length === 0 ? isPast(undefined, from, to) : rules.every((one) => isPast(one, from, to)))
  )
    return undefined;
  // As versions it may be the other way round: then the rule has the say.
  if (isPast(rule ?? rules[0], to, from)) return 'beyond';
  return (rule ?? rules[0])?.descends === true ? 'below' : 'above';
}

/** As the rule sees the two: through `spec.tags.extract`, but for a digest rule. Include and exclude limit what it goes to, not from where. */
function reach(built: BuiltSpec | undefined, rule: Rule, own: string, target: string): Reach {
  const filter = rule.byDigest === true ? undefined : built?.filter;
  if (filter === undefined) return rule.reach(own, target);
  const origin = filter.textOf(own);
  const to = origin === undefined ? undefined : filter.textOf(target);
  if (origin === undefined || to === undefined) return 'out';
  // The same to the rule, but not the same version: no rule goes from one to the other.
  if (origin === to && own !== target && isOtherVersion(own, target)) return 'out';
  return rule.reach(origin, to);
}

/** Whether one whole tag is past the other as versions, in the direction of the rule, which is up without a word. */
function isPast(rule: Rule | undefined, { version: own }: Tag, { version: target }: Tag): boolean {
  if (own === undefined || target === undefined) return false;
  const order = comparePrecedence(own, target);
  return rule?.descends === true ? order < 0 : order > 0;
}

function isOtherVersion(a: string, b: string): boolean {
  const [one, other] = [parseVersionTag(a), parseVersionTag(b)];
  return one !== undefined && other !== undefined && comparePrecedence(one, other) !== 0;
}
