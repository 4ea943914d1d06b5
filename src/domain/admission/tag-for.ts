import { type Image, statusIsCurrent } from '../image/image.ts';
import { type ImageReference, InvalidImageReferenceError, isTag, parseImageReference, sameRepository, withTag } from '../image/image-reference.ts';
import type { Entry } from '../rollout/template-entries.ts';
import { comparePrecedence, parseVersionTag } from '../tag/version-tag.ts';

/**
 * What becomes of a container's image when an Image's tag is to be put on it.
 * - `put`: `image` is its new text, spelt as it was
 * - `equal`: it has that tag already
 * - `left`: it stays as it is, and `because` says why: it names another repository (or none at all); its digest is
 *   somebody's word; its version is of another variant, or higher; the tag to be put is no version and its own is one
 */
export type Fit =
  | { readonly kind: 'put'; readonly image: string }
  | { readonly kind: 'equal' }
  | { readonly kind: 'left'; readonly because: 'other-repository' | 'digest' | 'variant' | 'higher' | 'no-version' };

/** What `containerImage`, as a manifest has it, becomes when `image` puts `tag` on it. */
export function tagFor(containerImage: string, image: Image, tag: string): Fit {
  const reference = readReference(containerImage);
  const wanted = readReference(image.spec.image);
  if (reference === undefined || wanted === undefined || !sameRepository(reference, wanted)) return { kind: 'left', because: 'other-repository' };
  return tagOn(containerImage, reference, tag);
}

/** The same for a reference that was parsed and is known to be of the Image's repository. */
export function tagOn(containerImage: string, reference: ImageReference, tag: string): Fit {
  if (reference.digest !== undefined) return { kind: 'left', because: 'digest' };
  if (reference.tag === tag) return { kind: 'equal' };
  const own = reference.tag === undefined ? undefined : parseVersionTag(reference.tag);
  if (own !== undefined) {
    const next = parseVersionTag(tag);
    if (next === undefined) return { kind: 'left', because: 'no-version' };
    if (next.variant !== own.variant) return { kind: 'left', because: 'variant' };
    if (comparePrecedence(own, next) > 0) return { kind: 'left', because: 'higher' };
  }
  return { kind: 'put', image: withTag(containerImage, tag) };
}

/**
 * The tag that `image` puts on a pod: the one that the pod's template names for it (`entry`), unless the rollout of that
 * one failed; else the Image's own. `undefined` when it puts none: its status does not speak of its present spec, or it goes.
 */
export function tagOf(image: Image, entry: Entry | undefined): string | undefined {
  if (image.deleting || !statusIsCurrent(image)) return undefined;
  const tag = entry !== undefined && !hasFailed(image, entry) ? entry.tag : image.status.tag;
  return tag !== undefined && isTag(tag) ? tag : undefined;
}

/** Of another digest than the one that failed, a tag is something else. */
function hasFailed(image: Image, entry: Entry): boolean {
  const rollout = image.status.rollout;
  return rollout?.phase === 'Failed' && rollout.tag === entry.tag
    && (rollout.digest === undefined || entry.digest === undefined || rollout.digest === entry.digest);
}

/** The reference, `undefined` for what is none. */
export function readReference(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof InvalidImageReferenceError) return undefined;
    throw error;
  }
}
