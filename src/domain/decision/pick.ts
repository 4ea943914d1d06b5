import { movesImage } from '../image/image.ts';
import type { Chooser, Rule } from '../rule/rule.ts';
import { isNewerVersion } from '../tag/natural-order.ts';
import { isSameShape } from '../tag/runs.ts';
import { EVERY_TAG, type Shown } from '../tag/tag-filter.ts';
import { comparePrecedence, parseVersionTag, type VersionTag } from '../tag/version-tag.ts';
import { type FactName, isUnknown, type TagFacts } from './facts.ts';
import { hasPlatform } from './platform.ts';
import type { Question } from './question.ts';

/** How many candidates of a rule are asked about at most: each may cost requests to the registry. */
export const MOST_TRIED = 100;

/** A candidate that was come to and not taken. */
export interface PassedOver {
  readonly tag: string;
  /** After the tag's name: `lacks linux/arm64`. */
  readonly reason: string;
  /** When it will be old enough, milliseconds since the epoch, where it is only too young. */
  readonly again?: number;
}

/** What a rule takes of the tags, and on the way to it what it passed over; or what has to be known first. */
export type Pick =
  | { readonly kind: 'ask'; readonly tag: string; readonly facts: readonly FactName[] }
  | Picked;

export interface Picked {
  readonly kind: 'picked';
  readonly tag: string | undefined;
  readonly chooser: Chooser | undefined;
  /** Why the rule can't find any tag, where it can't. */
  readonly stuck: string | undefined;
  readonly passedOver: readonly PassedOver[];
  /** Whether none of {@link MOST_TRIED} candidates passed and there are more: those are not looked at. */
  readonly cutShort: boolean;
  readonly learned: string | undefined;
}

/** Walks a rule's candidates, best first, to the first that passes all that is asked of it. */
export function pick(rule: Rule, question: Question, shown: Shown): Pick {
  const passedOver: PassedOver[] = [];
  let learned: string | undefined;
  const done = (tag: string | undefined, chooser: Chooser | undefined, stuck?: string): Picked => ({ kind: 'picked', tag, chooser, stuck, passedOver, cutShort: false, learned });

  if (rule.byDigest === true) shown = EVERY_TAG.show(question.currentTag, question.tags);
  if (shown.current === undefined) return done(undefined, undefined, `spec.tags.extract does not match the current tag ${question.currentTag}; set spec.baseTag to a tag that it matches`);
  const chooser = rule.from(shown.current);
  if (chooser.stuck !== undefined) return done(undefined, chooser, chooser.stuck);
  const rejected = rejection(question);
  for (const text of chooser.candidates(shown.tags)) {
    for (const tag of shown.tagsOf(text)) {
      if (passedOver.length >= MOST_TRIED) return { ...done(undefined, chooser), cutShort: true };
      const facts = new Asker(tag, question);
      const passed = pass(rule, tag, question, facts, rejected);
      if (passed === 'ask') return { kind: 'ask', tag: facts.missingOf ?? tag, facts: facts.missing };
      if (passed.learned !== undefined) learned = passed.learned;
      if (passed.reason === undefined) return done(tag, chooser);
      passedOver.push({ tag, reason: passed.reason, ...(passed.again === undefined ? {} : { again: passed.again }) });
    }
  }
  return done(undefined, chooser);
}

/** Why a candidate does not pass; without a reason it does. */
interface Passed {
  readonly reason?: string;
  readonly again?: number;
  readonly learned?: string;
}

const PASSED: Passed = {};

function pass(rule: Rule, tag: string, question: Question, facts: Asker, rejected: Rejection | undefined): Passed | 'ask' {
  const { filter = EVERY_TAG, now = 0, currentDigest } = question;
  if (rule.byDigest === true) {
    const hidden = filter.hides(tag);
    if (hidden !== undefined) return { reason: hidden };
    const digest = facts.need('digest');
    if (digest === undefined) return 'ask';
    if (isUnknown(digest)) return { reason: `points at an unknown digest: ${digest.unknown}` };
    if (currentDigest === undefined) return { reason: 'has no recorded digest yet to compare with', learned: digest };
    if (digest === currentDigest) return { reason: `still points at ${digest}` };
  }
  if (rejected !== undefined && (rule.byDigest === true ? tag === rejected.tag : rejected.covers(tag))) {
    if (rejected.digest !== undefined && rejected.listed()) {
      const digest = facts.need('digest', rejected.tag);
      if (digest === undefined) return 'ask';
      if (isUnknown(digest) || digest === rejected.digest) return { reason: rejected.why(tag) };
    } else {
      return { reason: rejected.why(tag) };
    }
  }
  const moves = mustBeProven(rule, question);
  const digest = moves ? facts.need('digest') : question.facts?.get(tag)?.digest;
  const platforms = filter.platforms.length > 0 ? facts.need('platforms') : [];
  const firstSeen = filter.minimumAgeMs > 0 ? facts.need('age') : 0;
  if ((moves && digest === undefined) || platforms === undefined || firstSeen === undefined) return 'ask';
  if (isUnknown(digest)) return { reason: `is listed but can't be pulled: ${digest.unknown}` };
  if (filter.platforms.length > 0) {
    if (isUnknown(platforms)) return { reason: `is for unknown platforms: ${platforms.unknown}` };
    const lacking = filter.platforms.filter((wanted) => !hasPlatform(platforms, wanted));
    if (lacking.length > 0) return { reason: `lacks ${lacking.join(', ')}` };
  }
  if (filter.minimumAgeMs > 0) {
    if (isUnknown(firstSeen)) return { reason: `is of unknown age: ${firstSeen.unknown}` };
    const again = firstSeen + filter.minimumAgeMs;
    if (again > now) return { reason: `is younger than spec.tags.minimumAge, until ${new Date(again).toISOString()}`, again };
  }
  return PASSED;
}

/** Whether the Image would move to what the rule picks, so that it has to be there. */
function mustBeProven(rule: Rule, { provenTags, updating }: Question): boolean {
  return provenTags === true && updating === undefined && rule.actions.some(movesImage);
}

/** Looks facts up, and remembers which are missing. */
class Asker {
  readonly missing: FactName[] = [];
  missingOf: string | undefined;
  readonly #tag: string;
  readonly #question: Question;

  constructor(tag: string, question: Question) {
    this.#tag = tag;
    this.#question = question;
  }

  need(fact: 'digest', tag?: string): TagFacts['digest'];
  need(fact: 'platforms'): TagFacts['platforms'];
  need(fact: 'age'): TagFacts['firstSeen'];
  need(fact: FactName, tag = this.#tag): TagFacts[keyof TagFacts] {
    const facts = this.#question.facts?.get(tag);
    const found = fact === 'age' ? facts?.firstSeen : facts?.[fact];
    if (found !== undefined) return found;
    if (this.#question.noFacts !== undefined) return { unknown: this.#question.noFacts };
    this.missing.push(fact);
    this.missingOf = tag;
    return undefined;
  }
}

interface Rejection {
  readonly tag: string;
  readonly digest: string | undefined;
  covers(tag: string): boolean;
  listed(): boolean;
  why(tag: string): string;
}

function rejection({ rejected, tags }: Question): Rejection | undefined {
  if (rejected === undefined) return undefined;
  const version = parseVersionTag(rejected.tag);
  return {
    tag: rejected.tag,
    digest: rejected.digest,
    covers: (tag) => tag === rejected.tag || (version !== undefined && isOlder(parseVersionTag(tag), version)),
    listed: () => tags.includes(rejected.tag),
    why: (tag) => tag === rejected.tag
      ? `is left out until it points at something new, since its rollout failed (${rejected.reason})`
      : `is left out, being older than ${rejected.tag}, whose rollout failed (${rejected.reason})`,
  };
}

function isOlder(tag: VersionTag | undefined, than: VersionTag): boolean {
  if (tag === undefined || tag.prefix !== than.prefix) return false;
  if (tag.variant === than.variant) return comparePrecedence(tag, than) <= 0;
  return isSameShape(tag.variant, than.variant) && isNewerVersion(than, tag);
}
