import { comparePrecedence, isCandidate } from '../tag/compare-versions.ts';
import { parseVersionTag, type VersionTag } from '../tag/version-tag.ts';
import type { Reach, Rule } from './rule.ts';

/**
 * {@link Rule.reach} of a rule that compares versions of one series (`isCandidate`).
 * @param isWithin whether the rule could go from one version of a series to a newer one of it
 */
export function reachOfSeries(isWithin: (origin: VersionTag, target: VersionTag) => boolean): Rule['reach'] {
  return reachOfVersions((origin, target) => isCandidate(origin, target) && isWithin(origin, target));
}

/** The same without a series. */
export function reachOfVersions(isWithin: (origin: VersionTag, target: VersionTag) => boolean): Rule['reach'] {
  return (origin, target): Reach => {
    const from = parseVersionTag(origin);
    const to = from === undefined ? undefined : parseVersionTag(target);
    if (from === undefined || to === undefined) return 'out';
    if (comparePrecedence(from, to) > 0) return 'beyond';
    return isWithin(from, to) ? 'within' : 'out';
  };
}
