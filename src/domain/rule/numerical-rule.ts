import type { RuleSpec } from './rule-spec.ts';
import { compareSpelling, compareText, isCandidate } from '../tag/compare-versions.ts';
import { parseVersionTag } from '../tag/version-tag.ts';
import { notApplicable, selectBy } from './candidate-selector.ts';
import { type Direction, directedRule, notBeyond } from './direction.ts';
import type { InvalidValue } from './invalid-value.ts';
import { notBetter, notComparable } from './miss.ts';
import type { CandidateSelector, Rule } from './rule.ts';

/**
 * `numerical`: the highest tag, as a number (`20240102`, `1.5`; of any length), above the current one; with the value
 * `asc` the lowest, below it.
 * @param invalidValue makes the error of a value that is wrong
 * @throws InvalidRuleError
 */
export function numericalRule(spec: RuleSpec, invalidValue: InvalidValue): Rule {
  return directedRule(spec, invalidValue, (direction) => ({
    reach(origin, target) {
      if (!isNumber(origin) || !isNumber(target)) return 'out';
      if (compareNumbers(origin, target) * direction > 0) return 'beyond';
      return isOneSeries(origin, target) ? 'within' : 'out';
    },
    from: (currentTag) =>
      isNumber(currentTag)
        ? selectFrom(currentTag, direction)
        : notApplicable(
            `the current tag ${currentTag} is not a number, so no tag is ${direction > 0 ? 'above' : 'below'} it; set spec.baseTag to a number`,
          ),
  }));
}

function selectFrom(currentTag: string, direction: Direction): CandidateSelector {
  const isBeyond = (tag: string): boolean => compareNumbers(tag, currentTag) * direction > 0;
  return selectBy({
    descends: direction < 0,
    description:
      direction > 0
        ? { one: `is the highest number above ${currentTag}`, none: `no tag is a number above ${currentTag}` }
        : { one: `is the lowest number below ${currentTag}`, none: `no tag is a number below ${currentTag}` },
    accepts: (tag) => isNumber(tag) && isBeyond(tag),
    miss(tag) {
      if (!isNumber(tag)) return notComparable(tag, 'not a number');
      return isBeyond(tag) ? undefined : notBetter(notBeyond(direction));
    },
    compare: (a, b) => compareNumbers(a, b) * direction || compareSpelling(currentTag, a, b),
  });
}

/** Digits, perhaps with a fraction; no sign, no exponent. */
function isNumber(tag: string): boolean {
  return /^\d+(?:\.\d+)?$/.test(tag);
}

/** Whether one number is written with as many parts as the other, and is no date where that is none (`3` and `20260805`). */
function isOneSeries(origin: string, target: string): boolean {
  return isCandidate(parseVersionTag(origin)!, parseVersionTag(target)!);
}

/** By value, of any length. */
function compareNumbers(a: string, b: string): number {
  const [wholeA = '', fractionA = ''] = a.split('.');
  const [wholeB = '', fractionB = ''] = b.split('.');
  const x = wholeA.replace(/^0+/, '');
  const y = wholeB.replace(/^0+/, '');
  return (
    x.length - y.length || compareText(x, y) || compareText(fractionA.replace(/0+$/, ''), fractionB.replace(/0+$/, ''))
  );
}
