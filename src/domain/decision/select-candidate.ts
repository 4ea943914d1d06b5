import type { CandidateSelector, Rule } from '../rule/rule.ts';
import { EVERY_TAG, type Shown } from '../tag/tag-filter.ts';
import type { DecisionInput } from './decision-input.ts';
import type { FactName } from './facts.ts';
import { isExclusion } from './vetoes/veto.ts';
import { vetoOf } from './vetoes/vetoes.ts';

/** How many candidates of a rule are asked about at most: each may cost requests to the registry. */
export const MOST_TRIED = 100;

/** A candidate that was come to and not taken. */
export interface PassedOver {
  readonly tag: string;
  /** After the tag's name: `lacks linux/arm64`. */
  readonly reason: string;
  /** When it will be old enough, milliseconds since the epoch, where it is only too young. */
  readonly recheckAt?: number;
}

/** What a rule takes of the tags, and on the way to it what it passed over; or what has to be known first. */
export type Selection =
  | { readonly kind: 'ask'; readonly tag: string; readonly facts: readonly FactName[] }
  | SelectedCandidate;

export interface SelectedCandidate {
  readonly kind: 'selected';
  readonly tag: string | undefined;
  readonly selector: CandidateSelector | undefined;
  /** Why the rule can't find any tag, where it can't. */
  readonly notApplicable: string | undefined;
  readonly passedOver: readonly PassedOver[];
  /** Whether none of {@link MOST_TRIED} candidates passed and there are more: those are not looked at. */
  readonly cutShort: boolean;
  readonly currentDigest: string | undefined;
}

/** Returns the first of a rule's candidates, best first, that no veto excludes. */
export function selectCandidate(rule: Rule, input: DecisionInput, shown: Shown): Selection {
  if (rule.byDigest === true) shown = EVERY_TAG.show(input.currentTag, input.tags);
  if (shown.current === undefined) {
    const notApplicable = `spec.tags.extract does not match the current tag ${input.currentTag}; set spec.baseTag to a tag that it matches`;
    return { ...NOTHING, selector: undefined, notApplicable };
  }
  const selector = rule.from(shown.current);
  const { notApplicable } = selector;
  const nothing: SelectedCandidate = { ...NOTHING, selector, notApplicable };
  if (notApplicable !== undefined) return nothing;
  const passedOver: PassedOver[] = [];
  let currentDigest: string | undefined;
  for (const text of selector.candidates(shown.tags)) {
    for (const tag of shown.tagsOf(text)) {
      const soFar = { ...nothing, passedOver, currentDigest };
      if (passedOver.length >= MOST_TRIED) return { ...soFar, cutShort: true };
      const veto = vetoOf({ tag, rule }, input);
      if (veto === undefined) return { ...soFar, tag };
      if (!isExclusion(veto)) return { kind: 'ask', tag: veto.tag, facts: veto.missing };
      const { reason, recheckAt } = veto;
      currentDigest = veto.currentDigest ?? currentDigest;
      passedOver.push({ tag, reason, ...(recheckAt === undefined ? {} : { recheckAt }) });
    }
  }
  return { ...nothing, passedOver, currentDigest };
}

const NOTHING: SelectedCandidate = {
  kind: 'selected',
  tag: undefined,
  selector: undefined,
  notApplicable: undefined,
  passedOver: [],
  cutShort: false,
  currentDigest: undefined,
};
