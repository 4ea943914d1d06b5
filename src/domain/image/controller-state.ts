import { isTag } from '../reference/reference-grammar.ts';
import type { TriggerProblem } from '../trigger/trigger.ts';
import { checksumOf } from './checksum.ts';
import { shorten } from './conditions.ts';
import { outcomeOfUpdate, startOver } from './image-state.ts';
import {
  BASE_TAG_RULE,
  type CandidateReason,
  type ControllerStatus,
  type FirstSeen,
  HISTORY_LENGTH,
  type HistoryEntry,
  type HistoryOutcome,
  type Origin,
  ORIGINS_LENGTH,
  type Update,
} from './image-status.ts';
import type { Image } from './image.ts';
import { CONTROLLER_CONDITIONS, refreshConditions } from './refresh-conditions.ts';
import { type RefreshOutcome, resultOf } from './refresh-outcome.ts';
import { TAG_GONE } from './tag-gone.ts';

/**
 * All of an Image's status that the controller owns. It is read by {@link fromStatus}, changed by {@link reduce} alone, and
 * written by {@link toStatus}: a field that no event changes stays as it is.
 */
export interface ControllerState extends ControllerStatus {
  /** What the Image is on. */
  readonly tag: string;
  /** The `spec.image` and `spec.baseTag` that this holds for. */
  readonly image: string;
  readonly baseTag: string;
}

/** What happens to an Image. Times (`at`) are RFC 3339. */
export type ControllerEvent =
  /** The operator has brought the update under way to an end. */
  | {
      readonly type: 'UpdateEnded';
      readonly outcome: HistoryOutcome;
      readonly message: string | undefined;
      readonly at: string;
    }
  /** `spec.baseTag` was changed, and points at `digest` as far as that is known. */
  | {
      readonly type: 'BaseTagChanged';
      readonly baseTag: string;
      readonly digest?: string | undefined;
      readonly at: string;
    }
  | { readonly type: 'UpdateFound'; readonly update: Update }
  /** The digest of the tag that the Image is on was not known before. */
  | { readonly type: 'DigestRecorded'; readonly digest: string }
  /** The rules have judged the tags. */
  | {
      readonly type: 'TagsJudged';
      readonly candidates: readonly CandidateReason[] | undefined;
      readonly firstSeen: readonly FirstSeen[];
    }
  /** A refresh of the Image's present `generation` has ended. */
  | {
      readonly type: 'Refreshed';
      readonly outcome: RefreshOutcome;
      /** What there is to say of the tag that the Image is on, where the registry does not list it; absent where that is not known. */
      readonly gone?: { readonly message: string | undefined } | undefined;
      readonly problems: readonly TriggerProblem[];
      readonly generation: number;
      readonly at: string;
    };

/** What an Image's status says. Where it says nothing, or speaks of another repository, the Image starts at its base tag. */
export function fromStatus(image: Image): ControllerState {
  const { spec, status } = image;
  const { rollout: _, ...owned } = status;
  const conditions = status.conditions.filter(({ type }) => CONTROLLER_CONDITIONS.has(type));
  if (status.tag !== undefined && !startOver(image)) {
    return {
      ...owned,
      tag: status.tag,
      image: spec.image,
      baseTag: status.baseTag ?? spec.baseTag,
      conditions,
    };
  }
  // A status that does not say what it was written for is of kimup 0.2: the Image goes on from its tag.
  const kept = status.image === undefined ? (status.tag ?? mirroredTag(image)) : undefined;
  return {
    tag: kept ?? spec.baseTag,
    image: spec.image,
    baseTag: spec.baseTag,
    // Under whatever name, a digest is as old as it is.
    ...(status.firstSeen === undefined ? {} : { firstSeen: status.firstSeen }),
    conditions: withoutTagGone(conditions),
  };
}

/** The inverse of {@link fromStatus}: what of the status the controller writes. An empty list is left out. */
export function toStatus({ conditions, ...fields }: ControllerState): ControllerStatus {
  const said = Object.entries(fields).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return { ...(Object.fromEntries(said) as typeof fields), conditions };
}

/**
 * Where an Image is, with an update that has ended taken in, before anything new is decided.
 * @param at now, RFC 3339
 */
export function currentState(image: Image, at: string): ControllerState {
  const state = fromStatus(image);
  const outcome = startOver(image) ? undefined : outcomeOfUpdate(image);
  return outcome === undefined
    ? state
    : reduce(state, { type: 'UpdateEnded', outcome, message: image.status.rollout?.message, at });
}

/** The state after all of these events, in their order. */
export function reduceAll(state: ControllerState, events: readonly ControllerEvent[]): ControllerState {
  return events.reduce(reduce, state);
}

/** The state after an event. */
export function reduce(state: ControllerState, event: ControllerEvent): ControllerState {
  switch (event.type) {
    case 'UpdateEnded':
      return updateEnded(state, event);
    case 'BaseTagChanged':
      return baseTagChanged(state, event);
    case 'UpdateFound':
      return { ...state, update: event.update };
    case 'DigestRecorded':
      return { ...state, digest: event.digest };
    case 'TagsJudged': {
      const { candidates = state.candidates, firstSeen } = event;
      return { ...state, ...(candidates === undefined ? {} : { candidates }), firstSeen };
    }
    case 'Refreshed':
      return {
        ...state,
        result: resultOf(event.outcome, state.update),
        time: event.at,
        observedGeneration: event.generation,
        conditions: refreshConditions(state, event),
      };
  }
}

type EventOf<T extends ControllerEvent['type']> = Extract<ControllerEvent, { readonly type: T }>;

function updateEnded(state: ControllerState, { outcome, message, at }: EventOf<'UpdateEnded'>): ControllerState {
  const { update, ...rest } = state;
  if (update === undefined) return state;
  const ended = { ...rest, history: withEntry(state, historyEntry(state.tag, update, outcome, message, at)) };
  if (outcome === 'Failed') return ended;
  // Where a changed baseTag moved it, that was noted when it was changed.
  const left = update.rule === BASE_TAG_RULE ? [] : [{ tag: state.tag, baseTag: state.baseTag }];
  const { digest: _, ...moved } = ended;
  return {
    ...moved,
    tag: update.tag,
    ...(update.digest === undefined ? {} : { digest: update.digest }),
    origins: withOrigins(state, left, update.tag),
    // Of the same tag, pushed again, nothing new is known.
    conditions: update.tag === state.tag ? state.conditions : withoutTagGone(state.conditions),
  };
}

/** A changed `spec.baseTag` is a move to it, like a rule's; none where the Image is on it, or moves to it, already. */
function baseTagChanged(state: ControllerState, { baseTag, digest, at }: EventOf<'BaseTagChanged'>): ControllerState {
  const { update: underWay, ...rest } = state;
  const left = [state.baseTag, state.tag].map((tag) => ({ tag, baseTag: state.baseTag }));
  const noted = { ...rest, baseTag, origins: withOrigins(state, left, baseTag) };
  const update: Update = {
    tag: baseTag,
    ...(digest === undefined ? {} : { digest }),
    rule: BASE_TAG_RULE,
    since: at,
  };
  if (state.tag === baseTag)
    return {
      ...noted,
      history: withEntry(
        state,
        historyEntry(baseTag, { tag: baseTag, rule: BASE_TAG_RULE, since: at }, 'Healthy', undefined, at),
      ),
    };
  const same = underWay?.tag === baseTag && (digest === undefined || underWay.digest === digest);
  return { ...noted, update: same ? underWay : update };
}

/** The tags that the Image was on, with those that it leaves; the one that it is on now is none of them. */
function withOrigins({ origins = [] }: ControllerState, left: readonly Origin[], now: string): readonly Origin[] {
  const byTag = new Map([...origins, ...left].map((one) => [one.tag, one]));
  byTag.delete(now);
  return [...byTag.values()].slice(-ORIGINS_LENGTH);
}

/** What the history says of an update that has ended. */
function historyEntry(
  from: string,
  { tag, digest, rule, since }: Update,
  outcome: HistoryOutcome,
  message: string | undefined,
  ended: string,
): HistoryEntry {
  return {
    from,
    to: tag,
    ...(digest === undefined ? {} : { digest }),
    rule,
    began: since,
    ended,
    outcome,
    ...(message === undefined || message === '' ? {} : { message: shorten(message) }),
  };
}

function withEntry({ history = [] }: ControllerState, entry: HistoryEntry): readonly HistoryEntry[] {
  return [...history, entry].slice(-HISTORY_LENGTH);
}

function withoutTagGone(conditions: ControllerState['conditions']): ControllerState['conditions'] {
  return conditions.filter(({ type }) => type !== TAG_GONE);
}

/** A status that is not there at all, beside the mirror of its tag, is a restored backup; a copy with another `spec.image` is not. */
function mirroredTag({ spec, annotations }: Image): string | undefined {
  const { tag, checksum } = annotations;
  return tag !== undefined && isTag(tag) && checksum === checksumOf(spec) ? tag : undefined;
}
