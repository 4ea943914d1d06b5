import { type Answer, decide } from '../../domain/decision/decide.ts';
import { type FactName, isUnknown, type TagFacts, type Unknown } from '../../domain/decision/facts.ts';
import type { DecisionInput } from '../../domain/decision/decision-input.ts';
import type { Rollout } from '../../domain/image/image-status.ts';
import { RegistryError } from '../ports/tag-registry.ts';

/** What is asked of single tags. Each may fail with a RegistryError. */
export interface FactSource {
  /** What `tag` points at now, `sha256:…`. */
  digest(tag: string): Promise<string>;
  platforms(digest: string): Promise<readonly string[]>;
  /** When that digest was first seen, milliseconds since the epoch. */
  firstSeen(tag: string, digest: string): number | Unknown;
}

/** An answer, and the input with all that had to be known for it: to be explained, or asked otherwise. */
export interface Decided {
  readonly answer: Answer;
  readonly input: DecisionInput;
}

/** How many tags are asked about at most for one decision: each is a request or two to the registry. */
const MOST_ASKED = 300;

/**
 * Asks the rules; what they have to know of a tag before they take it is asked of `source`, and they are asked again.
 * No tag is moved to that the registry lists and does not have. Without a source, `input.noFacts` has to say why nothing is
 * known. A tag that the registry does not have, or whose manifest is no image's, is unknown to them; other failures are thrown.
 */
export async function decideWithFacts(input: DecisionInput, source: FactSource | undefined): Promise<Decided> {
  const facts = new Map<string, TagFacts>(input.facts);
  let asked: DecisionInput = { ...input, facts, provenTags: source !== undefined };
  for (let count = 0; ; count += 1) {
    const answer = decide(asked);
    if (answer.kind !== 'ask') return { answer, input: asked };
    if (source === undefined) throw new Error('without a source, input.noFacts says why nothing is known');
    if (count === MOST_ASKED)
      asked = { ...asked, noFacts: `not requested, because the limit of ${MOST_ASKED} requests was reached` };
    else facts.set(answer.tag, await factsOf(answer.tag, answer.facts, facts.get(answer.tag), source));
  }
}

/**
 * The decision without a tag whose rollout failed, where that is what it came to and the tag still points to what failed.
 * @param digest what the tag points at; undefined where nobody can tell
 */
export async function withoutFailed(
  decided: Decided,
  failed: Rollout,
  digest: string | undefined,
  source: FactSource | undefined,
): Promise<Decided> {
  const { answer, input } = decided;
  if (answer.kind !== 'move' || failed.tag !== answer.tag || (digest !== undefined && failed.digest !== digest))
    return decided;
  return decideWithFacts(
    { ...input, rejected: { tag: failed.tag, digest, reason: failed.message ?? 'its rollout failed' } },
    source,
  );
}

/** How each fact is asked, once the digest of the tag is known. */
const ASK: {
  readonly [F in Exclude<FactName, 'digest'>]: (
    source: FactSource,
    tag: string,
    digest: string,
  ) => Promise<NonNullable<TagFacts[F]>>;
} = {
  platforms: (source, _tag, digest) => orUnknown(source.platforms(digest)),
  firstSeen: async (source, tag, digest) => source.firstSeen(tag, digest),
};

async function factsOf(
  tag: string,
  wanted: readonly FactName[],
  known: TagFacts = {},
  source: FactSource,
): Promise<TagFacts> {
  const digest = known.digest ?? (await orUnknown(source.digest(tag)));
  // What is not known by its digest is not known at all.
  if (isUnknown(digest))
    return { ...known, digest, ...Object.fromEntries(Object.keys(ASK).map((fact) => [fact, digest])) };
  let facts: TagFacts = { ...known, digest };
  for (const fact of wanted) if (fact !== 'digest') facts = { ...facts, [fact]: await ASK[fact](source, tag, digest) };
  return facts;
}

async function orUnknown<T>(asked: Promise<T>): Promise<T | Unknown> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.code === 'not-found') return { unknown: 'the registry does not have it' };
    if (error.code === 'invalid-answer') return { unknown: 'its manifest is not an image that kimup can read' };
    throw error;
  }
}
