import type { RuleSpec } from './rule-spec.ts';
import { compareParts } from '../tag/compare-versions.ts';
import type { Part, VersionTag } from '../tag/version-tag.ts';
import { selectOfSeries, type VersionConstraint } from './version-rule.ts';
import { reachOfSeries } from './reach.ts';
import type { Miss, Rule } from './rule.ts';

/** Which number may rise: the first; the second under the same first; the rest under the same first two. */
export type Level = 'major' | 'minor' | 'patch';

/** What the first three numbers of a version are called. */
export type Names = readonly [major: string, minor: string, patch: string];

const NAMES: Names = ['major', 'minor', 'patch'];

/** `semver-major`, `-minor`, `-patch`: the highest candidate whose number of `level` is above the current tag's. */
export function semverRule({ name, type, actions }: RuleSpec, level: Level): Rule {
  return {
    name,
    type,
    actions,
    reach: reachOfSeries((origin, target) => isWithinLevel(level, origin, target)),
    from: (currentTag) =>
      selectOfSeries(currentTag, (current) => {
        if (level === 'minor' && current.numbers.length === 1) {
          return {
            notApplicable: `the current tag ${currentTag} has no minor; use semver-major, or set spec.baseTag to a tag with more numbers`,
          };
        }
        return { ...levelConstraint(level, current, NAMES), preReleases: true };
      }),
  };
}

/** The constraint that takes a higher number of `level`. */
export function levelConstraint(
  level: Level,
  current: VersionTag,
  names: Names,
): Omit<VersionConstraint, 'preReleases'> {
  return {
    description: wanted(level, current, names),
    accepts: acceptor(level, current),
    miss: (version) => levelMiss(current, version, names),
  };
}

/** Whether a rule of `level` never leaves, from one version to the other, what it keeps: the first number, or the first two. */
export function isWithinLevel(level: Level, origin: VersionTag, target: VersionTag): boolean {
  const kept = { major: 0, minor: 1, patch: 2 }[level];
  for (let at = 0; at < kept; at++) if (compareParts(numberAt(at, origin), numberAt(at, target)) !== 0) return false;
  return true;
}

function acceptor(level: Level, { numbers }: VersionTag): VersionConstraint['accepts'] {
  const major = numbers[0]!;
  const minor = numbers[1] ?? 0;
  switch (level) {
    case 'major':
      return (parts) => compareParts(parts[0]!, major) > 0;
    case 'minor':
      return (parts) => parts[0] === major && compareParts(parts[1]!, minor) > 0;
    case 'patch':
      return numbers.length === 1 ? (parts) => parts[0] === major : (parts) => parts[0] === major && parts[1] === minor;
  }
}

function wanted(level: Level, current: VersionTag, [major, minor]: Names): string {
  const variant = current.variant === '' ? '' : `, variant ${JSON.stringify(current.variant)}`;
  switch (level) {
    case 'major':
      return `with a ${major} above ${numberAt(0, current)}${variant}`;
    case 'minor':
      return `with ${major} ${numberAt(0, current)} and a ${minor} above ${numberAt(1, current)}${variant}`;
    case 'patch':
      // As it is spelt: 24.04, not 24.4.
      return `in the ${/\d+(?:\.\d+)?/.exec(current.tag)![0]} series above ${current.tag}`;
  }
}

/** Of a tag of the series above the current one: which of the first two numbers is another. */
function levelMiss(current: VersionTag, tag: VersionTag, [major, minor]: Names): Pick<Miss, 'reason' | 'distance'> {
  if (numberAt(0, tag) !== numberAt(0, current)) return { reason: `from a different ${major}`, distance: 3 };
  return numberAt(1, tag) !== numberAt(1, current)
    ? { reason: `from a different ${minor}`, distance: 2 }
    : { reason: current.numbers.length === 1 ? `from the same ${major}` : `from the same ${minor}`, distance: 1 };
}

function numberAt(index: number, version: VersionTag): Part {
  return version.numbers[index] ?? 0;
}
