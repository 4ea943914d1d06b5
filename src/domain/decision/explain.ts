import { movesImage } from '../action/action.ts';
import type { CandidateSelector, Miss, Rule } from '../rule/rule.ts';
import { isNewer, newestFirst, newestOf } from '../tag/natural-order.ts';
import { EVERY_TAG, type Shown } from '../tag/tag-filter.ts';
import { compareText } from '../tag/compare-versions.ts';
import { MOST_TRIED, type SelectedCandidate, selectCandidate } from './select-candidate.ts';
import type { DecisionInput } from './decision-input.ts';

/** What a rule makes of a tag. */
export interface TagVerdict {
  readonly tag: string;
  readonly rule: string;
  /** `older` is below the selected tag; `excluded` all else that is not selected. */
  readonly verdict: 'selected' | 'older' | 'excluded';
  /** A sentence's end, after the tag's name: `is from a different variant`. */
  readonly reason: string;
  /** Whether the tag is newer than the current one, so that somebody may ask why it was not taken. */
  readonly newer: boolean;
}

/**
 * Every tag and rule, once each, and why: by rule in their order, within a rule the newest tag first. Asks for nothing:
 * to be called once `decide` has come to an answer, with the same input.
 */
export function explain(input: DecisionInput): readonly TagVerdict[] {
  const { rules, filter = EVERY_TAG, currentTag, noFacts = 'the registry was not queried' } = input;
  const tags = newestFirst(new Set(input.tags));
  const shown = filter.show(currentTag, input.tags);
  const hidden = new Map<string, string>();
  for (const tag of tags) {
    const reason = filter.hides(tag);
    if (reason !== undefined) hidden.set(tag, reason);
  }
  const verdicts: TagVerdict[] = [];
  let { provenTags = false } = input;
  for (const rule of rules) {
    const selection = selectCandidate(rule, { ...input, noFacts, provenTags }, shown);
    if (selection.kind === 'ask') throw new Error('nothing is asked where facts are unknown');
    // As decide does it.
    if (selection.tag !== undefined && rule.actions.some(movesImage)) provenTags = false;
    const judge = judgeOf(rule, selection, shown, currentTag);
    for (const tag of tags) {
      const hides = tag === selection.tag ? undefined : hidden.get(tag);
      const [verdict, reason, newer] =
        hides === undefined ? judge(tag) : ['excluded' as const, hides, isNewer(tag, currentTag)];
      verdicts.push({ tag, rule: rule.name, verdict, reason, newer });
    }
  }
  return verdicts;
}

type Judgement = readonly [verdict: TagVerdict['verdict'], reason: string, newer: boolean];

/** What a rule makes of the tags that it sees. */
function judgeOf(
  rule: Rule,
  selection: SelectedCandidate,
  shown: Shown,
  currentTag: string,
): (tag: string) => Judgement {
  const { selector, tag: selected, notApplicable, passedOver } = selection;
  if (selector === undefined || notApplicable !== undefined)
    return () => ['excluded', `is not comparable: ${notApplicable ?? ''}`, false];
  const textOf = (tag: string): string => (rule.byDigest === true ? tag : shown.textOf(tag));
  const best = selected === undefined ? undefined : textOf(selected);
  const missOf = selector.explain(shown.tags);
  const failed = new Map(passedOver.map(({ tag, reason }) => [tag, reason]));
  return (tag) => {
    if (tag === selected) return ['selected', `${selector.description.one}${remarkOn(rule, selection, shown)}`, true];
    const reason = failed.get(tag);
    if (reason !== undefined) return ['excluded', reason, true];
    const text = textOf(tag);
    const miss = missOf(text);
    const newer = miss === undefined || miss.newer;
    if (
      best !== undefined &&
      (miss === undefined || miss.sameSeries) &&
      (text === best || selector.isBelow(text, best))
    ) {
      return [
        'older',
        tag === currentTag ? 'is the current tag' : `is ${selector.descends === true ? 'above' : 'below'} ${selected!}`,
        newer,
      ];
    }
    if (miss === undefined)
      return [
        'excluded',
        `was not checked, because ${MOST_TRIED} better candidates did not meet the requirements`,
        newer,
      ];
    return ['excluded', tag === currentTag ? 'is the current tag' : `is ${miss.reason}`, newer];
  };
}

/** What somebody should know of the tag that was taken; `''` or `; …`. */
export function remarkOn(rule: Rule, { selector, tag }: SelectedCandidate, shown: Shown): string {
  const remark = tag === undefined || rule.byDigest === true ? undefined : selector?.remark?.(shown.textOf(tag), tag);
  return remark === undefined ? '' : `; ${remark}`;
}

/** Newer tags that a rule left out for the same reason. */
interface Group {
  readonly miss: Miss;
  readonly tags: Set<string>;
  /** Those of them that are nearest to a candidate. */
  nearest: string[];
  distance: number;
}

/** The newer tags that a rule left out, by what kept them out: how many, and the newest of the nearest; `''` or `; …`. */
export function newerMisses(selector: CandidateSelector, tags: readonly string[]): string {
  const missOf = selector.explain(tags);
  const groups = new Map<string, Group>();
  for (const tag of tags) {
    const miss = missOf(tag);
    if (miss === undefined || !miss.newer) continue;
    const key = `${miss.reason}${miss.wayOut ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { miss, tags: new Set([tag]), nearest: [tag], distance: miss.distance });
      continue;
    }
    group.tags.add(tag);
    if (miss.distance < group.distance) group.nearest = [];
    group.distance = Math.min(group.distance, miss.distance);
    if (miss.distance === group.distance) group.nearest.push(tag);
  }
  return [...groups]
    .sort(([one, a], [other, b]) => a.distance - b.distance || compareText(one, other))
    .slice(0, 2)
    .map(
      ([
        ,
        {
          miss: { reason, wayOut },
          tags,
          nearest,
        },
      ]) =>
        `; ${tags.size === 1 ? `1 newer tag is ${reason}` : `${tags.size} newer tags are ${plural(reason)}`} (${newestOf(nearest)!})${wayOut === undefined ? '' : `, ${wayOut}`}`,
    )
    .join('');
}

function plural(reason: string): string {
  return reason
    .replace(/^a pre-release/, 'pre-releases')
    .replace(/^a signature or an attestation$/, 'signatures or attestations')
    .replace(/^not a (version|number)$/, 'not $1s');
}
