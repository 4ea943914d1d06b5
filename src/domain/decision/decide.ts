import { type Action, type MoveAction, movesImage } from '../action/action.ts';
import type { RuleType } from '../rule/rule-spec.ts';
import type { Rule } from '../rule/rule.ts';
import { EVERY_TAG, type Shown } from '../tag/tag-filter.ts';
import { newerMisses, remarkOn } from './explain.ts';
import type { FactName } from './facts.ts';
import { holdOf } from './gates/gates.ts';
import { type SelectedCandidate, selectCandidate } from './select-candidate.ts';
import type { DecisionInput } from './decision-input.ts';

export type { DecisionInput, Rejected } from './decision-input.ts';

/** An alert that a rule asks for: it found `tag`, whether or not anything moves. */
export interface AlertRequest {
  readonly rule: string;
  readonly tag: string;
  /** The rule's alert actions. */
  readonly actions: readonly Action[];
}

/** What a rule makes of the tags: the one it selects, or none, and why. */
export interface RuleOutcome {
  readonly rule: string;
  readonly type: RuleType;
  readonly tag: string | undefined;
  readonly reason: string;
}

/**
 * What to do. `ask` is no answer yet: a rule comes to `tag` and needs these facts of it first; they are to be put into
 * `facts`, and decided again.
 */
export type Decision = Answer | NeedFacts;

export type Answer = Move | Stay | Hold;

export interface NeedFacts {
  readonly kind: 'ask';
  readonly tag: string;
  readonly facts: readonly FactName[];
}

/** What each answer comes with. Reasons are sentences without their full stop. */
interface Findings {
  /** What each rule says, in their order. */
  readonly outcomes: readonly RuleOutcome[];
  /** To be sent, whether or not anything moves. */
  readonly alerts: readonly AlertRequest[];
  /** The current tag's digest where a rule needed it and none was recorded: to be recorded. */
  readonly currentDigest?: string;
  /** When the first of the tags that are too young will be old enough, milliseconds since the epoch. */
  readonly recheckAt?: number;
}

export interface Move extends Findings {
  readonly kind: 'move';
  readonly tag: string;
  readonly rule: string;
  readonly action: MoveAction;
  readonly reason: string;
}

export interface Stay extends Findings {
  readonly kind: 'stay';
}

export interface Hold extends Findings {
  readonly kind: 'hold';
  readonly reason: string;
}

/**
 * Asks all rules, in order. The first that finds a tag and has `apply` or `request-approval` moves the Image: at most one
 * move; an update under way holds it. Pure.
 */
export function decide(input: DecisionInput): Decision {
  const { filter = EVERY_TAG } = input;
  const shown = filter.show(input.currentTag, input.tags);
  const outcomes: RuleOutcome[] = [];
  const alerts: AlertRequest[] = [];
  let move: Pick<Move, 'tag' | 'rule' | 'action' | 'reason'> | undefined;
  let currentDigest: string | undefined;
  let recheckAt: number | undefined;
  for (const rule of input.rules) {
    // The Image moves to one tag at most, so that only one has to be proven.
    const selected = selectCandidate(rule, move === undefined ? input : { ...input, provenTags: false }, shown);
    if (selected.kind === 'ask') return selected;
    currentDigest ??= selected.currentDigest;
    for (const passed of selected.passedOver)
      if (passed.recheckAt !== undefined) recheckAt = Math.min(recheckAt ?? passed.recheckAt, passed.recheckAt);
    const { tag } = selected;
    const actions = rule.actions.filter((each) => !movesImage(each));
    const action = rule.actions.find(movesImage)?.type;
    const reason =
      reasonOf(rule, selected) +
      (tag === undefined
        ? missesOf(rule, selected, input, shown)
        : `${action === undefined ? NOT_MOVED : ''}${remarkOn(rule, selected, shown)}`);
    if (tag !== undefined && actions.length > 0) alerts.push({ rule: rule.name, tag, actions });
    if (tag !== undefined && action !== undefined) move ??= { tag, rule: rule.name, action, reason };
    outcomes.push({ rule: rule.name, type: rule.type, tag, reason });
  }
  const findings: Findings = {
    outcomes,
    alerts,
    ...(currentDigest === undefined ? {} : { currentDigest }),
    ...(recheckAt === undefined ? {} : { recheckAt }),
  };
  const hold = holdOf(input);
  if (hold !== undefined) return { kind: 'hold', ...hold, ...findings };
  return move === undefined ? { kind: 'stay', ...findings } : { kind: 'move', ...move, ...findings };
}

const NOT_MOVED = ', but the rule does not have the action apply or request-approval';

/** Of a rule that finds nothing, which newer tags it leaves out, where that is asked for. */
function missesOf(
  rule: Rule,
  { selector, notApplicable }: SelectedCandidate,
  { withMisses }: DecisionInput,
  shown: Shown,
): string {
  return withMisses === true && rule.byDigest !== true && selector !== undefined && notApplicable === undefined
    ? newerMisses(selector, shown.tags)
    : '';
}

function reasonOf(rule: Rule, { tag, selector, notApplicable, passedOver, cutShort }: SelectedCandidate): string {
  if (notApplicable !== undefined) return notApplicable;
  if (rule.byDigest === true && passedOver[0] !== undefined) return `${passedOver[0].tag} ${passedOver[0].reason}`;
  const found = tag === undefined ? selector!.description.none : `${tag} ${selector!.description.one}`;
  const [best, ...more] = passedOver;
  if (best === undefined) return found;
  const why = `${found}${tag === undefined ? '' : ' among the tags that meet all requirements'}; ${best.tag} ${best.reason}`;
  if (cutShort) {
    const [better, worse] = selector!.descends === true ? ['lower', 'higher'] : ['newer', 'older'];
    return `${why}; ${passedOver.length} ${better} candidates did not meet the requirements; ${worse} ones were not checked`;
  }
  return `${why}${more.length === 0 ? '' : `; ${more.length} more ${more.length === 1 ? 'does' : 'do'} not meet the requirements`}`;
}
