import type { Action, RuleType } from '../image/image.ts';

/**
 * What counts as an update. Built and checked once from its spec by `buildRule`, then pure: the same question has the
 * same answer. To add one: a file beside this with its table test, and a case in build-rule.ts.
 */
export interface Rule {
  readonly name: string;
  readonly type: RuleType;
  readonly actions: readonly Action[];

  /**
   * Which of `tags` (all that the repository has, in any order, also more than once) takes the place of `currentTag`.
   * Never one that is older, and never `currentTag` itself. Not finding one is an answer, no error.
   */
  select(currentTag: string, tags: readonly string[]): Selection;
}

/** A tag, or none, and why: a sentence without its full stop. */
export type Selection =
  | { readonly tag: string; readonly reason: string }
  | { readonly tag: undefined; readonly reason: string };

/** A rule can't be built from its spec; the message names its place, its name and what can be used instead. */
export class InvalidRuleError extends Error {
  override readonly name = 'InvalidRuleError';
}
