import type { TagsSpec } from '../tag/tags-spec.ts';
import type { RuleSpec, RuleType } from './rule-spec.ts';
import { ORDER, RANGE, REGULAR_EXPRESSION, type RuleValue } from './rule-value.ts';
import { buildTagFilter, type TagFilter } from '../tag/tag-filter.ts';
import { alphabeticalRule } from './alphabetical-rule.ts';
import { alwaysRule } from './always-rule.ts';
import { calverPreReleaseRule, calverRule } from './calver-rule.ts';
import { digestRule } from './digest-rule.ts';
import { numericalRule } from './numerical-rule.ts';
import { rangeRule } from './range-rule.ts';
import { regexRule } from './regex-rule.ts';
import { InvalidRuleError } from '../tag/invalid-rule-error.ts';
import { type InvalidValue, invalidValueOf, placeOf } from './invalid-value.ts';
import type { Rule } from './rule.ts';
import { semverRule } from './semver-rule.ts';

/** A type of rule. */
interface RuleKind {
  /** @param invalidValue makes the error of a value that can't be used @throws InvalidRuleError */
  readonly build: (spec: RuleSpec, invalidValue: InvalidValue) => Rule;
  /** What `spec.rules[].value` must be; absent where the rule takes no notice of it. The CRD's checks follow from it. */
  readonly value?: RuleValue;
}

/** Every type of rule. */
export const RULES: Readonly<Record<RuleType, RuleKind>> = {
  'semver-major': { build: (spec) => semverRule(spec, 'major') },
  'semver-minor': { build: (spec) => semverRule(spec, 'minor') },
  'semver-patch': { build: (spec) => semverRule(spec, 'patch') },
  'semver-range': { build: rangeRule, value: RANGE },
  'calver-major': { build: (spec) => calverRule(spec, 'major') },
  'calver-minor': { build: (spec) => calverRule(spec, 'minor') },
  'calver-patch': { build: (spec) => calverRule(spec, 'patch') },
  'calver-prerelease': { build: calverPreReleaseRule },
  regex: { build: regexRule, value: REGULAR_EXPRESSION },
  numerical: { build: numericalRule, value: ORDER },
  alphabetical: { build: alphabeticalRule, value: ORDER },
  digest: { build: digestRule },
  always: { build: alwaysRule },
};

/**
 * From a rule's spec to the rule.
 * @param index its place in `spec.rules`, from 0
 * @throws InvalidRuleError
 */
export function buildRule(spec: RuleSpec, index: number): Rule {
  const { name, type } = spec;
  // A type that the CRD lets through and this version of kimup has never heard of has no entry.
  const kind = Object.hasOwn(RULES, type) ? RULES[type] : undefined;
  if (kind === undefined)
    throw new InvalidRuleError(
      `${placeOf(name, index)}: this version of kimup has no rules of type ${JSON.stringify(type)}`,
      ['spec', 'rules', index, 'type'],
    );
  return kind.build(spec, invalidValueOf(name, index));
}

/** {@link buildRule} for all rules of an Image. */
export function buildRules(specs: readonly RuleSpec[]): readonly Rule[] {
  return specs.map(buildRule);
}

/** What an Image's spec asks of tags, checked, its patterns compiled. */
export interface BuiltSpec {
  readonly rules: readonly Rule[];
  readonly filter: TagFilter;
}

/**
 * Builds `spec.rules` and `spec.tags`.
 * @throws InvalidRuleError
 */
export function buildSpec({
  rules,
  tags,
}: {
  readonly rules: readonly RuleSpec[];
  readonly tags?: TagsSpec;
}): BuiltSpec {
  return { rules: buildRules(rules), filter: buildTagFilter(tags) };
}
