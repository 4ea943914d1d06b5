import type { ActionStrategy } from './action-strategy.ts';

/** Asks a person to agree to the tag. Not built yet: the Image stays, and says why. */
export const requestApproval: ActionStrategy = ({ tag, rule }) => ({
  events: [],
  outcome: {
    kind: 'stalled',
    result: 'ActionError',
    reason: 'UnsupportedAction',
    message: `rule ${JSON.stringify(rule)} found ${tag}, but its action request-approval is not implemented in this version of kimup; use the action apply`,
  },
  work: [],
});
