/**
 * The pod template annotation by which a rollout names what new pods get: an entry an Image, `name=tag@digest`
 * (the digest left off where it is not known), sorted by name, comma-separated. Changing it is what makes Kubernetes roll.
 */
export const IMAGES_ANNOTATION = 'kimup.cloudavenue.io/images';

/** What a pod template names for one Image. */
export interface Entry {
  readonly tag: string;
  /** `sha256:…` of the tag when it was decided. */
  readonly digest?: string;
}

const NAME = '[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?';
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
/** Bounded, as what is kept of it in a status is: the registered algorithms have up to 128 digits. */
const DIGEST = '(?=[^:]{1,32}:)[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,128}';
const ENTRY = new RegExp(`^(${NAME})=(.*)$`);
const VALUE = new RegExp(`^(${TAG})(?:@(${DIGEST}))?$`);

/**
 * The entries of the annotation's `text`, by the Image's name. A person may have written it: what is no entry is left
 * out, spaces around one do not matter, and of two for one Image the last counts.
 */
export function parseEntries(text: string | undefined): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  if (text === undefined || text === '') return entries;
  for (const part of text.split(',')) {
    const [, name, value] = ENTRY.exec(part.trim()) ?? [];
    const entry = value === undefined ? undefined : parseEntry(value);
    if (name !== undefined && entry !== undefined) entries.set(name, entry);
  }
  return entries;
}

/** The inverse of {@link parseEntries}: the empty text for no entries, for which the annotation is left off. */
export function formatEntries(entries: ReadonlyMap<string, Entry>): string {
  return [...entries]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, entry]) => `${name}=${formatEntry(entry)}`)
    .join(',');
}

/** The entry of what else a tag and digest are said of: an update, a rollout, a status. */
export function entryOfTag({ tag, digest }: { readonly tag: string; readonly digest?: string | undefined }): Entry {
  return digest === undefined ? { tag } : { tag, digest };
}

/** `tag@digest` or `tag`: one Image's entry, as a rollout keeps it to put it back (`before`). `undefined` for anything else. */
export function parseEntry(text: string): Entry | undefined {
  const [, tag, digest] = VALUE.exec(text) ?? [];
  if (tag === undefined) return undefined;
  return digest === undefined ? { tag } : { tag, digest };
}

/** The inverse of {@link parseEntry}. */
export function formatEntry(entry: Entry): string {
  return entry.digest === undefined ? entry.tag : `${entry.tag}@${entry.digest}`;
}
