import { type PinnedTag, formatPinnedTag, parsePinnedTag } from '../reference/pinned-tag.ts';

/**
 * The pod template annotation by which a rollout names what new pods get: a pinned tag an Image, `name=tag@digest`
 * (the digest left off where it is not known), sorted by name, comma-separated. Changing it is what makes Kubernetes roll.
 */
export const IMAGES_ANNOTATION = 'kimup.cloudavenue.io/images';

const NAME = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?';
const NAMED_TAG = new RegExp(`^(${NAME})=(.*)$`);

/**
 * The pinned tags of the annotation's `text`, by the Image's name. A person may have written it: what is none is left
 * out, spaces around one do not matter, and of two for one Image the last counts.
 */
export function parseImagesAnnotation(text: string | undefined): Map<string, PinnedTag> {
  const pinnedTags = new Map<string, PinnedTag>();
  if (text === undefined || text === '') return pinnedTags;
  for (const part of text.split(',')) {
    const [, name, value] = NAMED_TAG.exec(part.trim()) ?? [];
    const pinnedTag = value === undefined ? undefined : parsePinnedTag(value);
    if (name !== undefined && pinnedTag !== undefined) pinnedTags.set(name, pinnedTag);
  }
  return pinnedTags;
}

/** The inverse of {@link parseImagesAnnotation}: the empty text for none, for which the annotation is left off. */
export function formatImagesAnnotation(pinnedTags: ReadonlyMap<string, PinnedTag>): string {
  return [...pinnedTags]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, pinnedTag]) => `${name}=${formatPinnedTag(pinnedTag)}`)
    .join(',');
}
