import { RULES } from '../../../domain/rule/rule-catalogue.ts';
import type { RuleType } from '../../../domain/rule/rule-spec.ts';
import type { RuleValue } from '../../../domain/rule/rule-value.ts';
import { Check } from './schema.ts';

/** A rule as far as its value is checked. */
interface Checked {
  readonly type: RuleType;
  readonly value?: string;
}

/** In CEL: whether `self.type` is one of these. */
export function isOneOf(types: readonly string[]): string {
  const [first, ...more] = types;
  return more.length === 0
    ? `self.type == '${first}'`
    : `self.type in [${types.map((type) => `'${type}'`).join(', ')}]`;
}

/** In CEL: that `self.type` is none of these, or else the condition holds. */
function unless(types: readonly string[], condition: string): string {
  return types.length === 1 ? `self.type != '${types[0]}' || ${condition}` : `!(${isOneOf(types)}) || ${condition}`;
}

/** Decorates the CRD's class of a rule with what each type of rule asks of its value. */
export function RuleValues(target: object): void {
  const types = Map.groupBy(
    (Object.keys(RULES) as RuleType[]).filter((type) => RULES[type].value !== undefined),
    (type) => RULES[type].value!,
  );
  for (const [value, of] of [...types].reverse()) for (const check of checksOf(value, of).reverse()) check(target);
}

function checksOf(value: RuleValue, types: readonly RuleType[]): ((target: object) => void)[] {
  return value.kind === 'choice' ? [choice(value, types)] : texts(value, types);
}

function choice(
  { values, message }: RuleValue & { kind: 'choice' },
  types: readonly RuleType[],
): ReturnType<typeof Check> {
  const allowed = ['', ...values];
  const listed = allowed.map((each) => `'${each}'`).join(', ');
  const condition = `!has(self.value) || self.value in [${listed}]`;
  return Check(
    unless(types, condition),
    message,
    undefined,
    holds(types, (given) => allowed.includes(given)),
  );
}

function texts(value: RuleValue & { kind: 'text' }, types: readonly RuleType[]): ReturnType<typeof Check>[] {
  const { description, blank, longest, pattern } = value;
  const checks = [
    Check(
      unless(types, `(has(self.value) && ${blank ? 'self.value' : 'self.value.trim()'} != '')`),
      `a ${types.join(' or ')} rule needs a value: ${description}`,
      undefined,
      holds(types, (given) => (blank ? given : given.trim()) !== ''),
    ),
  ];
  if (longest !== undefined) {
    const { characters, message } = longest;
    const condition = `!has(self.value) || self.value.size() <= ${characters}`;
    const short = holds(types, (given) => given.length <= characters);
    checks.push(Check(unless(types, condition), message, undefined, short));
  }
  // A pattern that does not compile is an error of the rule itself, and refused with RE2's own words.
  const compiles = "!has(self.value) || ''.matches(self.value) || !''.matches(self.value)";
  if (pattern !== undefined) checks.push(Check(unless(types, compiles), pattern, '.value'));
  return checks;
}

/** The same as CEL checks: whether the value of a rule of these types, empty where there is none, passes `test`. */
function holds(types: readonly RuleType[], test: (value: string) => boolean): (rule: Checked) => boolean {
  return ({ type, value = '' }) => !types.includes(type) || test(value);
}
