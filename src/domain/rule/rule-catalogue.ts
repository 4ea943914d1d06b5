import type { TagsSpec } from '../tag/tags-spec.ts';
import type { RuleSpec } from './rule-spec.ts';
import { buildTagFilter, type TagFilter } from '../tag/tag-filter.ts';
import { alphabeticalRule } from './alphabetical-rule.ts';
import { alwaysRule } from './always-rule.ts';
import { calverPreReleaseRule, calverRule } from './calver-rule.ts';
import { digestRule } from './digest-rule.ts';
import { numericalRule } from './numerical-rule.ts';
import { rangeRule } from './range-rule.ts';
import { regexRule } from './regex-rule.ts';
import { InvalidRuleError } from '../tag/invalid-rule-error.ts';
import { invalidValueOf, placeOf } from './invalid-value.ts';
import type { Rule } from './rule.ts';
import { semverRule } from './semver-rule.ts';

/**
 * The one switch from a rule's spec to the rule.
 * @param index its place in `spec.rules`, from 0
 * @throws InvalidRuleError
 */
export function buildRule(spec: RuleSpec, index: number): Rule {
  const { name, type } = spec;
  const invalidValue = invalidValueOf(name, index);
  switch (type) {
    case 'semver-major':
      return semverRule(spec, 'major');
    case 'semver-minor':
      return semverRule(spec, 'minor');
    case 'semver-patch':
      return semverRule(spec, 'patch');
    case 'semver-range':
      return rangeRule(spec, invalidValue);
    case 'calver-major':
      return calverRule(spec, 'major');
    case 'calver-minor':
      return calverRule(spec, 'minor');
    case 'calver-patch':
      return calverRule(spec, 'patch');
    case 'calver-prerelease':
      return calverPreReleaseRule(spec);
    case 'regex':
      return regexRule(spec, invalidValue);
    case 'numerical':
      return numericalRule(spec, invalidValue);
    case 'alphabetical':
      return alphabeticalRule(spec, invalidValue);
    case 'digest':
      return digestRule(spec);
    case 'always':
      return alwaysRule(spec);
    default:
      // A type that the CRD lets through and this version of kimup has never heard of.
      throw new InvalidRuleError(
        `${placeOf(name, index)}: this version of kimup has no rules of type ${JSON.stringify(type satisfies never)}`,
        ['spec', 'rules', index, 'type'],
      );
  }
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
