import type { RuleSpec } from '../image/image.ts';
import { InvalidRuleError, type Rule } from './rule.ts';
import { semverRule } from './semver-rule.ts';

/**
 * The one switch from a rule's spec to the rule.
 * @param index its place in `spec.rules`, from 0
 * @throws InvalidRuleError
 */
export function buildRule(spec: RuleSpec, index: number): Rule {
  const { type } = spec;
  switch (type) {
    case 'semver-major':
      return semverRule(spec, 'major');
    case 'semver-minor':
      return semverRule(spec, 'minor');
    case 'semver-patch':
      return semverRule(spec, 'patch');
    case 'semver-range':
    case 'calver-major':
    case 'calver-minor':
    case 'calver-patch':
    case 'calver-prerelease':
    case 'regex':
    case 'numerical':
    case 'alphabetical':
    case 'digest':
    case 'always':
      throw unsupported(spec, index);
    default:
      // A type that the CRD lets through and this version of kimup has never heard of.
      throw unsupported({ name: spec.name, type: type satisfies never }, index);
  }
}

/** {@link buildRule} for all rules of an Image. */
export function buildRules(specs: readonly RuleSpec[]): readonly Rule[] {
  return specs.map(buildRule);
}

function unsupported({ name, type }: Pick<RuleSpec, 'name'> & { readonly type: string }, index: number): InvalidRuleError {
  return new InvalidRuleError(
    `spec.rules[${index}] (${JSON.stringify(name)}): this version of kimup has no rules of type ${JSON.stringify(type)} yet; use semver-major, semver-minor or semver-patch`,
  );
}
