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

export const ACTION_TYPES = ['apply', 'request-approval', 'alert-discord', 'alert-email'] as const;

export type ActionType = (typeof ACTION_TYPES)[number];

/** What to do about an update that a rule found. */
export interface Action {
  readonly type: ActionType;
  readonly data?: ValueOrValueFrom;
}

/** What moves an Image, at once or when a person has agreed; all other actions tell of a tag. */
export type MoveAction = 'apply' | 'request-approval';

/** Whether an action is a {@link MoveAction}. */
export function movesImage<T extends Pick<Action, 'type'>>(action: T): action is T & { readonly type: MoveAction } {
  return action.type === 'apply' || action.type === 'request-approval';
}
