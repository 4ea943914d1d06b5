import { decide } from '../../domain/decision/decide.ts';
import { type CandidateReason, type Image, keyOf } from '../../domain/image/image.ts';
import type { Decided } from './decide-with-facts.ts';
import { interestingCandidates } from './interesting-candidates.ts';

/** Why things are as they are, for people. */
export interface Explanation {
  readonly candidates: readonly CandidateReason[];
  /** What each rule says, also which newer tags it leaves out. */
  readonly message: string;
}

interface Remembered extends Explanation {
  readonly of: string;
}

/** Explains, and remembers of each Image the last explanation: it costs more than a decision, and is mostly the same again. */
export class Explanations {
  readonly #last = new Map<string, Remembered>();

  /** Of an answer to a question. */
  of(image: Image, { answer, question }: Decided): Explanation {
    const { currentTag, currentDigest, updating, rejected, facts, noFacts } = question;
    // What is too young says until when, so the time itself changes nothing while the answers are the same.
    const of = JSON.stringify([image.uid, image.generation, currentTag, currentDigest, updating, rejected, noFacts, [...(facts ?? [])], answer.outcomes, fingerprint(question.tags)]);
    const known = this.#last.get(keyOf(image));
    if (known?.of === of) return known;
    const told = decide({ ...question, withMisses: true });
    const message = told.kind === 'ask' ? '' : told.outcomes.map(({ rule, reason }) => `${rule}: ${reason}`).join('; ');
    const explanation = { of, message, candidates: interestingCandidates(question) };
    this.#last.set(keyOf(image), explanation);
    return explanation;
  }

  forget(key: string): void {
    this.#last.delete(key);
  }
}

/** Two FNV-1a hashes over all tags in their order: keeping the tags themselves would keep every list in memory. */
function fingerprint(tags: readonly string[]): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const tag of tags) {
    for (let at = 0; at < tag.length; at += 1) {
      const code = tag.charCodeAt(at);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b);
    }
    a = Math.imul(a ^ 0x100, 0x01000193);
    b = Math.imul(b ^ 0x100, 0x85ebca6b);
  }
  return `${tags.length} ${a >>> 0} ${b >>> 0}`;
}
