import type { RuleSpec } from './rule-spec.ts';
import { compareLike, compareRuns, isNewer, isNewerVersion } from '../tag/natural-order.ts';
import { numberingRemark } from '../tag/numbering.ts';
import { compilePattern, InvalidPatternError, type Pattern } from '../tag/pattern.ts';
import { runsOf } from '../tag/runs.ts';
import { comparePrecedence, compareSpelling } from '../tag/compare-versions.ts';
import { isCompanion, parseVersionTag, type VersionTag } from '../tag/version-tag.ts';
import { selectBy } from './candidate-selector.ts';
import type { InvalidValue } from './invalid-value.ts';
import { COMPANION, notBetter } from './miss.ts';
import type { CandidateSelector, Reach, Rule } from './rule.ts';

/**
 * `regex`: of the tags that match an RE2 pattern (searched, not anchored) the newest in natural order: versions above
 * other words, versions by their parts, then, as words, by the first run that differs. Where both are versions or both
 * match, only what `isNewer` than the current tag; and from a version that does not match to a word only where no version
 * matches.
 * @param invalidValue makes the error of a value that is wrong
 * @throws InvalidRuleError
 */
export function regexRule({ name, type, actions, value }: RuleSpec, invalidValue: InvalidValue): Rule {
  const pattern = patternOf(value, invalidValue);
  return {
    name,
    type,
    actions,
    reach: (origin, target) => reach(pattern, origin, target),
    from: (currentTag) => selectFrom(pattern, currentTag),
  };
}

function reach(pattern: Pattern, origin: string, target: string): Reach {
  const from = parseVersionTag(origin);
  const to = parseVersionTag(target);
  const areVersions = from !== undefined && to !== undefined;
  // What it would take from there.
  const isPast = areVersions
    ? isNewerVersion(from, to)
    : pattern.matches(origin) && (!pattern.matches(target) || isNewer(origin, target));
  if (isPast) return 'beyond';
  // A pattern says of what the Image is one: what does not match is of another series, such as 14.9 to ^17\.
  if (!pattern.matches(origin) || !pattern.matches(target) || isCompanion(target)) return 'out';
  const comes = origin === target || (areVersions ? isNewerVersion(to, from) : isNewer(target, origin));
  return comes ? 'within' : 'out';
}

/** The tag that the rule goes from. */
interface CurrentTag {
  readonly tag: string;
  readonly version: VersionTag | undefined;
  /** Whether the pattern matches it. */
  readonly matched: boolean;
}

function selectFrom(pattern: Pattern, currentTag: string): CandidateSelector {
  const current = {
    tag: currentTag,
    version: parseVersionTag(currentTag),
    matched: pattern.matches(currentTag),
  };
  const all = selectMatching(pattern, current, true);
  if (current.version === undefined || current.matched) return all;
  // From a version to a word, and from there, versions being above words, to an older version: not so.
  const versions = selectMatching(pattern, current, false);
  const selectorFor = (tags: readonly string[]): CandidateSelector =>
    tags.some((tag) => parseVersionTag(tag) !== undefined && pattern.matches(tag)) ? versions : all;
  return {
    ...all,
    candidates: (tags) => selectorFor(tags).candidates(tags),
    explain: (tags) => selectorFor(tags).explain(tags),
  };
}

/** @param words whether tags that are not versions are candidates too */
function selectMatching(pattern: Pattern, current: CurrentTag, words: boolean): CandidateSelector {
  return selectBy({
    description: {
      one: `is the newest that matches ${pattern.source}`,
      none: `no tag newer than ${current.tag} matches ${pattern.source}`,
    },
    accepts: (tag) =>
      pattern.matches(tag) &&
      isAbove(tag, current) &&
      !isCompanion(tag) &&
      (words || parseVersionTag(tag) !== undefined),
    miss(tag) {
      if (isCompanion(tag)) return COMPANION;
      if (!pattern.matches(tag))
        return {
          reason: `not matched by ${pattern.source}`,
          newer: isNewer(tag, current.tag),
          sameSeries: false,
          distance: 1,
        };
      if (!words && parseVersionTag(tag) === undefined)
        return { reason: 'below the versions that match', newer: false, sameSeries: true, distance: 2 };
      return isAbove(tag, current) ? undefined : notBetter('not newer than the current tag');
    },
    compare: naturalOrder(current.tag),
    remark: (text, tag) => numberingRemark(current.version, parseVersionTag(text), tag),
  });
}

function isAbove(tag: string, current: CurrentTag): boolean {
  if (tag === current.tag) return false;
  const version = current.version === undefined ? undefined : parseVersionTag(tag);
  if (current.version !== undefined && version !== undefined) return isNewerVersion(version, current.version);
  return !current.matched || isNewer(tag, current.tag);
}

/** Versions above other words; versions by their parts, then as the current tag is spelt; words by their runs. */
function naturalOrder(currentTag: string): (a: string, b: string) => number {
  const model = runsOf(currentTag);
  return (a, b) => {
    if (a === b) return 0;
    const one = parseVersionTag(a);
    const other = parseVersionTag(b);
    if (one === undefined && other === undefined) return compareRuns(a, b);
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    return comparePrecedence(one, other) || compareLike(model, a, b) || compareSpelling(currentTag, a, b);
  };
}

function patternOf(value: string | undefined, invalidValue: InvalidValue): Pattern {
  try {
    return compilePattern(value ?? '');
  } catch (error) {
    if (!(error instanceof InvalidPatternError)) throw error;
    throw invalidValue(
      value === undefined || value === ''
        ? 'value is missing; set it to an RE2 pattern, such as "^v1\\\\."'
        : error.message,
      { cause: error },
    );
  }
}
