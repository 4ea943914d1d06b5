import type { Image } from '../image/image.ts';
import type { ImageSpec } from '../image/image-spec.ts';
import { isOfThisImage, statusIsCurrent } from '../image/image-state.ts';
import { isTag } from '../reference/reference-grammar.ts';
import type { PinnedTag } from '../reference/pinned-tag.ts';

/** What a registry gives; an annotation may hold anything. */
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whether pods get `tag@digest`: with the tag alone, a node that has it already would go on with what it once was. */
export function pinsDigest(spec: ImageSpec): boolean {
  return spec.pinDigest === true || spec.rules.some(({ type }) => type === 'digest');
}

/** `entry` as pods get it: its digest only where the Image says so. */
export function pinned(image: Image, entry: PinnedTag): PinnedTag {
  return entry.digest !== undefined && pinsDigest(image.spec) ? entry : { tag: entry.tag };
}

/**
 * What `image` puts on a pod: what the pod's template names for it (`entry`), unless the rollout of that one failed; else the
 * Image's own; with its digest where the Image says so. `undefined` when it puts none: its status does not speak of its
 * present spec, or it goes.
 */
export function resolveTag(image: Image, entry: PinnedTag | undefined): PinnedTag | undefined {
  if (image.deleting || !statusIsCurrent(image)) return undefined;
  const { tag, digest } = entry !== undefined && !hasFailed(image, entry) ? entry : image.status;
  if (tag === undefined || !isTag(tag)) return undefined;
  return pinned(image, digest === undefined || !DIGEST.test(digest) ? { tag } : { tag, digest });
}

/** Of another digest than the one that failed, a tag is something else. */
function hasFailed(image: Image, entry: PinnedTag): boolean {
  const rollout = image.status.rollout;
  return (
    rollout?.phase === 'Failed' &&
    isOfThisImage(rollout, image) &&
    rollout.tag === entry.tag &&
    (rollout.digest === undefined || entry.digest === undefined || rollout.digest === entry.digest)
  );
}
