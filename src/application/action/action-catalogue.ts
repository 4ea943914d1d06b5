import type { ActionType } from '../../domain/action/action.ts';
import type { ActionStrategy } from './action-strategy.ts';
import { alert } from './alert.ts';
import { apply } from './apply.ts';
import { requestApproval } from './request-approval.ts';

/** What each type of action does. */
export const ACTIONS: Readonly<Record<ActionType, ActionStrategy>> = {
  apply,
  'request-approval': requestApproval,
  'alert-discord': alert,
  'alert-email': alert,
};
