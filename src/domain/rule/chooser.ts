import type { Chooser, Miss } from './rule.ts';

/** A rule that no tag can satisfy from here. @param reason why, and what to do */
export function stuck(reason: string): Chooser {
  return { stuck: reason, wants: { one: '', none: reason }, candidates: () => [], misses: () => () => undefined, isBelow: () => false };
}

/** What makes a rule that looks at tags one by one: which are candidates, and which of two is the better. */
export interface Order {
  readonly wants: Chooser['wants'];
  /** Set where lower is better. */
  readonly descends?: boolean;
  /** Of any tag, why it is no candidate; `undefined` where it is. */
  miss(tag: string): Miss | undefined;
  /** The same, where nobody asks why. */
  accepts(tag: string): boolean;
  readonly remark?: Chooser['remark'];
  /** Of candidates and the current tag: positive where `a` is the better, 0 only for the same tag. */
  compare(a: string, b: string): number;
}

/** {@link Chooser} by an order. */
export function chooseBy(order: Order): Chooser {
  return {
    wants: order.wants,
    descends: order.descends === true,
    ...(order.remark === undefined ? {} : { remark: order.remark }),
    misses: () => (tag) => order.miss(tag),
    isBelow: (tag, other) => order.compare(tag, other) < 0,
    * candidates(tags) {
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
