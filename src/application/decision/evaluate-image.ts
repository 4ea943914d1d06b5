import type { MoveAction } from '../../domain/action/action.ts';
import { pinsDigest } from '../../domain/assignment/assign-tag.ts';
import type { Answer } from '../../domain/decision/decide.ts';
import {
  type ControllerEvent,
  type ControllerState,
  currentState,
  reduce,
  reduceAll,
} from '../../domain/image/controller-state.ts';
import { failedRollout } from '../../domain/image/image-state.ts';
import { BASE_TAG_RULE, type Rollout } from '../../domain/image/image-status.ts';
import type { Image } from '../../domain/image/image.ts';
import type { RefreshOutcome } from '../../domain/image/refresh-outcome.ts';
import { tagGone } from '../../domain/image/tag-gone.ts';
import type { BuiltSpec } from '../../domain/rule/rule-catalogue.ts';
import type { ActionCatalogue } from '../action/action-catalogue.ts';
import type { ActionResult } from '../action/action-strategy.ts';
import { RegistryError } from '../ports/tag-registry.ts';
import { type Decided, decideWithFacts, type FactSource, withoutFailed } from './decide-with-facts.ts';
import type { Explanation } from './explanations.ts';
import { FirstSeenDigests } from './first-seen.ts';

/** What is known of an Image's repository. */
export interface KnownTags {
  /** All of them. */
  readonly tags: readonly string[];
  /** How single tags are asked about; or why nobody can tell. */
  readonly facts: Omit<FactSource, 'firstSeen'> | { readonly unknown: string };
}

export interface EvaluationOptions {
  /** Says why things are as they are, where an answer is to be kept in the Image's status. */
  readonly explain?: (decided: Decided) => Explanation;
  /**
   * Also asks the rules where `spec.baseTag` was changed, which is all that counts then, and says which newer tags they leave
   * out: for people, who want to know where the Image goes from there.
   */
  readonly everyRule?: boolean;
}

/** What follows for an Image from what its repository has. */
export interface Evaluation {
  /** Where it was, with an update that has ended taken in. */
  readonly start: ControllerState;
  /** Where it is after this evaluation, with the move that begins. */
  readonly state: ControllerState;
  readonly outcome: RefreshOutcome;
  /** What the rules said; absent where `spec.baseTag` was changed and they were not asked. */
  readonly decided?: Decided;
  /** The move that was found; `rule` is `spec.baseTag` where that was changed. */
  readonly move?: { readonly rule: string; readonly tag: string; readonly action: MoveAction };
  /** Of the tag that the Image is on: what there is to say where the registry does not list it. */
  readonly gone: { readonly message: string | undefined };
}

/**
 * From what an Image's status says and what its repository has, to what follows: the one way for the controller and for
 * `kimup plan`. Writes nothing and changes nothing.
 * @param built the rules and the filter of the Image's spec
 * @param actions what the actions of its rules do
 * @param now milliseconds since the epoch
 * @throws RegistryError where the registry could not be asked for what the decision needs
 */
export async function evaluateImage(
  image: Image,
  built: BuiltSpec,
  known: KnownTags,
  actions: ActionCatalogue,
  now: number,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  const at = new Date(now).toISOString();
  const facts = 'unknown' in known.facts ? undefined : known.facts;
  const start = currentState(image, at);
  const change = await baseTagChange(image, start, facts, at);
  const state = change === undefined ? start : reduce(start, change);
  const found = { start, gone: { message: tagGone(state.tag, known.tags) } };
  const changed = change && baseTagChanged(start, state);
  if (changed !== undefined && options.everyRule !== true) return { ...found, ...changed };
  const seen = new FirstSeenDigests(state.firstSeen ?? [], now);
  const source = facts && { ...facts, firstSeen: (tag: string, digest: string) => seen.of(tag, digest) };
  const decision = await decideFrom(image, state, built, known, source, now, options.everyRule === true);
  if (changed?.move !== undefined) return { ...found, decided: decision.decided, ...changed };
  return {
    ...found,
    decided: decision.decided,
    ...(await follow(image, state, decision, { actions, seen, facts, at, explain: options.explain })),
  };
}

/** What a changed `spec.baseTag` is to the Image; undefined while it is what it was. */
async function baseTagChange(
  { spec: { baseTag } }: Image,
  start: ControllerState,
  facts: Pick<FactSource, 'digest'> | undefined,
  at: string,
): Promise<ControllerEvent | undefined> {
  if (start.baseTag === baseTag) return undefined;
  // Where the Image is on it already, nothing has to be known of it.
  const digest = start.tag === baseTag ? undefined : await facts?.digest(baseTag);
  return { type: 'BaseTagChanged', baseTag, digest, at };
}

/** A move, but where the Image is on the new base tag, or on its way to it, already. */
function baseTagChanged(
  start: ControllerState,
  state: ControllerState,
): Pick<Evaluation, 'state' | 'outcome' | 'move'> {
  const { baseTag: tag, update } = state;
  const moves = update !== undefined && update !== start.update;
  return {
    state,
    outcome: { kind: 'ok', message: `${BASE_TAG_RULE} is now ${tag}` },
    ...(moves ? { move: { rule: BASE_TAG_RULE, tag, action: 'apply' } } : {}),
  };
}

interface Decision {
  readonly decided: Decided;
  /** The last rollout, which failed, where nothing but its tag is there to move to. */
  readonly failed: Rollout | undefined;
}

async function decideFrom(
  image: Image,
  state: ControllerState,
  built: BuiltSpec,
  { tags, facts }: KnownTags,
  source: FactSource | undefined,
  now: number,
  withMisses: boolean,
): Promise<Decision> {
  const decided = await decideWithFacts(
    {
      ...built,
      currentTag: state.tag,
      currentDigest: state.digest,
      tags,
      now,
      updating: state.update,
      withMisses,
      ...('unknown' in facts ? { noFacts: facts.unknown } : {}),
    },
    source,
  );
  const failed = state.update === undefined ? failedRollout(image) : undefined;
  if (failed === undefined || decided.answer.kind !== 'move') return { decided, failed: undefined };
  const other = await withoutFailed(decided, failed, digestOf(decided), source);
  return { decided: other, failed: other.answer.kind === 'move' ? undefined : failed };
}

interface Surroundings {
  readonly actions: ActionCatalogue;
  readonly seen: FirstSeenDigests;
  readonly facts: Pick<FactSource, 'digest'> | undefined;
  readonly at: string;
  readonly explain: EvaluationOptions['explain'];
}

/** What follows from the decision: what is to be remembered, and what the actions of the rule that moves the Image do. */
async function follow(
  image: Image,
  before: ControllerState,
  { decided, failed }: Decision,
  { actions, seen, facts, at, explain }: Surroundings,
): Promise<Pick<Evaluation, 'state' | 'outcome' | 'move'>> {
  const { answer } = decided;
  const explanation = explain?.(decided);
  const digest = before.digest ?? answer.currentDigest ?? (await digestToRecord(image, before, facts));
  const results = runActions(actions, answer, digestOf(decided), at);
  const state = reduceAll(before, [
    ...(digest === undefined || digest === before.digest ? [] : [{ type: 'DigestRecorded', digest } as const]),
    { type: 'TagsJudged', candidates: explanation?.candidates, firstSeen: seen.remembered() },
    ...results.flatMap(({ events }) => events),
  ]);
  const outcome = results.find((result) => result.outcome !== undefined)?.outcome;
  const end: RefreshOutcome =
    outcome ??
    (failed === undefined
      ? { kind: 'ok', message: answer.kind === 'hold' ? answer.reason : (explanation?.message ?? '') }
      : rolloutFailed(before.tag, failed));
  return answer.kind === 'move'
    ? { state, outcome: end, move: { rule: answer.rule, tag: answer.tag, action: answer.action } }
    : { state, outcome: end };
}

/** Runs the action that moves the Image, where one does, and the alerts of every rule that found a tag. */
function runActions(
  catalogue: ActionCatalogue,
  answer: Answer,
  digest: string | undefined,
  at: string,
): readonly ActionResult[] {
  const reasons = new Map(answer.outcomes.map(({ rule, reason }) => [rule, reason]));
  const alerts = answer.alerts.flatMap(({ rule, tag, actions }) =>
    actions.map(({ type }) => catalogue.of(type)({ rule, tag, reason: reasons.get(rule) ?? '', at })),
  );
  if (answer.kind !== 'move') return alerts;
  const { tag, rule, reason, action } = answer;
  return [catalogue.of(action)({ tag, digest, rule, reason, at }), ...alerts];
}

/** Where pods are to get a digest and none was recorded, the one that the tag has now; none of a tag that is gone. */
async function digestToRecord(
  { spec }: Image,
  { tag, update }: ControllerState,
  facts: Pick<FactSource, 'digest'> | undefined,
): Promise<string | undefined> {
  if (!pinsDigest(spec) || update !== undefined) return undefined;
  try {
    return await facts?.digest(tag);
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** What the tag to move to points at, as the decision saw it. */
function digestOf({ input, answer }: Decided): string | undefined {
  const digest = answer.kind === 'move' ? input.facts?.get(answer.tag)?.digest : undefined;
  return typeof digest === 'string' ? digest : undefined;
}

/** How a refresh ends while the last rollout failed and nothing newer is there. */
function rolloutFailed(tag: string, failed: Rollout): RefreshOutcome {
  return {
    kind: 'stalled',
    result: 'ActionError',
    reason: 'RolloutFailed',
    message: `stays on ${tag}: the rollout of ${failed.tag} failed (${failed.message ?? 'no reason given'}); push a newer tag, or push a fixed image as ${failed.tag}`,
  };
}
