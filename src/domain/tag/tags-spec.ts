/** Of a user's pattern, characters: the time that RE2 takes is linear in its size too. */
export const LONGEST_PATTERN = 1_000;

/** `os/architecture` or `os/architecture/variant` (OCI image index, "platform"), as a regular expression of RE2 and of JavaScript. */
export const PLATFORM = '^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9._-]+)?$';

/** Which tags the rules see, and of which they may take one: `spec.tags`, as the user wrote it. */
export interface TagsSpec {
  /** RE2, searched: only tags that match. */
  readonly include?: string;
  /** RE2, searched: no tag that matches. */
  readonly exclude?: string;
  /** RE2 with a group: what the rules see instead of the whole tag. */
  readonly extract?: string;
  /** `linux/amd64`, `linux/arm64/v8`: a tag must have all of them. */
  readonly platforms?: readonly string[];
  /** A duration (`90m`, `72h`, `7d`): how long kimup must have known the tag's digest. */
  readonly minimumAge?: string;
}
