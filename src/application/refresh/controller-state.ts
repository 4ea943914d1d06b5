import { checksumOf } from '../../domain/image/checksum.ts';
import { shorten } from '../../domain/image/conditions.ts';
import {
  BASE_TAG_RULE,
  HISTORY_LENGTH,
  type HistoryEntry,
  type HistoryOutcome,
  type Origin,
  ORIGINS_LENGTH,
  type Update,
} from '../../domain/image/image-status.ts';
import type { Image } from '../../domain/image/image.ts';
import { isTag } from '../../domain/reference/reference-grammar.ts';
import { settled, startOver } from '../../domain/image/image-state.ts';
import type { ControllerState } from './refresh-status.ts';

/**
 * Where the Image is, with an update that has ended taken in, before anything new is decided. Pure.
 * @param now RFC 3339
 */
export function settledState(image: Image, now: string): ControllerState {
  const { spec, status } = image;
  const { tag } = status;
  if (tag === undefined || startOver(image)) {
    // A status that does not say what it was written for is of kimup 0.2: the Image goes on from its tag.
    const kept = status.image === undefined ? (tag ?? mirroredTag(image)) : undefined;
    return { tag: kept ?? spec.baseTag, image: spec.image, baseTag: spec.baseTag };
  }
  const { candidates, firstSeen, history, origins } = status;
  const baseTag = status.baseTag ?? spec.baseTag;
  const at = { image: spec.image, baseTag, candidates, firstSeen, history, origins };
  const outcome = settled(image);
  if (outcome === undefined) return { tag, digest: status.digest, update: status.update, ...at };
  const ended = {
    ...at,
    history: withEntry(history, historyEntry(tag, status.update!, outcome, status.rollout?.message, now)),
  };
  if (outcome === 'Failed') return { tag, digest: status.digest, ...ended };
  // Where a changed baseTag moved it, that was noted when it was changed.
  const left = status.update!.rule === BASE_TAG_RULE ? [] : [{ tag, baseTag }];
  return {
    tag: status.update!.tag,
    digest: status.update!.digest,
    ...ended,
    origins: withOrigins(origins, left, status.update!.tag),
  };
}

/** The tags that the Image was on, with those that it leaves; the one that it is on now is none of them. */
function withOrigins(origins: readonly Origin[] = [], left: readonly Origin[], now: string): readonly Origin[] {
  const byTag = new Map([...origins, ...left].map((one) => [one.tag, one]));
  byTag.delete(now);
  return [...byTag.values()].slice(-ORIGINS_LENGTH);
}

/** What the history says of an update that has ended. */
function historyEntry(
  from: string,
  { tag, digest, rule, since }: Update,
  outcome: HistoryOutcome,
  message: string | undefined,
  ended: string,
): HistoryEntry {
  return {
    from,
    to: tag,
    ...(digest === undefined ? {} : { digest }),
    rule,
    began: since,
    ended,
    outcome,
    ...(message === undefined || message === '' ? {} : { message: shorten(message) }),
  };
}

function withEntry(history: readonly HistoryEntry[] = [], entry: HistoryEntry): readonly HistoryEntry[] {
  return [...history, entry].slice(-HISTORY_LENGTH);
}

/** What a changed `spec.baseTag` makes of where the Image is. `there` is on it already, or brought there by the update under way; `move` is a move to it. */
export type BaseTagChange = { readonly position: ControllerState; readonly message: string } & (
  | { readonly kind: 'there' }
  | { readonly kind: 'move'; readonly digest: string | undefined }
);

/**
 * A changed `spec.baseTag` is a move to it, like a rule's.
 * @param now RFC 3339
 * @param digestOf what a tag points at now; undefined where nobody can tell
 * @returns undefined while it is what it was
 */
export async function changeBaseTag(
  image: Image,
  start: ControllerState,
  now: string,
  digestOf: (tag: string) => Promise<string | undefined>,
): Promise<BaseTagChange | undefined> {
  const { baseTag } = image.spec;
  if (start.baseTag === baseTag) return undefined;
  const { update } = start;
  const position = changed(image, start, now);
  const message = `${BASE_TAG_RULE} is ${baseTag} now`;
  if (start.tag === baseTag) return { kind: 'there', position, message };
  const digest = await digestOf(baseTag);
  // Under way already: the same update goes on.
  if (update?.tag === baseTag && (digest === undefined || update.digest === digest))
    return { kind: 'there', position: { ...position, update }, message };
  return { kind: 'move', position, message, digest };
}

/**
 * Where the Image is once a changed `spec.baseTag` is noted, before anything moves.
 * @param now RFC 3339
 */
export function changed(image: Image, start: ControllerState, now: string): ControllerState {
  const { update: _, ...rest } = start;
  const { baseTag } = image.spec;
  const left = [start.baseTag, start.tag].map((tag) => ({ tag, baseTag: start.baseTag }));
  const position: ControllerState = {
    ...rest,
    image: image.spec.image,
    baseTag,
    origins: withOrigins(start.origins, left, baseTag),
  };
  if (start.tag !== baseTag) return position;
  const begun: Update = { tag: baseTag, rule: BASE_TAG_RULE, since: now };
  return { ...position, history: withEntry(start.history, historyEntry(start.tag, begun, 'Healthy', undefined, now)) };
}

/** A status that is not there at all, beside the mirror of its tag, is a restored backup; a copy with another `spec.image` is not. */
function mirroredTag({ spec, annotations }: Image): string | undefined {
  const { tag, checksum } = annotations;
  return tag !== undefined && isTag(tag) && checksum === checksumOf(spec) ? tag : undefined;
}
