import type { FieldPath } from '../../support/field-path.ts';

/** A rule, or the tag filter, can't be built from its spec; the message names its place, its name and what is wrong. */
export class InvalidRuleError extends Error {
  override readonly name = 'InvalidRuleError';
  /** What is at fault, from the Image's root. */
  readonly field: FieldPath;

  constructor(message: string, field: FieldPath, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
  }
}
