import { isDeepStrictEqual } from 'node:util';
import { OPERATOR_CONDITIONS } from '../../../domain/rollout/rollout-conditions.ts';
import type { Image } from '../../../domain/image/image.ts';

/**
 * What of an Image a write was decided on. As long as that is the same, the write is as right for the present object as for the
 * one it was decided on, and may be sent for it; otherwise it has to be decided anew. See docs/decisions/0005.
 */
export type Precondition = (image: Image) => unknown;

/** The controller's status: the user's wish, its own fields, and how a rollout ended; not its progress, which changes nothing for it. */
export const controllerPrecondition: Precondition = ({ uid, generation, annotations, status }) => {
  const { rollout, conditions, ...own } = status;
  // These the controller takes away and sets itself, in the same pass.
  const { action: _, tag: __, checksum: ___, ...asked } = annotations;
  return {
    uid,
    generation,
    asked,
    own,
    conditions: conditions.filter(({ type }) => !OPERATOR_CONDITIONS.has(type)),
    ended:
      rollout === undefined || rollout.phase === 'Progressing'
        ? undefined
        : [rollout.tag, rollout.digest, rollout.since, rollout.phase],
  };
};

/** The operator's status: what is to be rolled out, and its own fields; not when the controller looked last, nor what it says of that. */
export const operatorPrecondition: Precondition = ({
  uid,
  generation,
  deleting,
  status: { tag, digest, image, baseTag, update, rollout, conditions },
}) => ({
  uid,
  generation,
  deleting,
  tag,
  digest,
  image,
  baseTag,
  update,
  rollout,
  conditions: conditions.filter(({ type }) => OPERATOR_CONDITIONS.has(type)),
});

/** Annotations: the present values of those that are written. */
export function annotationsPrecondition(names: readonly string[]): Precondition {
  return ({ uid, annotations }) => ({ uid, values: names.map((name) => annotations[name]) });
}

/** Whether what was decided on `decidedOn` holds for `present` too. */
export function holdsStill(basis: Precondition, decidedOn: Image, present: Image): boolean {
  return decidedOn === present || isDeepStrictEqual(basis(decidedOn), basis(present));
}
