import { conditionsAfter, type ConditionState } from '../../domain/image/conditions.ts';
import type { CandidateReason, FirstSeen, Image, RefreshResult, Update } from '../../domain/image/image.ts';
import { RETRYING } from '../../domain/image/need.ts';
import type { ControllerStatus } from '../ports/image-store.ts';
import type { TriggerProblem } from '../trigger/understand-triggers.ts';

/** What an Image is on after a refresh, and what it moves to. */
export interface Position {
  readonly tag: string;
  readonly digest?: string | undefined;
  readonly update?: Update | undefined;
  readonly candidates?: readonly CandidateReason[] | undefined;
  readonly firstSeen?: readonly FirstSeen[] | undefined;
  /** The `spec.image` and `spec.baseTag` that this holds for. */
  readonly image: string;
  readonly baseTag: string;
}

/** How a refresh ended. */
export type RefreshEnd =
  /** The registry was asked and everything is as it should be, or moves there. */
  | { readonly kind: 'fine'; readonly message: string }
  /** Only a person can mend it: a rule, the image's name, a rollout that failed. */
  | { readonly kind: 'stalled'; readonly result: RefreshResult; readonly reason: string; readonly message: string }
  /** It is tried again by itself. */
  | { readonly kind: 'retry'; readonly result: RefreshResult; readonly reason: string; readonly message: string; readonly retryAfterMs?: number | undefined; readonly unforeseen?: unknown };

/**
 * The status that says so.
 * @param now RFC 3339, when the refresh began
 */
export function refreshStatus(
  image: Image,
  position: Position,
  end: RefreshEnd,
  problems: readonly TriggerProblem[],
  now: string,
): ControllerStatus {
  const { update, candidates = [], firstSeen = [] } = position;
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
    conditions: conditionsAfter(
      image.status.conditions,
      [ready(position, end), reconciling(position, end), stalled(end, problems)],
      image.generation,
      now,
    ),
  };
}

function ready(position: Position, end: RefreshEnd): ConditionState {
  const type = 'Ready';
  if (end.kind !== 'fine') return { type, status: 'False', reason: end.reason, message: end.message };
  if (position.update !== undefined) return { type, status: 'False', reason: 'Updating', message: updating(position, position.update) };
  return { type, status: 'True', reason: 'UpToDate', message: end.message };
}

function reconciling(position: Position, end: RefreshEnd): ConditionState {
  const type = 'Reconciling';
  if (position.update !== undefined) return { type, status: 'True', reason: 'Updating', message: updating(position, position.update) };
  if (end.kind === 'retry') return { type, status: 'True', reason: RETRYING, message: end.message };
  return { type, status: 'False', reason: 'Idle', message: 'nothing is under way' };
}

function stalled(end: RefreshEnd, problems: readonly TriggerProblem[]): ConditionState {
  const type = 'Stalled';
  if (end.kind === 'stalled') return { type, status: 'True', reason: end.reason, message: end.message };
  if (problems.length > 0) {
    return { type, status: 'True', reason: 'InvalidTrigger', message: problems.map(({ field, message }) => `${field}: ${message}`).join('; ') };
  }
  return { type, status: 'False', reason: 'NotStalled', message: 'nothing waits for a person' };
}

function updating(position: Position, update: Update): string {
  return `${position.tag} -> ${update.tag}, by ${update.rule}`;
}
