import type { DecisionInput } from '../decision-input.ts';
import { digestUnchanged } from './digest-unchanged.ts';
import { failedBefore } from './failed-before.ts';
import { tooYoung } from './minimum-age.ts';
import { notPullable } from './not-pullable.ts';
import { lacksPlatform } from './platforms.ts';
import { type Candidate, type Exclusion, isExclusion, type MissingFacts, type Veto } from './veto.ts';

/** All of them, in order. What those of one stage lack is asked for together; a later stage only once an earlier one has passed. */
const STAGES: readonly (readonly Veto[])[] = [
  [digestUnchanged],
  [failedBefore],
  [notPullable, lacksPlatform, tooYoung],
];

/** Why a candidate is held back, or what has to be known first; `undefined` where nothing is against it. */
export function vetoOf(candidate: Candidate, input: DecisionInput): Exclusion | MissingFacts | undefined {
  for (const stage of STAGES) {
    const answers = stage.map((veto) => veto(candidate, input)).filter((answer) => answer !== undefined);
    const missing = answers.filter((answer): answer is MissingFacts => !isExclusion(answer));
    if (missing.length > 0) return { tag: missing[0]!.tag, missing: missing.flatMap((one) => one.missing) };
    if (answers[0] !== undefined) return answers[0];
  }
  return undefined;
}
