/** A value given in place, or where it stands in the Image's own namespace. */
export interface ValueOrValueFrom {
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyRef;
    readonly configMapKeyRef?: KeyRef;
    readonly alertConfigRef?: { readonly name: string };
  };
}

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

/** What moves an Image, at once or when a person has agreed. */
export const MOVE_ACTION_TYPES = ['apply', 'request-approval'] as const;

/** What tells people of a tag, by the channel in its name, and moves nothing. */
export const ALERT_ACTION_TYPES = ['alert-discord', 'alert-email'] as const;

/** Every type of action, as the CRD lists them. */
export const ACTION_TYPES = [...MOVE_ACTION_TYPES, ...ALERT_ACTION_TYPES] as const;

export type MoveAction = (typeof MOVE_ACTION_TYPES)[number];

export type AlertAction = (typeof ALERT_ACTION_TYPES)[number];

export type ActionType = MoveAction | AlertAction;

/** What to do about an update that a rule found. */
export interface Action {
  readonly type: ActionType;
  readonly data?: ValueOrValueFrom;
}

const MOVES: ReadonlySet<ActionType> = new Set(MOVE_ACTION_TYPES);
const ALERTS: ReadonlySet<ActionType> = new Set(ALERT_ACTION_TYPES);

/** Whether an action is a {@link MoveAction}. */
export function movesImage<T extends Pick<Action, 'type'>>(action: T): action is T & { readonly type: MoveAction } {
  return MOVES.has(action.type);
}

/** Whether an action is an {@link AlertAction}, which needs an AlertConfig. */
export function isAlert({ type }: Pick<Action, 'type'>): boolean {
  return ALERTS.has(type);
}

/**
 * The actions that the contract has and this version of kimup does not do yet, and what follows. Not request-approval: it holds
 * the Image up as soon as its rule finds a tag, and the condition Stalled tells of it.
 */
export const ACTIONS_NOT_BUILT_YET: ReadonlyMap<ActionType, string> = new Map(
  ALERT_ACTION_TYPES.map((type) => [type, 'so nothing is sent']),
);
