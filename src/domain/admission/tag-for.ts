import { type Image, type ImageSpec, statusIsCurrent } from '../image/image.ts';
import { type ImageReference, isTag, readReference, sameRepository, withTag } from '../image/image-reference.ts';
import { isOfThisImage } from '../rollout/same-rollout.ts';
import type { Entry } from '../rollout/template-entries.ts';
import { comparePrecedence, parseVersionTag } from '../tag/version-tag.ts';

/** What a registry gives; an annotation may hold anything. */
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * What becomes of a container's image when an Image's tag is to be put on it.
 * - `put`: `image` is its new text, spelt as it was
 * - `equal`: it has that tag already, and that digest where one is put
 * - `left`: it stays as it is, and `because` says why: it names another repository (or none at all); its digest is
 *   somebody's word (but for the very `tag@digest` to be put); its version is of another variant, or higher; the tag to be put is no version and its own is one
 */
export type Fit =
  | { readonly kind: 'put'; readonly image: string }
  | { readonly kind: 'equal' }
  | { readonly kind: 'left'; readonly because: 'other-repository' | 'digest' | 'variant' | 'higher' | 'no-version' };

/** What `containerImage`, as a manifest has it, becomes when `image` puts `to` on it. */
export function tagFor(containerImage: string, image: Image, to: Entry): Fit {
  const reference = readReference(containerImage);
  const wanted = readReference(image.spec.image);
  if (reference === undefined || wanted === undefined || !sameRepository(reference, wanted)) return { kind: 'left', because: 'other-repository' };
  return tagOn(containerImage, reference, pinned(image, to));
}

/**
 * The same for a reference that was parsed and is known to be of the Image's repository.
 * @param to with its digest only where that is to be put too
 */
export function tagOn(containerImage: string, reference: ImageReference, to: Entry): Fit {
  const { tag, digest } = to;
  if (reference.tag === tag && reference.digest === digest) return { kind: 'equal' };
  if (reference.digest !== undefined) return { kind: 'left', because: 'digest' };
  const own = reference.tag === undefined || reference.tag === tag ? undefined : parseVersionTag(reference.tag);
  if (own !== undefined) {
    const next = parseVersionTag(tag);
    if (next === undefined) return { kind: 'left', because: 'no-version' };
    if (next.variant !== own.variant) return { kind: 'left', because: 'variant' };
    if (comparePrecedence(own, next) > 0) return { kind: 'left', because: 'higher' };
  }
  return { kind: 'put', image: withTag(containerImage, tag, digest) };
}

/** Whether pods get `tag@digest`: with the tag alone, a node that has it already would go on with what it once was. */
export function pinsDigest(spec: ImageSpec): boolean {
  return spec.pinDigest === true || spec.rules.some(({ type }) => type === 'digest');
}

/** `entry` as pods get it: its digest only where the Image says so. */
export function pinned(image: Image, entry: Entry): Entry {
  return entry.digest !== undefined && pinsDigest(image.spec) ? entry : { tag: entry.tag };
}

/**
 * What `image` puts on a pod: what the pod's template names for it (`entry`), unless the rollout of that one failed; else the
 * Image's own; with its digest where the Image says so. `undefined` when it puts none: its status does not speak of its
 * present spec, or it goes.
 */
export function tagOf(image: Image, entry: Entry | undefined): Entry | undefined {
  if (image.deleting || !statusIsCurrent(image)) return undefined;
  const { tag, digest } = entry !== undefined && !hasFailed(image, entry) ? entry : image.status;
  if (tag === undefined || !isTag(tag)) return undefined;
  return pinned(image, digest === undefined || !DIGEST.test(digest) ? { tag } : { tag, digest });
}

/** Of another digest than the one that failed, a tag is something else. */
function hasFailed(image: Image, entry: Entry): boolean {
  const rollout = image.status.rollout;
  return rollout?.phase === 'Failed' && isOfThisImage(rollout, image) && rollout.tag === entry.tag
    && (rollout.digest === undefined || entry.digest === undefined || rollout.digest === entry.digest);
}
