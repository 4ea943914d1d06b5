import type { RuleSpec } from './rule-spec.ts';
import { compareSpelling, compareText, isCandidate } from '../tag/compare-versions.ts';
import { isCompanion, parseVersionTag } from '../tag/version-tag.ts';
import { selectBy, notApplicable } from './candidate-selector.ts';
import type { InvalidValue } from './invalid-value.ts';
import type { Rule } from './rule.ts';

/**
 * `numerical`: the highest tag, as a number (`20240102`, `1.5`; of any length), above the current one; with the value
 * `asc` the lowest, below it.
 * @param invalidValue makes the error of a value that is wrong
 * @throws InvalidRuleError
 */
export function numericalRule({ name, type, actions, value }: RuleSpec, invalidValue: InvalidValue): Rule {
  const sign = signOf(value, invalidValue);
  return {
    name,
    type,
    actions,
    ...(sign < 0 ? { descends: true as const } : {}),
    reach(origin, target) {
      if (!isNumber(origin) || !isNumber(target)) return 'out';
      if (compareNumbers(origin, target) * sign > 0) return 'beyond';
      return isOneSeries(origin, target) ? 'within' : 'out';
    },
    from(currentTag) {
      if (!isNumber(currentTag))
        return notApplicable(
          `the current tag ${currentTag} is no number, so none is ${sign > 0 ? 'above' : 'below'} it; set spec.baseTag to a number`,
        );
      const isBeyond = (tag: string): boolean => compareNumbers(tag, currentTag) * sign > 0;
      return selectBy({
        descends: sign < 0,
        wants:
          sign > 0
            ? { one: `is the highest number above ${currentTag}`, none: `no tag is a number above ${currentTag}` }
            : { one: `is the lowest number below ${currentTag}`, none: `no tag is a number below ${currentTag}` },
        accepts: (tag) => isNumber(tag) && isBeyond(tag),
        miss(tag) {
          if (!isNumber(tag))
            return {
              reason: isCompanion(tag) ? 'a signature or an attestation' : 'no number',
              newer: false,
              sameSeries: false,
              distance: 9,
            };
          return isBeyond(tag)
            ? undefined
            : {
                reason: `not ${sign > 0 ? 'above' : 'below'} the current tag`,
                newer: false,
                sameSeries: true,
                distance: 0,
              };
        },
        compare: (a, b) => compareNumbers(a, b) * sign || compareSpelling(currentTag, a, b),
      });
    },
  };
}

/**
 * `alphabetical`: the highest tag by code point above the current one; with the value `asc` the lowest, below it.
 * @param invalidValue makes the error of a value that is wrong
 * @throws InvalidRuleError
 */
export function alphabeticalRule({ name, type, actions, value }: RuleSpec, invalidValue: InvalidValue): Rule {
  const sign = signOf(value, invalidValue);
  return {
    name,
    type,
    actions,
    ...(sign < 0 ? { descends: true as const } : {}),
    reach(origin, target) {
      if (compareText(origin, target) * sign > 0) return 'beyond';
      return isCompanion(origin) || isCompanion(target) ? 'out' : 'within';
    },
    from: (currentTag) =>
      selectBy({
        descends: sign < 0,
        wants:
          sign > 0
            ? {
                one: `is the highest by code point above ${currentTag}`,
                none: `no tag is above ${currentTag} by code point`,
              }
            : {
                one: `is the lowest by code point below ${currentTag}`,
                none: `no tag is below ${currentTag} by code point`,
              },
        accepts: (tag) => compareText(tag, currentTag) * sign > 0 && !isCompanion(tag),
        miss(tag) {
          if (isCompanion(tag))
            return { reason: 'a signature or an attestation', newer: false, sameSeries: false, distance: 9 };
          return compareText(tag, currentTag) * sign > 0
            ? undefined
            : {
                reason: `not ${sign > 0 ? 'above' : 'below'} the current tag`,
                newer: false,
                sameSeries: true,
                distance: 0,
              };
        },
        compare: (a, b) => compareText(a, b) * sign,
      }),
  };
}

function signOf(value: string | undefined, invalidValue: InvalidValue): 1 | -1 {
  switch (value) {
    case undefined:
    case '':
    case 'desc':
      return 1;
    case 'asc':
      return -1;
    default:
      throw invalidValue(
        `value is ${JSON.stringify(value)}; leave it out for the highest tag above the current one, or use "asc" for the lowest below it`,
      );
  }
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
