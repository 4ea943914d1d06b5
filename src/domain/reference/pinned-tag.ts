/** What a pod template names for one Image. */
export interface PinnedTag {
  readonly tag: string;
  /** `sha256:…` of the tag when it was decided. */
  readonly digest?: string;
}

/** What else has a tag and a digest: an update, a rollout, a status. */
interface TagAndDigest {
  readonly tag: string;
  readonly digest?: string | undefined;
}

const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
/** Bounded, as what is kept of it in a status is: the registered algorithms have up to 128 digits. */
const DIGEST = '(?=[^:]{1,32}:)[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,128}';
const VALUE = new RegExp(`^(${TAG})(?:@(${DIGEST}))?$`);

/** The tag and digest of an update, a rollout or a status, alone. */
export function pinnedTagOf({ tag, digest }: TagAndDigest): PinnedTag {
  return digest === undefined ? { tag } : { tag, digest };
}

/** `tag@digest` or `tag`: one Image's entry, as a rollout's row keeps it (`previousTag`, `pinnedTag`). `undefined` for anything else. */
export function parsePinnedTag(text: string): PinnedTag | undefined {
  const [, tag, digest] = VALUE.exec(text) ?? [];
  if (tag === undefined) return undefined;
  return digest === undefined ? { tag } : { tag, digest };
}

/** The inverse of {@link parsePinnedTag}. */
export function formatPinnedTag(entry: PinnedTag): string {
  return entry.digest === undefined ? entry.tag : `${entry.tag}@${entry.digest}`;
}

/** Whether two name the same: equal tags, and equal digests or none on both sides. Two that are absent do. */
export function samePinnedTag(a: TagAndDigest | undefined, b: TagAndDigest | undefined): boolean {
  return a?.tag === b?.tag && a?.digest === b?.digest;
}
