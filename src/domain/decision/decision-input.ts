import type { Rule } from '../rule/rule.ts';
import type { TagFilter } from '../tag/tag-filter.ts';
import type { Facts } from './facts.ts';

/** All that a decision depends on. */
export interface DecisionInput {
  /** In the order of `spec.rules`. */
  readonly rules: readonly Rule[];
  /** `spec.tags`; without it the rules see all tags. */
  readonly filter?: TagFilter | undefined;
  readonly currentTag: string;
  /** The digest that the Image is on (`status.digest`); a digest rule needs it. */
  readonly currentDigest?: string | undefined;
  /** All tags of the repository, in any order. */
  readonly tags: readonly string[];
  /** Milliseconds since the epoch; `spec.tags.minimumAge` needs it. */
  readonly now?: number;
  /** What the registry has said of single tags so far. */
  readonly facts?: Facts;
  /**
   * Set where nobody can be asked for facts, and why (`the tags come from a file`): each missing one is unknown then,
   * and no `ask` comes back.
   */
  readonly noFacts?: string | undefined;
  /**
   * Set where a registry can be asked: no tag is moved to whose digest is unknown. A registry may list what it does not have any
   * more, so that no pod could pull it.
   */
  readonly provenTags?: boolean;
  /** The update that is under way: while there is one, nothing else moves. */
  readonly updating?: { readonly tag: string; readonly rule: string } | undefined;
  /** The tag of the last rollout that failed. */
  readonly rejected?: Rejected | undefined;
  /** Also says, of a rule that finds nothing, which newer tags it left out; costs a look at every tag. */
  readonly withMisses?: boolean;
}

/**
 * A tag that must not be taken again until there is a newer one. Older tags of its series are left out with it: taking the
 * next best instead, and then this one again when that fails too, would roll the workloads for ever.
 */
export interface Rejected {
  readonly tag: string;
  /**
   * What failed: where the tag now points to another digest, it is no longer rejected. Without it the tag is, whatever
   * it points at.
   */
  readonly digest?: string | undefined;
  readonly reason: string;
}
