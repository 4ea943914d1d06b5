import type { CandidateSelector, Miss } from './rule.ts';

/** A rule that no tag can satisfy from here. @param reason why, and what to do */
export function notApplicable(reason: string): CandidateSelector {
  return {
    notApplicable: reason,
    description: { one: '', none: reason },
    candidates: () => [],
    explain: () => () => undefined,
    isBelow: () => false,
  };
}

/** What makes a rule that looks at tags one by one: which are candidates, and which of two is the better. */
export interface Order {
  readonly description: CandidateSelector['description'];
  /** Set where lower is better. */
  readonly descends?: boolean;
  /** Of any tag, why it is no candidate; `undefined` where it is. */
  miss(tag: string): Miss | undefined;
  /** The same, where nobody asks why. */
  accepts(tag: string): boolean;
  readonly remark?: CandidateSelector['remark'];
  /** Of candidates and the current tag: positive where `a` is the better, 0 only for the same tag. */
  compare(a: string, b: string): number;
}

/** {@link CandidateSelector} by an order. */
export function selectBy(order: Order): CandidateSelector {
  return {
    description: order.description,
    descends: order.descends === true,
    ...(order.remark === undefined ? {} : { remark: order.remark }),
    explain: () => (tag) => order.miss(tag),
    isBelow: (tag, other) => order.compare(tag, other) < 0,
    *candidates(tags) {
      let best: string | undefined;
      for (let i = tags.length - 1; i >= 0; i--) {
        const tag = tags[i]!;
        if (tag !== best && order.accepts(tag) && (best === undefined || order.compare(tag, best) > 0)) best = tag;
      }
      if (best === undefined) return;
      yield best;
      const rest = new Set(tags.filter((tag) => tag !== best && order.accepts(tag)));
      yield* [...rest].sort((a, b) => order.compare(b, a));
    },
  };
}
