import type { Image } from './image.ts';
import type { Rollout } from './image-status.ts';

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
    image.status.tag === undefined ||
    image.status.observedGeneration !== image.generation ||
    startOver(image) ||
    image.status.baseTag !== image.spec.baseTag
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
  // The operator copies `since` from the update it rolls out, so that no two clocks are compared.
  if (rollout.tag !== update.tag || rollout.digest !== update.digest || rollout.since !== update.since)
    return undefined;
  return rollout.phase === 'Progressing' ? undefined : rollout.phase;
}

/** Whether the status speaks of the present `spec.image` and `spec.baseTag`, so that its tag may be put on pods. */
export function statusIsCurrent(image: Image): boolean {
  return (
    image.status.tag !== undefined &&
    image.status.image === image.spec.image &&
    image.status.baseTag === image.spec.baseTag
  );
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
