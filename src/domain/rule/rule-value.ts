/** What the value of a rule must be, as far as the API server can check it. What it means is the rule's own to check. */
export type RuleValue =
  | {
      readonly kind: 'text';
      /** What has to stand there, after `a TYPE rule needs a value: `. */
      readonly description: string;
      /** Whether spaces alone are a value. */
      readonly blank: boolean;
      /** Characters. */
      readonly longest?: { readonly characters: number; readonly message: string };
      /** Whether it has to compile as an RE2 pattern, and what is said where it does not. */
      readonly pattern?: string;
    }
  | { readonly kind: 'choice'; readonly values: readonly string[]; readonly message: string };

/** Of the range of a `semver-range`, characters. */
export const LONGEST_RANGE = 256;

/** The value of `semver-range`. */
export const RANGE: RuleValue = {
  kind: 'text',
  description: "a range in npm's syntax, e.g. ^1.2 or >=1.9 <3",
  blank: false,
  longest: {
    characters: LONGEST_RANGE,
    message: `value of a semver-range rule must be at most ${LONGEST_RANGE} characters long`,
  },
};

/** The value of `regex`. */
export const REGULAR_EXPRESSION: RuleValue = {
  kind: 'text',
  description: 'a regular expression in RE2 syntax, e.g. ^v1[.]',
  blank: true,
  pattern: 'value must be a regular expression in RE2 syntax',
};

/** The value of `numerical` and `alphabetical`: which way they go. */
export const ORDER: RuleValue = {
  kind: 'choice',
  values: ['asc', 'desc'],
  message:
    'value of a numerical or alphabetical rule must be desc (the default: the highest tag above the current one) or asc (the lowest tag below it)',
};
