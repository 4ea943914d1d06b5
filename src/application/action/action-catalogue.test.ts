import { expect, it } from 'vitest';
import { ACTION_TYPES, ALERT_ACTION_TYPES } from '../../domain/action/action.ts';
import { ActionCatalogue, type ActionStrategies } from './action-catalogue.ts';
import { alert } from './alert.ts';
import { apply } from './apply.ts';
import { requestApproval } from './request-approval.ts';

const actions = new ActionCatalogue();

it.each(ACTION_TYPES)('has a strategy for %s', (type) => {
  expect(actions.of(type)).toBeTypeOf('function');
});

it('has for each type the strategy of its name', () => {
  expect(actions.of('apply')).toBe(apply);
  expect(actions.of('request-approval')).toBe(requestApproval);
  for (const type of ALERT_ACTION_TYPES) expect(actions.of(type)).toBe(alert);
});

it('uses the strategies that it is given', () => {
  const strategies: ActionStrategies = {
    apply: requestApproval,
    'request-approval': requestApproval,
    'alert-discord': alert,
    'alert-email': alert,
  };
  expect(new ActionCatalogue(strategies).of('apply')).toBe(requestApproval);
});
