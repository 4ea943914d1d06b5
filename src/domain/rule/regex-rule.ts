import type { RuleSpec } from './rule-spec.ts';
import { compareLike, compareRuns, isNewer, isNewerVersion } from '../tag/natural-order.ts';
import { numberingRemark } from '../tag/numbering.ts';
import { compilePattern, InvalidPatternError } from '../tag/pattern.ts';
import { runsOf } from '../tag/runs.ts';
import { comparePrecedence, compareSpelling } from '../tag/compare-versions.ts';
import { isCompanion, parseVersionTag } from '../tag/version-tag.ts';
import { selectBy } from './candidate-selector.ts';
import type { CandidateSelector, Rule } from './rule.ts';
import type { InvalidValue } from './invalid-value.ts';

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
    reach(origin, target) {
      const from = parseVersionTag(origin);
      const to = parseVersionTag(target);
      const areVersions = from !== undefined && to !== undefined;
      // What it would take from there.
      const isPast = areVersions
        ? isNewerVersion(from, to)
        : pattern.matches(origin) && (!pattern.matches(target) || isNewer(origin, target));
      if (isPast) return 'beyond';
      // A pattern says of what the Image is one: what does not match is of another line, such as 14.9 to ^17\.
      if (!pattern.matches(origin) || !pattern.matches(target) || isCompanion(target)) return 'out';
      const comes = origin === target || (areVersions ? isNewerVersion(to, from) : isNewer(target, origin));
      return comes ? 'within' : 'out';
    },
    from(currentTag) {
      const current = parseVersionTag(currentTag);
      const matched = pattern.matches(currentTag);
      const model = runsOf(currentTag);
      const compare = (a: string, b: string): number => {
        if (a === b) return 0;
        const one = parseVersionTag(a);
        const other = parseVersionTag(b);
        if (one === undefined && other === undefined) return compareRuns(a, b);
        if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
        return comparePrecedence(one, other) || compareLike(model, a, b) || compareSpelling(currentTag, a, b);
      };
      const isAbove = (tag: string): boolean => {
        if (tag === currentTag) return false;
        const version = current === undefined ? undefined : parseVersionTag(tag);
        if (current !== undefined && version !== undefined) return isNewerVersion(version, current);
        return !matched || isNewer(tag, currentTag);
      };
      const chooserWith = (words: boolean): CandidateSelector =>
        selectBy({
          wants: {
            one: `is the newest that matches ${pattern.source}`,
            none: `no tag newer than ${currentTag} matches ${pattern.source}`,
          },
          accepts: (tag) =>
            pattern.matches(tag) && isAbove(tag) && !isCompanion(tag) && (words || parseVersionTag(tag) !== undefined),
          miss(tag) {
            if (isCompanion(tag))
              return { reason: 'a signature or an attestation', newer: false, sameSeries: false, distance: 9 };
            if (!pattern.matches(tag))
              return {
                reason: `not matched by ${pattern.source}`,
                newer: isNewer(tag, currentTag),
                sameSeries: false,
                distance: 1,
              };
            if (!words && parseVersionTag(tag) === undefined)
              return { reason: 'below the versions that match', newer: false, sameSeries: true, distance: 2 };
            return isAbove(tag)
              ? undefined
              : { reason: 'not newer than the current tag', newer: false, sameSeries: true, distance: 0 };
          },
          compare,
          remark: (text, tag) => numberingRemark(current, parseVersionTag(text), tag),
        });
      const all = chooserWith(true);
      if (current === undefined || matched) return all;
      // From a version to a word, and from there, versions being above words, to an older version: not so.
      const versions = chooserWith(false);
      const chooserFor = (tags: readonly string[]): CandidateSelector =>
        tags.some((tag) => parseVersionTag(tag) !== undefined && pattern.matches(tag)) ? versions : all;
      return {
        ...all,
        candidates: (tags) => chooserFor(tags).candidates(tags),
        explain: (tags) => chooserFor(tags).explain(tags),
      };
    },
  };
}

function patternOf(value: string | undefined, invalidValue: InvalidValue): ReturnType<typeof compilePattern> {
  try {
    return compilePattern(value ?? '');
  } catch (error) {
    if (!(error instanceof InvalidPatternError)) throw error;
    throw invalidValue(
      value === undefined || value === '' ? 'value is missing; give an RE2 pattern, such as "^v1\\\\."' : error.message,
      { cause: error },
    );
  }
}
