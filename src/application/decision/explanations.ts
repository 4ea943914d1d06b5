import { Injectable } from '@nestjs/common';
import { decide } from '../../domain/decision/decide.ts';
import { shorten } from '../../domain/image/conditions.ts';
import type { CandidateReason } from '../../domain/image/image-status.ts';
import { type Image, keyOf } from '../../domain/image/image.ts';
import type { Decided } from './decide-with-facts.ts';
import { interestingCandidates } from './interesting-candidates.ts';

/** Why things are as they are, for people. */
export interface Explanation {
  readonly candidates: readonly CandidateReason[];
  /** Where the Image stays: what each rule says, also which newer tags it leaves out; else empty. */
  readonly message: string;
}

/**
 * Explains. That costs more than a decision and is mostly the same again, so of each Image is remembered of what the last
 * explanation was; the explanation itself is in its status, and taken from there as long as nobody else wrote to that.
 */
@Injectable()
export class Explanations {
  /** By key: fingerprints of the input and of what was said. */
  private readonly last = new Map<string, { readonly of: string; readonly said: string }>();

  of(image: Image, decided: Decided): Explanation {
    const of = inputFingerprint(image, decided);
    const known = this.last.get(keyOf(image));
    const stays = decided.answer.kind === 'stay';
    const there = inStatus(image, stays);
    if (known?.of === of && known.said === fingerprint([JSON.stringify(there)])) return there;
    const explanation = { candidates: interestingCandidates(decided.input), message: stays ? messageOf(decided) : '' };
    this.last.set(keyOf(image), { of, said: fingerprint([JSON.stringify(explanation)]) });
    return explanation;
  }

  forget(key: string): void {
    this.last.delete(key);
  }
}

/** All that an explanation depends on. What is too young says until when, so the time itself changes nothing. */
function inputFingerprint({ uid, generation }: Image, { answer, input }: Decided): string {
  const { currentTag, currentDigest, updating, rejected, facts, noFacts, tags } = input;
  const all = JSON.stringify([
    uid,
    generation,
    currentTag,
    currentDigest,
    updating,
    rejected,
    noFacts,
    [...(facts ?? [])],
    answer.kind,
    answer.outcomes,
  ]);
  return fingerprint([all, ...tags]);
}

function messageOf({ input }: Decided): string {
  const told = decide({ ...input, withMisses: true });
  const outcomes = told.kind === 'ask' ? [] : told.outcomes;
  return shorten(`on ${input.currentTag}; ${outcomes.map(({ rule, reason }) => `${rule}: ${reason}`).join('; ')}`);
}

function inStatus({ status: { candidates = [], conditions } }: Image, stays: boolean): Explanation {
  return { candidates, message: stays ? (conditions.find(({ type }) => type === 'Ready')?.message ?? '') : '' };
}

/** Two FNV-1a hashes over all texts in their order: keeping the texts themselves would keep every tag list in memory. */
function fingerprint(texts: readonly string[]): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b ^ code, 0x85ebca6b);
    }
    a = Math.imul(a ^ 0x10000, 0x01000193);
    b = Math.imul(b ^ 0x10000, 0x85ebca6b);
  }
  return `${(a >>> 0).toString(36)} ${(b >>> 0).toString(36)}`;
}
