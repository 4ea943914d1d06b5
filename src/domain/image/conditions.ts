import type { Condition } from './image-status.ts';
import { truncate } from '../../support/text.ts';

/** A condition as it should be now; since when it is so is told from what it was. */
export type ConditionState = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

const MAX_MESSAGE = 1_024;

/**
 * Brings conditions to what they should be now. `lastTransitionTime` moves only where the status of a condition changed
 * (metav1.Condition), so that the same state written twice is the same object.
 * @param now RFC 3339
 */
export function conditionsAfter(
  before: readonly Condition[],
  states: readonly ConditionState[],
  observedGeneration: number,
  now: string,
): readonly Condition[] {
  return states.map((state) => {
    const previous = before.find((condition) => condition.type === state.type);
    const lastTransitionTime =
      previous !== undefined && previous.status === state.status ? previous.lastTransitionTime : now;
    return { ...state, message: shorten(state.message), observedGeneration, lastTransitionTime };
  });
}

/** The message as a condition keeps it. */
export function shorten(message: string): string {
  return truncate(message, MAX_MESSAGE);
}
