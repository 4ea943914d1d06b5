import type { RuleSpec } from './rule-spec.ts';
import { compareText } from '../tag/compare-versions.ts';
import { isCompanion } from '../tag/version-tag.ts';
import { selectBy } from './candidate-selector.ts';
import { type Direction, directedRule, notBeyond } from './direction.ts';
import type { InvalidValue } from './invalid-value.ts';
import { COMPANION, notBetter } from './miss.ts';
import type { CandidateSelector, Rule } from './rule.ts';

/**
 * `alphabetical`: the highest tag by code point above the current one; with the value `asc` the lowest, below it.
 * @param invalidValue makes the error of a value that is wrong
 * @throws InvalidRuleError
 */
export function alphabeticalRule(spec: RuleSpec, invalidValue: InvalidValue): Rule {
  return directedRule(spec, invalidValue, (direction) => ({
    reach(origin, target) {
      if (compareText(origin, target) * direction > 0) return 'beyond';
      return isCompanion(origin) || isCompanion(target) ? 'out' : 'within';
    },
    from: (currentTag) => selectFrom(currentTag, direction),
  }));
}

function selectFrom(currentTag: string, direction: Direction): CandidateSelector {
  const isBeyond = (tag: string): boolean => compareText(tag, currentTag) * direction > 0;
  return selectBy({
    descends: direction < 0,
    description:
      direction > 0
        ? {
            one: `is the highest by code point above ${currentTag}`,
            none: `no tag is above ${currentTag} by code point`,
          }
        : {
            one: `is the lowest by code point below ${currentTag}`,
            none: `no tag is below ${currentTag} by code point`,
          },
    accepts: (tag) => isBeyond(tag) && !isCompanion(tag),
    miss(tag) {
      if (isCompanion(tag)) return COMPANION;
      return isBeyond(tag) ? undefined : notBetter(notBeyond(direction));
    },
    compare: (a, b) => compareText(a, b) * direction,
  });
}
