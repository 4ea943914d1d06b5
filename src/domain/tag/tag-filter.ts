import type { TagsSpec } from '../image/image.ts';

/**
 * `spec.tags`: which tags the rules see, and as what. Built and checked once by {@link buildTagFilter}, then pure.
 */
export interface TagFilter {
  /** `linux/amd64`, …: a tag that is taken must have all of them. Empty where nothing is asked for. */
  readonly platforms: readonly string[];
  /** How long kimup must have known a tag's digest, milliseconds; 0 where nothing is asked for. */
  readonly minimumAgeMs: number;
  /** What the rules see of these tags. */
  show(currentTag: string, tags: readonly string[]): Shown;
  /** Why the rules don't see a tag; `undefined` where they do. */
  hides(tag: string): string | undefined;
}

/** What the rules see. */
export interface Shown {
  /** The current tag; where `undefined`, `spec.tags.extract` does not match it. */
  readonly current: string | undefined;
  readonly tags: readonly string[];
  /** What the rules see as `text`: tags, the best first; the same text where nothing is extracted. */
  tagsOf(text: string): readonly string[];
  /** What the rules see of a tag that is not hidden. */
  textOf(tag: string): string;
}

/** @throws InvalidRuleError that names the field and what is wrong with it */
export function buildTagFilter(spec: TagsSpec | undefined): TagFilter {
  if (spec === undefined) return EVERY_TAG;
  return EVERY_TAG;
}

/** Without `spec.tags`: the rules see all tags as they are. */
export const EVERY_TAG: TagFilter = {
  platforms: [],
  minimumAgeMs: 0,
  show: (current, tags) => ({ current, tags, tagsOf: (text) => [text], textOf: (tag) => tag }),
  hides: () => undefined,
};
