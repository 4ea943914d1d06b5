import { ANNOTATION_PREFIX, type Image } from '../image/image.ts';
import { type ImageReference, withTag } from '../reference/image-reference.ts';
import type { OffTrack, Track } from '../track/track.ts';

/** On a pod or pod template: the name of the Image that counts, where a container is on the track of several. */
export const IMAGE_ANNOTATION = `${ANNOTATION_PREFIX}image`;

/** A tag to be put on containers; with its digest only where that is to be put too. */
export interface TagToPut {
  readonly tag: string;
  readonly digest?: string;
}

/** An Image and its track. */
export interface TrackedImage {
  readonly image: Image;
  readonly track: Track;
}

/** An Image, its track, and what it would put on a container that is on it. */
export interface Contender extends TrackedImage {
  readonly to: TagToPut;
  /** Set where `to` is only where the Image will start: it counts, but puts nothing yet. */
  readonly waits?: boolean;
}

/**
 * An Image and the tag that it sets; if it has none yet, because it is new or its spec changed, the tag that it starts from:
 * another Image must not take over this Image's containers in the meantime.
 */
export function contenderFor({ image, track }: TrackedImage, to: TagToPut | undefined): Contender {
  return to === undefined ? { image, track, to: { tag: image.spec.baseTag }, waits: true } : { image, track, to };
}

/**
 * What becomes of a container's image when a tag is to be put on it.
 * - `put`: `image` is its new text, spelt as it was
 * - `equal`: it has that tag already, and that digest where one is put
 * - `left`: it stays as it is, and `because` says why: its digest is somebody's word (but for the very `tag@digest` to be
 *   put), or its tag is off the track
 */
export type Rewrite =
  | {
      readonly kind: 'put';
      readonly image: string;
      /** Whether the container's tag says nothing of a track: any would take it. */ readonly any: boolean;
    }
  | { readonly kind: 'equal' }
  | { readonly kind: 'left'; readonly because: 'digest' | OffTrack };

/** Which of several Images for a repository puts its tag on a container: one, none, or it can't be told. */
export type Selection =
  | { readonly kind: 'one'; readonly contender: Contender; readonly fit: Exclude<Rewrite, { readonly kind: 'left' }> }
  | {
      readonly kind: 'none';
      readonly left: readonly {
        readonly contender: Contender;
        readonly because: Extract<Rewrite, { readonly kind: 'left' }>['because'];
      }[];
    }
  | { readonly kind: 'tie'; readonly contenders: readonly Contender[] };

/**
 * What becomes of a container under one Image of its repository.
 * @param text the container's image as its manifest has it
 * @param reference the same, parsed
 */
export function rewrite(
  text: string,
  reference: ImageReference,
  { track, to }: Pick<Contender, 'track' | 'to'>,
): Rewrite {
  if (reference.tag === to.tag && reference.digest === to.digest) return { kind: 'equal' };
  if (reference.digest !== undefined) return { kind: 'left', because: 'digest' };
  const place = track.place(reference.tag, to.tag);
  return place === 'on' || place === 'any'
    ? { kind: 'put', image: withTag(text, to.tag, to.digest), any: place === 'any' }
    : { kind: 'left', because: place };
}

/**
 * Of several Images for a container's repository those on whose track it is count, before those that would take any; of
 * several of these the one that its pod names.
 * @param contenders all of the container's repository, in one namespace
 * @param named the value of {@link IMAGE_ANNOTATION} on the pod or its template
 */
export function selectImage(
  text: string,
  reference: ImageReference,
  contenders: readonly Contender[],
  named: string | undefined,
): Selection {
  const on: Extract<Selection, { kind: 'one' }>[] = [];
  const left: { contender: Contender; because: 'digest' | OffTrack }[] = [];
  for (const contender of contenders) {
    const fit = rewrite(text, reference, contender);
    if (fit.kind === 'left') left.push({ contender, because: fit.because });
    else on.push({ kind: 'one', contender, fit });
  }
  if (on.length === 0) return { kind: 'none', left };
  const own = on.filter(({ fit }) => fit.kind === 'equal' || !fit.any);
  const counting = own.length > 0 ? own : on;
  const [only] = counting;
  return counting.length === 1
    ? only!
    : (counting.find(({ contender }) => contender.image.name === named) ?? {
        kind: 'tie',
        contenders: counting.map(({ contender }) => contender),
      });
}

/** Why a container keeps its image, after `keeps app:1.9: `. */
export function whyItStays(because: 'digest' | OffTrack, own: string | undefined, tag: string, image: string): string {
  switch (because) {
    case 'digest':
      return 'it is pinned to a digest, which kimup does not change';
    case 'above':
    case 'below':
      return `its tag is ${because} ${tag}, the tag of Image ${image}`;
    case 'beyond':
      return `a rule of Image ${image} ranks its tag past ${tag}, the tag of the Image`;
    case 'base-tag':
      return `its tag is the new spec.baseTag of Image ${image}, which the Image has not moved to yet`;
    case 'variant':
      return `its variant differs from that of ${tag}, the tag of Image ${image}`;
    case 'series':
      return `its format differs from that of ${tag}, the tag of Image ${image}`;
    case 'no-version':
      return `its tag is a version, but ${tag}, the tag of Image ${image}, is not`;
    case 'out-of-reach':
      return `no rule of Image ${image} with apply or request-approval leads from ${own ?? ''} to ${tag}`;
  }
}
