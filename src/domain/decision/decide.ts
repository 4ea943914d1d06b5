import { type Action, type MoveAction, movesImage, type RuleType } from '../image/image.ts';
import type { Rule } from '../rule/rule.ts';
import { EVERY_TAG } from '../tag/tag-filter.ts';
import { newerMisses, remarkOn } from './explain.ts';
import type { FactName } from './facts.ts';
import { type Picked, pick } from './pick.ts';
import type { Question } from './question.ts';

export type { Question, Rejected } from './question.ts';

/** An alert that a rule asks for: it found `tag`, whether or not anything moves. */
export interface Found {
  readonly rule: string;
  readonly tag: string;
  /** The rule's alert actions. */
  readonly actions: readonly Action[];
}

/** What a rule makes of the tags: the one it picks, or none, and why. */
export interface RuleOutcome {
  readonly rule: string;
  readonly type: RuleType;
  readonly tag: string | undefined;
  readonly reason: string;
}

/**
 * What to do. `ask` is no answer yet: a rule comes to `tag` and needs these facts of it first; they are to be put into
 * `facts`, and the question asked again.
 */
export type Decision = Answer | Ask;

export type Answer = Move | Stay | Hold;

export interface Ask {
  readonly kind: 'ask';
  readonly tag: string;
  readonly facts: readonly FactName[];
}

/** What each answer comes with. Reasons are sentences without their full stop. */
interface Findings {
  /** What each rule says, in their order. */
  readonly outcomes: readonly RuleOutcome[];
  /** To be sent, whether or not anything moves. */
  readonly alerts: readonly Found[];
  /** The current tag's digest where a rule needed it and none was recorded: to be recorded. */
  readonly learned?: string;
  /** When the first of the tags that are too young will be old enough, milliseconds since the epoch. */
  readonly again?: number;
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
export function decide(question: Question): Decision {
  const { rules, filter = EVERY_TAG, currentTag, tags, updating } = question;
  const shown = filter.show(currentTag, tags);
  const outcomes: RuleOutcome[] = [];
  const alerts: Found[] = [];
  let move: Pick<Move, 'tag' | 'rule' | 'action' | 'reason'> | undefined;
  let learned: string | undefined;
  let again: number | undefined;
  for (const rule of rules) {
    // The Image moves to one tag at most, so that only one has to be proven.
    const picked = pick(rule, move === undefined ? question : { ...question, provenTags: false }, shown);
    if (picked.kind === 'ask') return picked;
    const { tag } = picked;
    learned ??= picked.learned;
    for (const passed of picked.passedOver) if (passed.again !== undefined) again = Math.min(again ?? passed.again, passed.again);
    let reason = reasonOf(rule, picked);
    if (tag === undefined) {
      if (question.withMisses === true && rule.byDigest !== true && picked.chooser !== undefined && picked.stuck === undefined) reason += newerMisses(picked.chooser, shown.tags);
    } else {
      const actions = rule.actions.filter((each) => !movesImage(each));
      if (actions.length > 0) alerts.push({ rule: rule.name, tag, actions });
      const action = rule.actions.find(movesImage)?.type;
      if (action === undefined) reason += ', but the rule has no action that moves the Image (apply, request-approval)';
      reason += remarkOn(rule, picked, shown);
      if (action !== undefined) move ??= { tag, rule: rule.name, action, reason };
    }
    outcomes.push({ rule: rule.name, type: rule.type, tag, reason });
  }
  const findings: Findings = { outcomes, alerts, ...(learned === undefined ? {} : { learned }), ...(again === undefined ? {} : { again }) };
  if (updating !== undefined) {
    return { kind: 'hold', reason: `the update to ${updating.tag} (${updating.rule}) is under way; nothing else moves until it has ended`, ...findings };
  }
  return move === undefined ? { kind: 'stay', ...findings } : { kind: 'move', ...move, ...findings };
}

function reasonOf(rule: Rule, { tag, chooser, stuck, passedOver, cutShort }: Picked): string {
  if (stuck !== undefined) return stuck;
  if (rule.byDigest === true && passedOver[0] !== undefined) return `${passedOver[0].tag} ${passedOver[0].reason}`;
  const found = tag === undefined ? chooser!.wants.none : `${tag} ${chooser!.wants.one}`;
  const [best, ...more] = passedOver;
  if (best === undefined) return found;
  const why = `${found}${tag === undefined ? '' : ' of those that pass'}; ${best.tag} ${best.reason}`;
  if (cutShort) {
    const [better, worse] = chooser!.descends === true ? ['lower', 'higher'] : ['newer', 'older'];
    return `${why}; ${passedOver.length} ${better} candidates did not pass; ${worse} ones are not looked at`;
  }
  return `${why}${more.length === 0 ? '' : `; ${more.length} more ${more.length === 1 ? 'does' : 'do'} not pass`}`;
}
