import { InvalidRuleError } from '../tag/invalid-rule-error.ts';

/** Makes the error of a rule's value. @param problem what is wrong and what to write instead, without its full stop */
export type InvalidValue = (problem: string, options?: ErrorOptions) => InvalidRuleError;

/** {@link InvalidValue} for the rule at `index` of `spec.rules`. */
export function invalidValueOf(name: string, index: number): InvalidValue {
  return (problem, options) =>
    new InvalidRuleError(`${placeOf(name, index)}: ${problem}`, ['spec', 'rules', index, 'value'], options);
}

/** A rule for messages, as in `spec.rules[0] ("minor")`. */
export function placeOf(name: string, index: number): string {
  return `spec.rules[${index}] (${JSON.stringify(name)})`;
}
