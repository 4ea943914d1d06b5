import { checksumOf } from '../../domain/image/checksum.ts';
import type { Image } from '../../domain/image/image.ts';
import { isTag } from '../../domain/image/image-reference.ts';
import { settled, startOver } from '../../domain/image/need.ts';
import type { Position } from './refresh-status.ts';

/** What stands in the place of a rule's name where `spec.baseTag` moves an Image. */
export const BASE_TAG_RULE = 'spec.baseTag';

/** Where the Image is, with an update that has ended taken in, before anything new is decided. Pure. */
export function settle(image: Image): Position {
  const { spec, status } = image;
  const { tag } = status;
  if (tag === undefined || startOver(image)) {
    // A status that does not say what it was written for is of kimup 0.2: the Image goes on from its tag.
    const kept = status.image === undefined ? (tag ?? mirroredTag(image)) : undefined;
    return { tag: kept ?? spec.baseTag, image: spec.image, baseTag: spec.baseTag };
  }
  const { candidates, firstSeen } = status;
  const at = { image: spec.image, baseTag: status.baseTag ?? spec.baseTag, candidates, firstSeen };
  switch (settled(image)) {
    case 'Healthy':
      return { tag: status.update!.tag, digest: status.update!.digest, ...at };
    case 'Failed':
      return { tag, digest: status.digest, ...at };
    case undefined:
      return { tag, digest: status.digest, update: status.update, ...at };
  }
}

/** What a changed `spec.baseTag` makes of where the Image is. `there` is on it already, or brought there by the update under way; `move` is a move to it. */
export type Rebase = { readonly position: Position; readonly message: string } & ({ readonly kind: 'there' } | { readonly kind: 'move'; readonly digest: string | undefined });

/**
 * A changed `spec.baseTag` is a move to it, like a rule's.
 * @param digestOf what a tag points at now; undefined where nobody can tell
 * @returns undefined while it is what it was
 */
export async function rebase(image: Image, start: Position, digestOf: (tag: string) => Promise<string | undefined>): Promise<Rebase | undefined> {
  const { baseTag } = image.spec;
  if (start.baseTag === baseTag) return undefined;
  const { update, ...rest } = start;
  const position: Position = { ...rest, image: image.spec.image, baseTag };
  const message = `${BASE_TAG_RULE} is ${baseTag} now`;
  if (start.tag === baseTag) return { kind: 'there', position, message };
  const digest = await digestOf(baseTag);
  // Under way already: the same update goes on.
  if (update?.tag === baseTag && (digest === undefined || update.digest === digest)) return { kind: 'there', position: { ...position, update }, message };
  return { kind: 'move', position, message, digest };
}

/** A status that is not there at all, beside the mirror of its tag, is a restored backup; a copy with another `spec.image` is not. */
function mirroredTag({ spec, annotations }: Image): string | undefined {
  const { tag, checksum } = annotations;
  return tag !== undefined && isTag(tag) && checksum === checksumOf(spec) ? tag : undefined;
}
