import type { Chooser } from '../rule/rule.ts';
import { compareNaturally, newestFirst, newestOf } from '../tag/natural-order.ts';
import { EVERY_TAG } from '../tag/tag-filter.ts';
import { compareText } from '../tag/version-tag.ts';
import { pick } from './pick.ts';
import type { Question } from './question.ts';

/** What a rule makes of a tag. */
export interface TagVerdict {
  readonly tag: string;
  readonly rule: string;
  /** `older` is below the selected tag; `excluded` all else that is not selected. */
  readonly verdict: 'selected' | 'older' | 'excluded';
  /** A sentence's end, after the tag's name: `is of another variant`. */
  readonly reason: string;
  /** Whether the tag is newer than the current one, so that somebody may ask why it was not taken. */
  readonly newer: boolean;
}

/**
 * Every tag and rule, once each, and why: by rule in their order, within a rule the newest tag first. Asks for nothing:
 * to be called once `decide` has come to an answer, with the same question.
 */
export function explain(question: Question): readonly TagVerdict[] {
  const { rules, filter = EVERY_TAG, currentTag, noFacts = 'not asked' } = question;
  const tags = newestFirst(new Set(question.tags));
  const shown = filter.show(currentTag, question.tags);
  const hidden = new Map<string, string>();
  for (const tag of tags) {
    const reason = filter.hides(tag);
    if (reason !== undefined) hidden.set(tag, reason);
  }
  const verdicts: TagVerdict[] = [];
  for (const rule of rules) {
    const picked = pick(rule, { ...question, noFacts }, shown);
    if (picked.kind === 'ask') throw new Error('nothing is asked where facts are unknown');
    const { chooser, tag: selected, stuck } = picked;
    const textOf = rule.byDigest === true ? (tag: string) => tag : (tag: string) => shown.textOf(tag);
    const best = selected === undefined ? undefined : textOf(selected);
    const missOf = chooser?.misses(rule.byDigest === true ? tags : shown.tags) ?? (() => undefined);
    const passedOver = new Map(picked.passedOver.map(({ tag, reason }) => [tag, reason]));
    for (const tag of tags) {
      const say = (verdict: TagVerdict['verdict'], reason: string, newer: boolean): void => {
        verdicts.push({ tag, rule: rule.name, verdict, reason, newer });
      };
      const hides = hidden.get(tag);
      const text = hides === undefined ? textOf(tag) : tag;
      if (tag === selected) say('selected', chooser!.wants.one, true);
      else if (hides !== undefined) say('excluded', hides, compareNaturally(tag, currentTag) > 0);
      else if (chooser === undefined || stuck !== undefined) say('excluded', `is not compared: ${stuck ?? ''}`, false);
      else if (passedOver.has(tag)) say('excluded', passedOver.get(tag)!, true);
      else {
        const miss = missOf(text);
        if (best !== undefined && (miss === undefined || miss.ofLine) && (text === best || chooser.isBelow(text, best))) say('older', tag === currentTag ? 'is the current tag' : `is below ${selected!}`, miss === undefined || miss.newer);
        else if (miss === undefined) say('excluded', 'is not looked at, since better ones did not pass', true);
        else say('excluded', tag === currentTag ? 'is the current tag' : `is ${miss.reason}`, miss.newer);
      }
    }
  }
  return verdicts;
}

/** The newer tags that a rule left out, by what kept them out: how many, and the newest of each; `''` or `; …`. */
export function newerMisses(chooser: Chooser, tags: readonly string[]): string {
  const missOf = chooser.misses(tags);
  const groups = new Map<string, { readonly distance: number; readonly tags: Set<string> }>();
  for (const tag of tags) {
    const miss = missOf(tag);
    if (miss === undefined || !miss.newer) continue;
    const group = groups.get(miss.reason);
    if (group === undefined) groups.set(miss.reason, { distance: miss.distance, tags: new Set([tag]) });
    else group.tags.add(tag);
  }
  return [...groups].sort(([one, a], [other, b]) => a.distance - b.distance || compareText(one, other)).slice(0, 2)
    .map(([reason, { tags }]) => `; ${tags.size === 1 ? `1 newer tag is ${reason}` : `${tags.size} newer tags are ${plural(reason)}`} (${newestOf(tags)!})`)
    .join('');
}

function plural(reason: string): string {
  return reason.replace(/^a pre-release/, 'pre-releases');
}
