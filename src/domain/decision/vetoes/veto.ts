import type { Rule } from '../../rule/rule.ts';
import type { DecisionInput } from '../decision-input.ts';
import type { FactName, TagFacts, Unknown } from '../facts.ts';

/** A tag that a rule would take, were nothing against it. */
export interface Candidate {
  readonly tag: string;
  readonly rule: Rule;
}

/** Why a candidate is held back. */
export interface Exclusion {
  /** After the tag's name: `lacks linux/arm64`. */
  readonly reason: string;
  /** When it will be old enough, milliseconds since the epoch, where it is only too young. */
  readonly recheckAt?: number;
  /** The digest of the current tag, where none was recorded to compare with: to be recorded. */
  readonly currentDigest?: string;
}

/** What has to be known of a tag first. */
export interface MissingFacts {
  readonly tag: string;
  readonly missing: readonly FactName[];
}

/**
 * Something that holds a candidate back, whatever rule comes to it. To add one: a file beside this with its table test, and
 * its name in vetoes.ts. Pure: what only a registry knows it looks up, and says what it lacks.
 */
export type Veto = (candidate: Candidate, input: DecisionInput) => Exclusion | MissingFacts | undefined;

/** A fact of a tag: what is known, or why it can't be; `undefined` where it has to be asked for first. */
export function factOf<F extends keyof TagFacts>(
  tag: string,
  fact: F,
  { facts, noFacts }: DecisionInput,
): NonNullable<TagFacts[F]> | Unknown | undefined {
  const found = facts?.get(tag)?.[fact];
  if (found !== undefined) return found as NonNullable<TagFacts[F]>;
  return noFacts === undefined ? undefined : { unknown: noFacts };
}

export function isExclusion(answer: Exclusion | MissingFacts): answer is Exclusion {
  return 'reason' in answer;
}
