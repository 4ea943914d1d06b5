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
  const holds =
    (test: (value: string | undefined) => boolean) =>
    (rule: Checked): boolean =>
      !types.includes(rule.type) || test(rule.value);
  if (value.kind === 'choice') {
    const values = ['', ...value.values];
    const listed = values.map((each) => `'${each}'`).join(', ');
    const condition = `!has(self.value) || self.value in [${listed}]`;
    return [
      Check(
        unless(types, condition),
        value.message,
        undefined,
        holds((given = '') => values.includes(given)),
      ),
    ];
  }
  const { description, blank, longest, pattern } = value;
  const said = blank ? "self.value != ''" : "self.value.trim() != ''";
  const checks = [
    Check(
      unless(types, `(has(self.value) && ${said})`),
      `a ${types.join(' or ')} rule needs a value: ${description}`,
      undefined,
      holds((given = '') => (blank ? given : given.trim()) !== ''),
    ),
  ];
  if (longest !== undefined) {
    checks.push(
      Check(
        unless(types, `!has(self.value) || self.value.size() <= ${longest.characters}`),
        longest.message,
        undefined,
        holds((given = '') => given.length <= longest.characters),
      ),
    );
  }
  // A pattern that does not compile is an error of the rule itself, and refused with RE2's own words.
  if (pattern !== undefined)
    checks.push(
      Check(unless(types, "!has(self.value) || ''.matches(self.value) || !''.matches(self.value)"), pattern, '.value'),
    );
  return checks;
}
