import type { Action } from '../action/action.ts';

export const RULE_TYPES = [
  'semver-major',
  'semver-minor',
  'semver-patch',
  'semver-range',
  'calver-major',
  'calver-minor',
  'calver-patch',
  'calver-prerelease',
  'regex',
  'numerical',
  'alphabetical',
  'digest',
  'always',
] as const;

export type RuleType = (typeof RULE_TYPES)[number];

/** What counts as an update, as the user wrote it. {@link buildRule} makes it a rule that can be asked. */
export interface RuleSpec {
  readonly name: string;
  readonly type: RuleType;
  readonly value?: string;
  readonly actions: readonly Action[];
}
