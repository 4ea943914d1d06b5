import { explain, type TagVerdict } from '../../domain/decision/explain.ts';
import type { DecisionInput } from '../../domain/decision/decision-input.ts';
import type { CandidateReason } from '../../domain/image/image-status.ts';
import { truncate } from '../../support/text.ts';

/** As many as `kubectl describe` can show without hiding the rest. */
const MOST_TOLD = 10;
const MAX_REASON = 1_024;

/**
 * The newer tags that no rule takes and somebody may ask about, at most ten, in the order of the rules and the newest first.
 * Each tag once, with what the first rule says. Of each reason the newest comes in before a second one does.
 */
export function interestingCandidates(input: DecisionInput): readonly CandidateReason[] {
  const verdicts = explain(input);
  const taken = new Set([
    input.currentTag,
    ...verdicts.filter(({ verdict }) => verdict === 'selected').map(({ tag }) => tag),
  ]);
  const told = new Map<string, TagVerdict>();
  for (const verdict of verdicts) {
    if (verdict.verdict === 'excluded' && verdict.newer && !taken.has(verdict.tag) && !told.has(verdict.tag))
      told.set(verdict.tag, verdict);
  }
  const all = [...told.values()];
  const rank = new Map(all.map((verdict, at) => [verdict, at]));
  const count = new Map<string, number>();
  const turns = all.map((verdict) => {
    const turn = count.get(verdict.reason) ?? 0;
    count.set(verdict.reason, turn + 1);
    return { verdict, turn };
  });
  return turns
    .sort((a, b) => a.turn - b.turn || rank.get(a.verdict)! - rank.get(b.verdict)!)
    .slice(0, MOST_TOLD)
    .sort((a, b) => rank.get(a.verdict)! - rank.get(b.verdict)!)
    .map(({ verdict: { tag, rule, reason } }) => ({
      tag,
      rule,
      reason: truncate(reason, MAX_REASON),
    }));
}
