import { comparePlain, TagSeries, NO, plainParts, YES } from '../tag/tag-series.ts';
import { isNewerVersion } from '../tag/natural-order.ts';
import { numberingRemark } from '../tag/numbering.ts';
import { isSameShape } from '../tag/runs.ts';
import { compareCandidates, comparePrecedence, isCandidate } from '../tag/compare-versions.ts';
import { parseVersionTag, type Part, type VersionTag } from '../tag/version-tag.ts';
import { isTooWide } from '../tag/width.ts';
import { notApplicable } from './candidate-selector.ts';
import { notBetter, notComparable } from './miss.ts';
import type { CandidateSelector, Miss } from './rule.ts';

/** Which of the candidates above the current tag a rule takes: what the semver and the calver rules differ in. */
export interface VersionConstraint {
  /** What it looks for: `with a major above 1`. */
  readonly description: string;
  /** Whether a pre-release is taken where the current tag is one; otherwise releases only. */
  readonly preReleases: boolean;
  /** Of a tag above the current one in its series, by its parts: numbers, perhaps with the revision behind them. */
  accepts(parts: readonly Part[]): boolean;
  /** What parts alone don't tell. */
  acceptsVersion?(version: VersionTag): boolean;
  /** Why a tag above the current one, of its series, is not accepted. */
  miss(version: VersionTag): Pick<Miss, 'reason' | 'distance'>;
}

/**
 * Selects the highest tag of the current one's series (`isCandidate`) above it that the constraint accepts. One pass without memory
 * for each tag; only what betters the best so far is parsed.
 */
export function selectOfSeries(
  currentTag: string,
  constraintFrom: (current: VersionTag) => VersionConstraint | { readonly notApplicable: string },
): CandidateSelector {
  const current = parseVersionTag(currentTag);
  if (current === undefined) return noVersion(currentTag);
  const constraint = constraintFrom(current);
  if ('notApplicable' in constraint) return notApplicable(constraint.notApplicable);
  return {
    description: { one: `is the highest ${constraint.description}`, none: `no tag ${constraint.description}` },
    *candidates(tags) {
      const best = highest(current, constraint, tags);
      if (best === undefined) return;
      yield best.tag;
      const rest = new Map<string, VersionTag>();
      for (const tag of tags) {
        const version = tag === best.tag ? undefined : parseVersionTag(tag);
        if (version !== undefined && isAccepted(current, constraint, version)) rest.set(tag, version);
      }
      for (const { tag } of [...rest.values()].sort((a, b) => compareCandidates(current, b, a))) yield tag;
    },
    remark: (text, tag) => numberingRemark(current, parseVersionTag(text), tag),
    explain() {
      const isLike = likeness(current.variant);
      return (tag) => {
        const version = parseVersionTag(tag);
        if (version === undefined) return notAVersion(tag);
        return isAccepted(current, constraint, version) ? undefined : missOf(current, constraint, version, isLike);
      };
    },
    isBelow: (tag, other) => compareCandidates(current, parseVersionTag(tag)!, parseVersionTag(other)!) < 0,
  };
}

function highest(current: VersionTag, constraint: VersionConstraint, tags: readonly string[]): VersionTag | undefined {
  const series = new TagSeries(current);
  const { parts } = series;
  const currentParts = plainParts(current);
  let best: VersionTag | undefined;
  let floor = currentParts;
  // Registries list by name: the newest are near the end.
  for (let i = tags.length - 1; i >= 0; i--) {
    const tag = tags[i]!;
    const reading = series.read(tag);
    if (reading === NO) continue;
    if (reading === YES) {
      if (floor !== undefined && comparePlain(parts, floor) < 0) continue;
      if (!constraint.accepts(parts)) continue;
    }
    const version = parseVersionTag(tag);
    if (version === undefined || !isAccepted(current, constraint, version)) continue;
    if (best !== undefined && compareCandidates(current, version, best) <= 0) continue;
    best = version;
    floor = plainParts(version);
  }
  return best;
}

function isAccepted(current: VersionTag, constraint: VersionConstraint, version: VersionTag): boolean {
  return (
    isCandidate(current, version) &&
    (constraint.preReleases || version.preRelease === undefined) &&
    comparePrecedence(version, current) > 0 &&
    constraint.accepts(version.numbers) &&
    (constraint.acceptsVersion === undefined || constraint.acceptsVersion(version))
  );
}

/** A version rule has nothing to compare with. */
export function noVersion(currentTag: string): CandidateSelector {
  const within = /[^\d.]\d+\.\d/.test(currentTag)
    ? ', or spec.tags.extract to a pattern that captures the version in a tag'
    : '';
  return notApplicable(
    `the current tag ${currentTag} is not a version, so no tag can be newer; set spec.baseTag to a version${within}`,
  );
}

/** Why a tag that is no version is no candidate of a version rule. */
export function notAVersion(tag: string): Miss {
  return notComparable(tag, 'not a version');
}

/** Whether a variant differs from `variant` in numbers and commits only. Many tags have one of few variants. */
function likeness(variant: string): (other: string) => boolean {
  const known = new Map<string, boolean>([[variant, false]]);
  return (other) => {
    if (variant === '' || other === '') return false;
    let is = known.get(other);
    if (is === undefined) known.set(other, (is = isSameShape(variant, other)));
    return is;
  };
}

/** What is said of a tag that is from a different variant by a build number, say, and what to do for such tags to be taken. */
export const NUMBERED_VARIANT: Pick<Miss, 'reason' | 'wayOut'> = {
  reason: 'from a different variant',
  wayOut:
    'although only a number or a commit hash differs: capture the part that matters with spec.tags.extract, or use a regex rule',
};

function missOf(
  current: VersionTag,
  constraint: VersionConstraint,
  tag: VersionTag,
  isLike: (variant: string) => boolean,
): Miss {
  const newer = isNewerVersion(tag, current);
  if (newer && isLike(tag.variant)) {
    const wanted =
      (tag.preRelease === undefined || current.preRelease !== undefined) &&
      constraint.accepts(tag.numbers) &&
      (constraint.acceptsVersion === undefined || constraint.acceptsVersion(tag));
    return { ...NUMBERED_VARIANT, newer, sameSeries: false, distance: wanted ? 0 : 6 };
  }
  const shape = shapeMiss(current, tag);
  if (shape !== undefined) return { ...shape, newer, sameSeries: false };
  if (!newer) return notBetter('not above the current tag');
  if (tag.preRelease !== undefined && !constraint.preReleases)
    return { reason: 'a pre-release', newer, sameSeries: true, distance: 4 };
  return { ...constraint.miss(tag), newer, sameSeries: true };
}

/** Why a version is not of the current tag's series, the most telling reason first; `undefined` where it is. */
function shapeMiss(current: VersionTag, tag: VersionTag): Pick<Miss, 'reason' | 'distance'> | undefined {
  if (tag.variant !== current.variant) return { reason: 'from a different variant', distance: 6 };
  if (tag.prefix !== current.prefix)
    return { reason: `written ${tag.prefix === 'v' ? 'with' : 'without'} a leading v`, distance: 7 };
  if (tag.numbers.length !== current.numbers.length)
    return {
      reason: `written with ${tag.numbers.length > current.numbers.length ? 'more' : 'fewer'} numbers`,
      distance: 7,
    };
  if (isTooWide(current, tag))
    return { reason: 'written with a number of six digits or more, like a date', distance: 8 };
  if (tag.preRelease !== undefined) {
    if (current.preRelease === undefined) return { reason: 'a pre-release', distance: 4 };
    if ((tag.preRelease.numbers.length === 0) !== (current.preRelease.numbers.length === 0))
      return {
        reason: `a pre-release with${tag.preRelease.numbers.length === 0 ? 'out' : ''} a number of its own`,
        distance: 5,
      };
  }
  if (tag.revision.length !== current.revision.length)
    return {
      reason: `written with ${tag.revision.length > current.revision.length ? 'more' : 'fewer'} revision numbers`,
      distance: 7,
    };
  if (tag.build !== current.build)
    return { reason: `written with${tag.build ? '' : 'out'} a b before its build`, distance: 7 };
  if (isCandidate(current, tag) || comparePrecedence(tag, current) <= 0) return undefined;
  return { reason: 'a pre-release of a different version', distance: 5 };
}
