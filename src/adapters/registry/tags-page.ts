import { invalidAnswer, type Subject } from './registry-errors.ts';
import type { Answer } from './transport.ts';

/** Distribution spec, "Pulling manifests": what a tag may look like. */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** Whether it can be a tag, and so can be pulled. */
export function isPossible(tag: string): boolean {
  return TAG.test(tag);
}

/** What a page holds. */
export interface TagsPage {
  /** How many entries, whatever they are. */
  readonly entries: number;
  /** The texts among them that are not empty, in the registry's order: tags, and what is not {@link isPossible}. */
  readonly names: readonly string[];
}

/**
 * One page of tags (distribution spec, "Listing Tags"); an empty one for `"tags": null`, as a repository without tags has it.
 * Nothing is what some registries have in the place of a tag that was removed, so `null` and empty texts are no names.
 * @throws RegistryError `invalid-answer` when it is no such page
 */
export function readTags(subject: Subject, answer: Answer): TagsPage {
  let content: unknown;
  try {
    content = JSON.parse(answer.body.toString('utf8'));
  } catch {
    throw invalidAnswer(subject, 'sent a tag list that is not JSON');
  }
  const tags = typeof content === 'object' && content !== null ? (content as { tags?: unknown }).tags : undefined;
  if (tags === null) return { entries: 0, names: [] };
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string' || tag === null)) {
    throw invalidAnswer(subject, 'sent JSON that is not a tag list');
  }
  return {
    entries: tags.length,
    names: tags.filter((tag: string | null): tag is string => tag !== null && tag !== ''),
  };
}
