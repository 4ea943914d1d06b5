import type { TriggerProblem } from '../trigger/trigger.ts';
import { conditionsAfter, type ConditionState } from './conditions.ts';
import { RETRYING } from './image-state.ts';
import type { Condition, ControllerStatus, Update } from './image-status.ts';
import type { RefreshOutcome } from './refresh-outcome.ts';
import { isTagGone, TAG_GONE } from './tag-gone.ts';

/** The types of the conditions that the controller owns. */
export const CONTROLLER_CONDITIONS: ReadonlySet<string> = new Set(['Ready', 'Reconciling', 'Stalled', TAG_GONE]);

/** An Image after a refresh. */
type Refreshed = Pick<ControllerStatus, 'update' | 'conditions'> & { readonly tag: string };

/** How a refresh ended, and of which generation of the Image. */
interface End {
  readonly outcome: RefreshOutcome;
  /** What there is to say of a tag that the registry does not list; absent where that is not known. */
  readonly gone?: { readonly message: string | undefined } | undefined;
  readonly problems: readonly TriggerProblem[];
  readonly generation: number;
  /** RFC 3339 */
  readonly at: string;
}

/** The controller's conditions after a refresh: of {@link CONTROLLER_CONDITIONS}, all that there is something to say of. */
export function refreshConditions(state: Refreshed, end: End): readonly Condition[] {
  const { conditions } = state;
  const gone = end.gone === undefined ? messageOfTagGone(conditions) : end.gone.message;
  const states = [
    ready(state, end.outcome),
    reconciling(state, end.outcome),
    stalled(end.outcome, end.problems),
    ...(gone === undefined ? [] : [isTagGone(gone)]),
  ];
  return conditionsAfter(conditions, states, end.generation, end.at);
}

/** What the condition {@link TAG_GONE} says; undefined where it is not there. */
export function messageOfTagGone(conditions: readonly Condition[]): string | undefined {
  return conditions.find(({ type }) => type === TAG_GONE)?.message;
}

function ready(state: Refreshed, outcome: RefreshOutcome): ConditionState {
  const type = 'Ready';
  if (outcome.kind !== 'ok') return { type, status: 'False', reason: outcome.reason, message: outcome.message };
  if (state.update !== undefined)
    return { type, status: 'False', reason: 'Updating', message: updating(state.tag, state.update) };
  return { type, status: 'True', reason: 'UpToDate', message: outcome.message };
}

function reconciling(state: Refreshed, outcome: RefreshOutcome): ConditionState {
  const type = 'Reconciling';
  if (state.update !== undefined)
    return { type, status: 'True', reason: 'Updating', message: updating(state.tag, state.update) };
  if (outcome.kind === 'retry') return { type, status: 'True', reason: RETRYING, message: outcome.message };
  return { type, status: 'False', reason: 'Idle', message: 'no update or retry is in progress' };
}

function stalled(outcome: RefreshOutcome, problems: readonly TriggerProblem[]): ConditionState {
  const type = 'Stalled';
  if (outcome.kind === 'stalled') return { type, status: 'True', reason: outcome.reason, message: outcome.message };
  if (problems.length > 0) {
    return {
      type,
      status: 'True',
      reason: 'InvalidTrigger',
      message: problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
    };
  }
  return { type, status: 'False', reason: 'NotStalled', message: 'no action by a user is needed' };
}

function updating(tag: string, update: Update): string {
  return `updating from ${tag} to ${update.tag} by rule ${JSON.stringify(update.rule)}`;
}
