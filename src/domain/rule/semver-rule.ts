import type { RuleSpec } from '../image/image.ts';
import { compareCandidates, compareParts, comparePrecedence, isCandidate, type Part, parseVersionTag, type VersionTag } from '../tag/version-tag.ts';
import type { Chooser, Miss, Rule } from './rule.ts';

/** Which number may rise: the first; the second under the same first; the rest under the same first two. */
export type SemverLevel = 'major' | 'minor' | 'patch';

/** Picks the highest candidate (see {@link isCandidate}) whose number of `level` is above the current tag's. */
export function semverRule({ name, type, actions }: RuleSpec, level: SemverLevel): Rule {
  return { name, type, actions, from: (currentTag) => from(level, currentTag) };
}

function from(level: SemverLevel, currentTag: string): Chooser {
  const current = parseVersionTag(currentTag);
  if (current === undefined) return stuck(`the current tag ${currentTag} is no version, so none is newer; set spec.baseTag to a version`);
  if (level === 'minor' && current.numbers.length === 1) {
    return stuck(`the current tag ${currentTag} has no minor; use semver-major, or set spec.baseTag to a tag with more numbers`);
  }
  const wanted = criterion(level, current);
  return {
    wants: { one: `the highest ${wanted}`, none: wanted },
    *candidates(tags) {
      const found = tags.map(parseVersionTag).filter((tag) => tag !== undefined && isCandidate(current, tag) && rises(level, current, tag)) as VersionTag[];
      found.sort((a, b) => compareCandidates(current, b, a));
      yield* new Set(found.map(({ tag }) => tag));
    },
    miss(tag) {
      const version = parseVersionTag(tag);
      if (version === undefined) return { reason: 'no version', newer: false, ofLine: false, distance: 9 };
      if (isCandidate(current, version) && rises(level, current, version)) return undefined;
      return missOf(current, version);
    },
    isBelow: (tag, other) => compareCandidates(current, parseVersionTag(tag)!, parseVersionTag(other)!) < 0,
  };
}

function stuck(reason: string): Chooser {
  return { stuck: reason, wants: { one: '', none: '' }, candidates: () => [], miss: () => undefined, isBelow: () => false };
}

function rises(level: SemverLevel, current: VersionTag, tag: VersionTag): boolean {
  const major = compareAt(0, tag, current);
  switch (level) {
    case 'major':
      return major > 0;
    case 'minor':
      return major === 0 && compareAt(1, tag, current) > 0;
    case 'patch':
      return major === 0 && compareAt(1, tag, current) === 0 && comparePrecedence(tag, current) > 0;
  }
}

function criterion(level: SemverLevel, current: VersionTag): string {
  const variant = current.variant === '' ? '' : `, variant ${JSON.stringify(current.variant)}`;
  switch (level) {
    case 'major':
      return `with a major above ${numberAt(0, current)}${variant}`;
    case 'minor':
      return `with major ${numberAt(0, current)} and a minor above ${numberAt(1, current)}${variant}`;
    case 'patch':
      return `of ${current.numbers.slice(0, 2).join('.')} above ${current.tag}`;
  }
}

function missOf(current: VersionTag, tag: VersionTag): Miss {
  const newer = comparePrecedence(tag, current) > 0;
  const miss = (distance: number, reason: string, ofLine = false): Miss => ({ reason, newer, ofLine, distance });
  if (isCandidate(current, tag)) {
    if (!newer) return miss(0, 'not above the current tag', true);
    if (compareAt(0, tag, current) !== 0) return miss(3, 'of another major', true);
    return compareAt(1, tag, current) !== 0 ? miss(2, 'of another minor', true) : miss(1, 'of the same minor', true);
  }
  if (tag.variant !== current.variant) return miss(5, 'of another variant');
  return tag.preRelease !== undefined && tag.prefix === current.prefix && tag.numbers.length === current.numbers.length ? miss(4, 'a pre-release') : miss(6, 'written otherwise');
}

function compareAt(index: number, a: VersionTag, b: VersionTag): number {
  return compareParts(numberAt(index, a), numberAt(index, b));
}

function numberAt(index: number, version: VersionTag): Part {
  return version.numbers[index] ?? 0;
}
