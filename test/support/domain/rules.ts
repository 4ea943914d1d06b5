import { type Answer, decide, type DecisionInput, type RuleOutcome } from '../../../src/domain/decision/decide.ts';
import { RuleCache } from '../../../src/application/images/rule-cache.ts';
import type { Image } from '../../../src/domain/image/image.ts';
import type { RuleSpec, RuleType } from '../../../src/domain/rule/rule-spec.ts';
import { buildRule } from '../../../src/domain/rule/rule-catalogue.ts';
import type { Rule } from '../../../src/domain/rule/rule.ts';
import type { TrackedImage } from '../../../src/domain/assignment/image-ownership.ts';
import { Track } from '../../../src/domain/track/track.ts';

/** An Image with its track. */
export function tracked(image: Image): TrackedImage {
  return { image, track: new Track(image, new RuleCache()) };
}

/** A rule that applies what it finds, named as its type. */
export function ruleOf(type: RuleType, value?: string): Rule {
  const spec: RuleSpec = { name: type, type, ...(value === undefined ? {} : { value }), actions: [{ type: 'apply' }] };
  return buildRule(spec, 0);
}

/** What one rule makes of some tags, with the newer tags that it left out. */
export function outcome(
  rule: Rule,
  currentTag: string,
  tags: readonly string[],
  more: Partial<DecisionInput> = {},
): RuleOutcome {
  return answer({ rules: [rule], currentTag, tags, withMisses: true, ...more }).outcomes[0]!;
}

/** A decision that needs no fact that the input does not have. */
export function answer(input: DecisionInput): Answer {
  const decision = decide(input);
  if (decision.kind === 'ask') throw new Error(`asks for ${decision.facts.join(', ')} of ${decision.tag}`);
  return decision;
}
