import type { Image } from './image.ts';
import { samePinnedTag } from '../reference/pinned-tag.ts';
import type { Rollout, Update } from './image-status.ts';

/** The reason of the condition Reconciling while a failed refresh waits to be tried again. */
export const RETRYING = 'Retrying';

/** Values of the annotation `kimup.cloudavenue.io/action` that ask for a refresh now. */
export const REFRESH_ACTIONS: ReadonlySet<string> = new Set(['refresh', 'reload']);

/** Whether the status speaks of another repository: the Image starts anew, without anything of the old one. */
export function startOver(image: Image): boolean {
  return image.status.image !== image.spec.image;
}

/** Whether the Image was never refreshed as it is now: new, or its spec changed since. */
export function needsRefresh(image: Image): boolean {
  return (
    image.status.tag === undefined || image.status.observedGeneration !== image.generation || !isOfPresentSpec(image)
  );
}

/** Whether the last refresh failed and was to be tried again: told from the Image after a restart. */
export function wasRetrying(image: Image): boolean {
  return image.status.conditions.some(
    ({ type, status, reason }) => type === 'Reconciling' && status === 'True' && reason === RETRYING,
  );
}

/** Whether the operator has brought the update under way to an end that is not recorded yet. */
export function hasEndedUpdate(image: Image): boolean {
  return outcomeOfUpdate(image) !== undefined;
}

/** How the update under way ended: `undefined` while there is none, or it goes on. */
export function outcomeOfUpdate(image: Image): 'Healthy' | 'Failed' | undefined {
  const { update, rollout } = image.status;
  if (update === undefined || rollout === undefined) return undefined;
  if (!isSameMove(rollout, update)) return undefined;
  return rollout.phase === 'Progressing' ? undefined : rollout.phase;
}

/**
 * Whether two are of one move: an update and the rollout that rolls it out, or two rollouts. Another move to the same tag began
 * at another time. The operator copies `since` from the update, so no two clocks are compared.
 */
export function isSameMove(
  a: Pick<Update | Rollout, 'tag' | 'digest' | 'since'>,
  b: Pick<Update | Rollout, 'tag' | 'digest' | 'since'>,
): boolean {
  return samePinnedTag(a, b) && a.since === b.since;
}

/** Whether the status was written for the present `spec.image` and `spec.baseTag`; otherwise the controller comes first. */
export function isOfPresentSpec({ spec, status }: Image): boolean {
  return status.image === spec.image && status.baseTag === spec.baseTag;
}

/** Whether the status has a tag, of the present spec, that may be put on pods. */
export function statusIsCurrent(image: Image): boolean {
  return image.status.tag !== undefined && isOfPresentSpec(image);
}

/** Whether the rollout was for the repository that the Image is for now; what an older kimup wrote does not say. */
export function isOfThisImage(rollout: Rollout, image: Image): boolean {
  return rollout.image === undefined || rollout.image === image.spec.image;
}

/** The last rollout, if it failed and was of the present `spec.image`: its tag is not tried again while it points at the same digest. */
export function failedRollout(image: Image): Rollout | undefined {
  const { rollout } = image.status;
  return rollout?.phase === 'Failed' && isOfThisImage(rollout, image) ? rollout : undefined;
}
