import type { RuleSpec } from './rule-spec.ts';
import { TagSeries } from '../tag/tag-series.ts';
import { isSameShape } from '../tag/runs.ts';
import { compareLists, compareSpelling, compareText } from '../tag/compare-versions.ts';
import { parseVersionTag, type Part, type VersionTag } from '../tag/version-tag.ts';
import { isTooWide } from '../tag/width.ts';
import { selectBy, notApplicable } from './candidate-selector.ts';
import { notBetter } from './miss.ts';
import { selectOfSeries, notAVersion, NUMBERED_VARIANT } from './version-rule.ts';
import { reachOfSeries } from './reach.ts';
import type { CandidateSelector, Miss, Reach, Rule } from './rule.ts';
import { isWithinLevel, type Level, levelConstraint, type Names } from './semver-rule.ts';

const NAMES: Names = ['year', 'month', 'day'];

/** `calver-major`, `-minor`, `-patch`: the semver rules on `YYYY|YY [.MM [.DD]]`, the year as wide as the current tag's, releases only. */
export function calverRule({ name, type, actions }: RuleSpec, level: Level): Rule {
  return {
    name,
    type,
    actions,
    reach: reachOfSeries(
      (origin, target) =>
        target.preRelease === undefined &&
        yearWidth(origin) !== undefined &&
        yearWidth(origin) === yearWidth(target) &&
        isWithinLevel(level, origin, target),
    ),
    from: (currentTag) =>
      selectOfSeries(currentTag, (current) => {
        const width = yearWidth(current);
        if (width === undefined) return { notApplicable: notCalver(currentTag) };
        if (level === 'minor' && current.numbers.length === 1) {
          return {
            notApplicable: `the current tag ${currentTag} has no month; use calver-major, or set spec.baseTag to a tag with more numbers`,
          };
        }
        const { description: wanted, accepts, miss } = levelConstraint(level, current, NAMES);
        const lastYear = width === 4 ? 9999 : 99;
        return {
          description: wanted,
          preReleases: false,
          accepts: (parts) => (parts[0] as number) <= lastYear && accepts(parts),
          acceptsVersion: (version) => yearWidth(version) === width,
          miss: (version) =>
            yearWidth(version) === width ? miss(version) : { reason: 'not of the form YYYY.MM.DD', distance: 5 },
        };
      }),
  };
}

/**
 * A year of two or four digits, then at most two numbers of one or two. No limits of months: `23.0.0` and `2024.13.1` are
 * such versions too, and who writes a calver rule means it.
 */
const CALVER = /^v?(\d{4}|\d{2})(?:\.\d{1,2}){0,2}(?!\d|\.\d)/;

/** How many digits the year is spelt with, 4 or 2; `undefined` where a version is no calendar version. */
function yearWidth({ tag }: VersionTag): number | undefined {
  return CALVER.exec(tag)?.[1]!.length;
}

function notCalver(tag: string): string {
  return `the current tag ${tag} is not a calendar version such as YYYY.MM.DD or YY.MM; use a semver rule, or set spec.baseTag to a calendar version`;
}

/** A calendar version with a label, which may be any word: `2024.01.02-nightly.3-slim`. */
interface Labelled {
  readonly version: VersionTag;
  /** In lower case. */
  readonly label: string;
  readonly numbers: readonly Part[];
  /** What has them as its own: the version, or what is behind the label where that stands in the variant. */
  readonly numbered: VersionTag;
  readonly rest: string;
}

/** `calver-prerelease`: the same date, variant and label (any word), with higher numbers behind the label. */
export function calverPreReleaseRule({ name, type, actions }: RuleSpec): Rule {
  return { name, type, actions, from: preReleaseFrom, reach: preReleaseReach };
}

function preReleaseFrom(currentTag: string): CandidateSelector {
  const version = parseVersionTag(currentTag);
  if (version === undefined || yearWidth(version) === undefined) return notApplicable(notCalver(currentTag));
  const current = labelled(version);
  if (current === undefined)
    return notApplicable(
      `the current tag ${currentTag} is not a pre-release with a number; set spec.baseTag to one, such as 2024.01.02-rc.1`,
    );
  const series = new TagSeries(version);
  const date = version.numbers;
  /** What a tag is, where it has the current one's date. */
  const read = (tag: string): Labelled | undefined => {
    const end = series.readNumbers(tag, tag.length);
    if (end === -1 || end === tag.length) return undefined;
    for (let i = 0; end !== -2 && i < date.length; i++) if (series.parts[i] !== date[i]) return undefined;
    const other = parseVersionTag(tag);
    return other === undefined ? undefined : labelled(other);
  };
  const sameSeries = (tag: Labelled): boolean => isSameLabel(current, tag);
  return selectBy({
    description: {
      one: `is the highest ${current.label} of ${date.join('.')} above ${currentTag}`,
      none: `no ${current.label} of ${date.join('.')} above ${currentTag}`,
    },
    accepts(tag) {
      const other = read(tag);
      return other !== undefined && sameSeries(other) && compareLabelled(other, current) > 0;
    },
    miss(tag) {
      const other = read(tag);
      if (other !== undefined && sameSeries(other))
        return compareLabelled(other, current) > 0 ? undefined : notBetter('not above the current tag');
      return preReleaseMiss(current, tag);
    },
    compare: (a, b) => compareLabelled(read(a)!, read(b)!) || compareSpelling(currentTag, a, b),
  });
}

/** Of one date and label alone. */
function preReleaseReach(origin: string, target: string): Reach {
  const [from, to] = [origin, target].map((tag) => {
    const version = parseVersionTag(tag);
    return version === undefined || yearWidth(version) === undefined ? undefined : labelled(version);
  });
  if (from === undefined || to === undefined || !isSameLabel(from, to)) return 'out';
  return compareLabelled(from, to) > 0 ? 'beyond' : 'within';
}

function preReleaseMiss({ version, label, numbers, rest, numbered }: Labelled, tag: string): Miss {
  const other = parseVersionTag(tag);
  if (other === undefined) return notAVersion(tag);
  const dates = compareLists(other.numbers, version.numbers);
  if (dates !== 0) return { reason: 'from a different date', newer: dates > 0, sameSeries: false, distance: 2 };
  const its = labelled(other);
  if (its === undefined)
    return {
      reason: `not labelled ${label}`,
      newer: other.preRelease === undefined && other.variant === '',
      sameSeries: false,
      distance: 1,
    };
  if (its.label !== label)
    return {
      reason: `not labelled ${label}`,
      newer: compareText(its.label, label) > 0,
      sameSeries: false,
      distance: 1,
    };
  if (its.rest === rest && isTooWide(numbered, its.numbered))
    return {
      reason: 'written with a number of six digits or more, like a date',
      newer: true,
      sameSeries: false,
      distance: 4,
    };
  const newer = compareLists(its.numbers, numbers) > 0;
  if (its.rest !== rest && isSameShape(its.rest, rest))
    return { ...NUMBERED_VARIANT, newer, sameSeries: false, distance: 0 };
  return { reason: 'from a different variant', newer, sameSeries: false, distance: 3 };
}

/** Whether `tag` has the date, the label and the variant of `current`, and is written like it. */
function isSameLabel(current: Labelled, tag: Labelled): boolean {
  return (
    tag.label === current.label &&
    tag.rest === current.rest &&
    !isTooWide(current.numbered, tag.numbered) &&
    yearWidth(tag.version) === yearWidth(current.version) &&
    compareLists(tag.version.numbers, current.version.numbers) === 0 &&
    tag.version.revision.length === current.version.revision.length
  );
}

function compareLabelled(a: Labelled, b: Labelled): number {
  return compareLists(a.numbers, b.numbers) || compareLists(a.version.revision, b.version.revision);
}

const LABEL = /^[-_.]([a-z]+)[-_.]?(\d+(?:\.\d+)*)(?=$|[-_.])/i;

/** A version with its label: a pre-release, or any other word with a number at the beginning of its variant. */
function labelled(version: VersionTag): Labelled | undefined {
  const { preRelease, variant } = version;
  if (preRelease !== undefined)
    return preRelease.numbers.length === 0
      ? undefined
      : { version, label: preRelease.word, numbers: preRelease.numbers, numbered: version, rest: variant };
  const found = version.revision.length === 0 ? LABEL.exec(variant) : null;
  if (found === null) return undefined;
  const read = parseVersionTag(found[2]!);
  return read === undefined
    ? undefined
    : {
        version,
        label: found[1]!.toLowerCase(),
        numbers: read.numbers,
        numbered: read,
        rest: variant.slice(found[0].length),
      };
}
