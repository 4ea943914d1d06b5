import type { Action } from '../action/action.ts';
import type { RuleType } from './rule-spec.ts';

/**
 * How a tag is to another one that an Image was brought to, by one rule:
 * - `within`: from the one the rule could come to the other, at once or in several moves, or they are equal for it
 * - `beyond`: the one lies past the other in the rule's direction
 * - `out`: neither
 */
export type Reach = 'within' | 'beyond' | 'out';

/**
 * What counts as an update. Built and checked once from its spec by `buildRule`, then pure: the same input has the
 * same answer. It sees tags as the tag filter shows them (`spec.tags.extract`), and nothing but them; what a registry
 * knows of a single tag is the decision's to ask. To add a rule: a file beside this with its table test, and a case in
 * rule-catalogue.ts.
 */
export interface Rule {
  readonly name: string;
  readonly type: RuleType;
  readonly actions: readonly Action[];
  /** The same tag again, where it points at another digest: set by the digest rule alone. */
  readonly byDigest?: true;

  /** Set where the rule goes down: lower is better. */
  readonly descends?: true;

  /** How `origin` relates to `target`, both as the rule sees tags (after spec.tags.extract). Independent of any list of tags. */
  reach(origin: string, target: string): Reach;

  /** The rule before one current tag. Cheap: nothing of `tags` is looked at yet. */
  from(currentTag: string): CandidateSelector;
}

/** A rule before one current tag. */
export interface CandidateSelector {
  /** Set if the rule can't be applied to the current tag: the reason and what to do, as a sentence without a full stop. */
  readonly notApplicable?: string;
  /**
   * What is said of the tag that is taken, after its name (`is the highest with a major above 1`), and where there is
   * none (`no tag with a major above 1`).
   */
  readonly description: { readonly one: string; readonly none: string };

  /**
   * Those of `tags` (in any order, also more than once) that may take the current tag's place, best first, each once.
   * Lazy: the first costs one pass without memory for each tag, the rest are sorted only when the second is asked for.
   */
  candidates(tags: readonly string[]): Iterable<string>;

  /**
   * Why a tag among `tags` is no candidate; `undefined` where it is. Asked only where somebody wants the reasons, which
   * may be of thousands of tags: what has to be known of the whole list is found out once.
   */
  explain(tags: readonly string[]): (tag: string) => Miss | undefined;

  /**
   * What somebody should know of a tag that is taken, beside the reason: a sentence without its full stop.
   * @param text what the rule sees of the tag
   * @param tag the whole of it
   */
  remark?(text: string, tag: string): string | undefined;

  /** Set where the rule goes down: lower is better. */
  readonly descends?: boolean;
  /** The rule's order: whether `tag` is the worse of the two. Of all that are candidates, and of the current tag's series. */
  isBelow(tag: string, other: string): boolean;
}

/** Why a tag is no candidate. */
export interface Miss {
  /** What the tag is: `from a different variant`; for one tag or many, after `is` or `are`. */
  readonly reason: string;
  /** Whether the tag is newer than the current one, so that somebody may ask why it was not taken. */
  readonly newer: boolean;
  /** Whether it is of the current tag's series, so that it can be told to be below the selected tag. */
  readonly sameSeries: boolean;
  /** How far from a candidate: 0 is the nearest. */
  readonly distance: number;
  /** What to do for such tags to be taken, where that is not plain from the reason; words that follow a comma. */
  readonly wayOut?: string;
}
