import { type PinnedTag, formatPinnedTag, parsePinnedTag } from '../reference/pinned-tag.ts';

/**
 * The pod template annotation by which a rollout names what new pods get: an entry an Image, `name=tag@digest`
 * (the digest left off where it is not known), sorted by name, comma-separated. Changing it is what makes Kubernetes roll.
 */
export const IMAGES_ANNOTATION = 'kimup.cloudavenue.io/images';

const NAME = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?';
const ENTRY = new RegExp(`^(${NAME})=(.*)$`);

/**
 * The entries of the annotation's `text`, by the Image's name. A person may have written it: what is no entry is left
 * out, spaces around one do not matter, and of two for one Image the last counts.
 */
export function parseImagesAnnotation(text: string | undefined): Map<string, PinnedTag> {
  const entries = new Map<string, PinnedTag>();
  if (text === undefined || text === '') return entries;
  for (const part of text.split(',')) {
    const [, name, value] = ENTRY.exec(part.trim()) ?? [];
    const entry = value === undefined ? undefined : parsePinnedTag(value);
    if (name !== undefined && entry !== undefined) entries.set(name, entry);
  }
  return entries;
}

/** The inverse of {@link parseImagesAnnotation}: the empty text for no entries, for which the annotation is left off. */
export function formatImagesAnnotation(entries: ReadonlyMap<string, PinnedTag>): string {
  return [...entries]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, entry]) => `${name}=${formatPinnedTag(entry)}`)
    .join(',');
}
