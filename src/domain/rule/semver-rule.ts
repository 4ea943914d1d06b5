import type { RuleSpec } from '../image/image.ts';
import { compareCandidates, compareParts, comparePrecedence, isCandidate, type Part, parseVersionTag, type VersionTag } from '../tag/version-tag.ts';
import type { Rule, Selection } from './rule.ts';

/** Which number may rise: the first; the second under the same first; the rest under the same first two. */
export type SemverLevel = 'major' | 'minor' | 'patch';

/** Picks the highest candidate (see {@link isCandidate}) whose number of `level` is above the current tag's. */
export function semverRule({ name, type, actions }: RuleSpec, level: SemverLevel): Rule {
  return { name, type, actions, select: (currentTag, tags) => select(level, currentTag, tags) };
}

function select(level: SemverLevel, currentTag: string, tags: readonly string[]): Selection {
  const current = parseVersionTag(currentTag);
  if (current === undefined) {
    return { tag: undefined, reason: `the current tag ${currentTag} is no version, so none is newer; set spec.baseTag to a version` };
  }
  if (level === 'minor' && current.numbers.length === 1) {
    return { tag: undefined, reason: `the current tag ${currentTag} has no minor; use semver-major, or set spec.baseTag to a tag with more numbers` };
  }
  const found = new Set<string>();
  let highest: VersionTag | undefined;
  const others: VersionTag[] = [];
  for (const tag of tags) {
    const version = parseVersionTag(tag);
    if (version === undefined) continue;
    if (!isCandidate(current, version) || !rises(level, current, version)) {
      others.push(version);
      continue;
    }
    found.add(tag);
    if (highest === undefined || compareCandidates(current, version, highest) > 0) highest = version;
  }
  const wanted = criterion(level, current);
  if (highest === undefined) return { tag: undefined, reason: `no tag ${wanted}${whatElse(current, others)}` };
  return { tag: highest.tag, reason: `${highest.tag} is the ${found.size === 1 ? 'only tag' : `highest of ${found.size} tags`} ${wanted}` };
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

/** The newer tags that were not taken, by what kept them out: how many, and the highest of each. */
function whatElse(current: VersionTag, others: readonly VersionTag[]): string {
  const groups = new Map<Miss, { readonly tags: Set<string>; highest: VersionTag }>();
  for (const tag of others) {
    if (comparePrecedence(tag, current) <= 0) continue;
    const miss = missOf(current, tag);
    const group = groups.get(miss);
    if (group === undefined) {
      groups.set(miss, { tags: new Set([tag.tag]), highest: tag });
    } else {
      group.tags.add(tag.tag);
      if (compareCandidates(current, tag, group.highest) > 0) group.highest = tag;
    }
  }
  const nearest = MISSES.filter((miss) => groups.has(miss)).slice(0, 2);
  return nearest.map((miss) => {
    const { one, many } = miss;
    const { tags, highest } = groups.get(miss)!;
    return `; ${tags.size === 1 ? `1 newer ${one}` : `${tags.size} newer ${many}`} (${highest.tag})`;
  }).join('');
}

interface Miss {
  readonly one: string;
  readonly many: string;
}

const SAME_MINOR: Miss = { one: 'tag is of the same minor', many: 'tags are of the same minor' };
const OTHER_MINOR: Miss = { one: 'tag is of another minor', many: 'tags are of another minor' };
const OTHER_MAJOR: Miss = { one: 'tag is of another major', many: 'tags are of another major' };
const PRE_RELEASE: Miss = { one: 'tag is a pre-release', many: 'tags are pre-releases' };
const OTHER_VARIANT: Miss = { one: 'tag is of another variant', many: 'tags are of another variant' };
const OTHER_SHAPE: Miss = { one: 'tag is written otherwise', many: 'tags are written otherwise' };

/** Why a newer tag is not taken, the nearest miss first. */
const MISSES = [SAME_MINOR, OTHER_MINOR, OTHER_MAJOR, PRE_RELEASE, OTHER_VARIANT, OTHER_SHAPE];

function missOf(current: VersionTag, tag: VersionTag): Miss {
  if (isCandidate(current, tag)) {
    if (compareAt(0, tag, current) !== 0) return OTHER_MAJOR;
    return compareAt(1, tag, current) !== 0 ? OTHER_MINOR : SAME_MINOR;
  }
  if (tag.variant !== current.variant) return OTHER_VARIANT;
  return tag.preRelease !== undefined && tag.prefix === current.prefix && tag.numbers.length === current.numbers.length ? PRE_RELEASE : OTHER_SHAPE;
}

function compareAt(index: number, a: VersionTag, b: VersionTag): number {
  return compareParts(numberAt(index, a), numberAt(index, b));
}

function numberAt(index: number, version: VersionTag): Part {
  return version.numbers[index] ?? 0;
}
