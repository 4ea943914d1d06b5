import type { Action, Update } from '../image/image.ts';
import type { Rule } from '../rule/rule.ts';
import { comparePrecedence, parseVersionTag } from '../tag/version-tag.ts';

/** All that a decision depends on. */
export interface Question {
  /** In the order of `spec.rules`. */
  readonly rules: readonly Rule[];
  readonly currentTag: string;
  /** All tags of the repository, in any order. */
  readonly tags: readonly string[];
  /** The update that is under way: while there is one, nothing else moves. */
  readonly updating?: Pick<Update, 'tag' | 'rule'> | undefined;
  /** The tag of the last rollout that failed. */
  readonly rejected?: Rejected | undefined;
}

/**
 * A tag that must not be taken again until there is a newer one. Older tags of its line are left out with it: taking the
 * next best instead, and then this one again when that fails too, would roll the workloads for ever.
 */
export interface Rejected {
  readonly tag: string;
  readonly reason: string;
}

/** An alert that a rule asks for: it found `tag`, whether or not anything moves. */
export interface Found {
  readonly rule: string;
  readonly tag: string;
  /** The rule's alert actions. */
  readonly actions: readonly Action[];
}

/** Why a rule moves nothing. */
export interface RuleReason {
  readonly rule: string;
  readonly reason: string;
}

/** What to do; in each case also the alerts to be sent. Reasons are sentences without their full stop. */
export type Decision =
  | { readonly kind: 'move'; readonly tag: string; readonly rule: string; readonly action: MoveAction; readonly reason: string; readonly alerts: readonly Found[] }
  | { readonly kind: 'stay'; readonly reasons: readonly RuleReason[]; readonly alerts: readonly Found[] }
  | { readonly kind: 'hold'; readonly reason: string; readonly alerts: readonly Found[] };

export type MoveAction = 'apply' | 'request-approval';

/**
 * Asks all rules, in order. The first that finds a tag and has `apply` or `request-approval` moves the Image: at most one
 * move; an update under way holds it. Pure.
 */
export function decide({ rules, currentTag, tags, updating, rejected }: Question): Decision {
  const offered = rejected === undefined ? tags : withoutRejected(tags, rejected.tag);
  const aside = rejected !== undefined && offered.length < tags.length
    ? `; ${rejected.tag} and what is older are left out until there is a newer tag, since its rollout failed (${rejected.reason})`
    : '';
  const alerts: Found[] = [];
  const reasons: RuleReason[] = [];
  let move: Omit<Extract<Decision, { kind: 'move' }>, 'alerts'> | undefined;
  for (const rule of rules) {
    const { tag, reason } = rule.select(currentTag, offered);
    if (tag === undefined) {
      reasons.push({ rule: rule.name, reason: `${reason}${aside}` });
      continue;
    }
    const actions = rule.actions.filter(({ type }) => !isMove(type));
    if (actions.length > 0) alerts.push({ rule: rule.name, tag, actions });
    const action = rule.actions.map(({ type }) => type).find(isMove);
    if (action === undefined) reasons.push({ rule: rule.name, reason: `${reason}, but the rule has no action that moves the Image (apply, request-approval)` });
    else move ??= { kind: 'move', tag, rule: rule.name, action, reason: `${reason}${aside}` };
  }
  if (updating !== undefined) return { kind: 'hold', reason: `the update to ${updating.tag} (${updating.rule}) is under way; nothing else moves until it has ended`, alerts };
  return move === undefined ? { kind: 'stay', reasons, alerts } : { ...move, alerts };
}

function isMove(type: Action['type']): type is MoveAction {
  return type === 'apply' || type === 'request-approval';
}

function withoutRejected(tags: readonly string[], rejected: string): readonly string[] {
  const version = parseVersionTag(rejected);
  return tags.filter((tag) => {
    if (tag === rejected) return false;
    const other = version && parseVersionTag(tag);
    return version === undefined || other === undefined
      || other.prefix !== version.prefix || other.variant !== version.variant
      || comparePrecedence(other, version) > 0;
  });
}
