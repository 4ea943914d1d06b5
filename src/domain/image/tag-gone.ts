import type { ConditionState } from './conditions.ts';

/** The controller's condition on an Image, there while it is so: the registry does not list the tag that the Image is on. */
export const TAG_GONE = 'TagGone';

/**
 * What there is to say of a tag that the registry does not list; undefined where it does.
 * @param tags all of the repository, whatever `spec.tags` hides
 */
export function tagGone(tag: string, tags: readonly string[]): string | undefined {
  if (tags.includes(tag)) return undefined;
  const others = tags.length === 0 ? ' (it lists no tags at all)' : '';
  return `the registry does not list ${tag}, the current tag of the Image${others}: running pods keep running, but nodes that have not pulled the tag can't pull it; push the tag again, or set spec.baseTag to a tag that exists`;
}

/** The condition {@link TAG_GONE}. */
export function isTagGone(message: string): ConditionState {
  return { type: TAG_GONE, status: 'True', reason: 'TagNotListed', message };
}
