import type { ActionType } from '../image/image.ts';

/** What moves an Image; all other actions tell of a tag. */
export type MoveAction = 'apply' | 'request-approval';

export function isMove(type: ActionType): type is MoveAction {
  return type === 'apply' || type === 'request-approval';
}
