import { invalidAnswer, type Subject } from './registry-errors.ts';
import type { Answer } from './transport.ts';

/** Distribution spec, "Pulling manifests": what a tag may look like. */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * The tags of one page (distribution spec, "Listing Tags"); none for `"tags": null`, as a repository without tags has it.
 * What can't be a tag, and so can't be pulled, is left out.
 * @throws RegistryError `invalid-answer` when it is no such page
 */
export function readTags(subject: Subject, answer: Answer): readonly string[] {
  let content: unknown;
  try {
    content = JSON.parse(answer.body.toString('utf8'));
  } catch {
    throw invalidAnswer(subject, 'gave a list of tags that is not JSON');
  }
  const tags = typeof content === 'object' && content !== null ? (content as { tags?: unknown }).tags : undefined;
  if (tags === null) return [];
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) {
    throw invalidAnswer(subject, 'gave JSON that is no list of tags');
  }
  return tags.filter((tag) => TAG.test(tag));
}
