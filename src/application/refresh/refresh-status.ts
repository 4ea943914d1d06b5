import { conditionsAfter, type ConditionState } from '../../domain/image/conditions.ts';
import type {
  CandidateReason,
  FirstSeen,
  HistoryEntry,
  Origin,
  RefreshResult,
  Update,
} from '../../domain/image/image-status.ts';
import type { Image } from '../../domain/image/image.ts';
import { RETRYING } from '../../domain/image/image-state.ts';
import { isTagGone, TAG_GONE } from '../../domain/image/tag-gone.ts';
import type { ControllerStatus } from '../ports/image-store.ts';
import type { TriggerProblem } from '../trigger/understand-triggers.ts';

/** What an Image is on after a refresh, and what it moves to. */
export interface ControllerState {
  readonly tag: string;
  readonly digest?: string | undefined;
  readonly update?: Update | undefined;
  readonly candidates?: readonly CandidateReason[] | undefined;
  readonly firstSeen?: readonly FirstSeen[] | undefined;
  readonly history?: readonly HistoryEntry[] | undefined;
  readonly origins?: readonly Origin[] | undefined;
  /** The `spec.image` and `spec.baseTag` that this holds for. */
  readonly image: string;
  readonly baseTag: string;
}

/** How a refresh ended. */
export type RefreshOutcome =
  /** The registry was asked and everything is as it should be, or moves there. */
  | { readonly kind: 'fine'; readonly message: string }
  /** Only a person can mend it: a rule, the image's name, a rollout that failed. */
  | { readonly kind: 'stalled'; readonly result: RefreshResult; readonly reason: string; readonly message: string }
  /** It is tried again by itself. */
  | {
      readonly kind: 'retry';
      readonly result: RefreshResult;
      readonly reason: string;
      readonly message: string;
      readonly retryAfterMs?: number | undefined;
      readonly unforeseen?: unknown;
    };

/** The message of the condition {@link TAG_GONE}, as far as it is known to be so. */
export function goneBefore({ spec, status }: Image, { tag }: ControllerState): string | undefined {
  if (status.tag !== tag || status.image !== spec.image) return undefined;
  return status.conditions.find(({ type }) => type === TAG_GONE)?.message;
}

/**
 * The status that says so.
 * @param gone what there is to say of a tag that the registry does not list
 * @param now RFC 3339, when the refresh began
 */
export function refreshStatus(
  image: Image,
  position: ControllerState,
  end: RefreshOutcome,
  gone: string | undefined,
  problems: readonly TriggerProblem[],
  now: string,
): ControllerStatus {
  const { update, candidates = [], firstSeen = [], history = [], origins = [] } = position;
  return {
    tag: position.tag,
    ...(position.digest === undefined ? {} : { digest: position.digest }),
    result: end.kind !== 'fine' ? end.result : update === undefined ? 'Success' : 'Scheduled',
    time: now,
    image: position.image,
    baseTag: position.baseTag,
    observedGeneration: image.generation,
    ...(update === undefined ? {} : { update }),
    ...(candidates.length === 0 ? {} : { candidates }),
    ...(firstSeen.length === 0 ? {} : { firstSeen }),
    ...(history.length === 0 ? {} : { history }),
    ...(origins.length === 0 ? {} : { origins }),
    conditions: conditionsAfter(
      image.status.conditions,
      [
        ready(position, end),
        reconciling(position, end),
        stalled(end, problems),
        ...(gone === undefined ? [] : [isTagGone(gone)]),
      ],
      image.generation,
      now,
    ),
  };
}

function ready(position: ControllerState, end: RefreshOutcome): ConditionState {
  const type = 'Ready';
  if (end.kind !== 'fine') return { type, status: 'False', reason: end.reason, message: end.message };
  if (position.update !== undefined)
    return { type, status: 'False', reason: 'Updating', message: updating(position, position.update) };
  return { type, status: 'True', reason: 'UpToDate', message: end.message };
}

function reconciling(position: ControllerState, end: RefreshOutcome): ConditionState {
  const type = 'Reconciling';
  if (position.update !== undefined)
    return { type, status: 'True', reason: 'Updating', message: updating(position, position.update) };
  if (end.kind === 'retry') return { type, status: 'True', reason: RETRYING, message: end.message };
  return { type, status: 'False', reason: 'Idle', message: 'nothing is under way' };
}

function stalled(end: RefreshOutcome, problems: readonly TriggerProblem[]): ConditionState {
  const type = 'Stalled';
  if (end.kind === 'stalled') return { type, status: 'True', reason: end.reason, message: end.message };
  if (problems.length > 0) {
    return {
      type,
      status: 'True',
      reason: 'InvalidTrigger',
      message: problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
    };
  }
  return { type, status: 'False', reason: 'NotStalled', message: 'nothing waits for a person' };
}

function updating(position: ControllerState, update: Update): string {
  return `${position.tag} -> ${update.tag}, by ${update.rule}`;
}
