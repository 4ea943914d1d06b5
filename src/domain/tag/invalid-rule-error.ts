/** A rule, or the tag filter, can't be built from its spec; the message names its place, its name and what is wrong. */
export class InvalidRuleError extends Error {
  override readonly name = 'InvalidRuleError';
}
