import type { ActionType } from '../../domain/action/action.ts';
import type { ActionStrategy } from './action-strategy.ts';
import { alert } from './alert.ts';
import { apply } from './apply.ts';
import { requestApproval } from './request-approval.ts';

/** What each type of action does. */
export type ActionStrategies = Readonly<Record<ActionType, ActionStrategy>>;

const STRATEGIES: ActionStrategies = {
  apply,
  'request-approval': requestApproval,
  'alert-discord': alert,
  'alert-email': alert,
};

/**
 * The strategy of each type of action. ActionsModule provides it, so that it can give a strategy what it needs; `kimup plan`
 * makes one without Nest.
 */
export class ActionCatalogue {
  /** @param strategies those of kimup, if none are given */
  constructor(private readonly strategies: ActionStrategies = STRATEGIES) {}

  /** What an action of this type does. */
  of(type: ActionType): ActionStrategy {
    return this.strategies[type];
  }
}
