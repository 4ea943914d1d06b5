import type { InvalidValue } from './invalid-value.ts';
import type { RuleSpec } from './rule-spec.ts';
import type { Rule } from './rule.ts';

/** Which way a rule goes from the current tag: 1 up to the highest tag, -1 down to the lowest. */
export type Direction = 1 | -1;

/** The direction that a rule's value names. @param invalidValue makes the error of any other value */
function directionOf(value: string | undefined, invalidValue: InvalidValue): Direction {
  switch (value) {
    case undefined:
    case '':
    case 'desc':
      return 1;
    case 'asc':
      return -1;
    default:
      throw invalidValue(
        `value is ${JSON.stringify(value)}; omit it for the highest tag above the current one, or use "asc" for the lowest below it`,
      );
  }
}

/** What is said of tags that lie the other way. */
export function notBeyond(direction: Direction): string {
  return `not ${direction > 0 ? 'above' : 'below'} the current tag`;
}

/**
 * A rule whose value says which way it goes.
 * @param make what it does in that direction
 * @throws InvalidRuleError
 */
export function directedRule(
  { name, type, actions, value }: RuleSpec,
  invalidValue: InvalidValue,
  make: (direction: Direction) => Pick<Rule, 'reach' | 'from'>,
): Rule {
  const direction = directionOf(value, invalidValue);
  return { name, type, actions, ...(direction < 0 ? { descends: true as const } : {}), ...make(direction) };
}
