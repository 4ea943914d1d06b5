import type { ActionStrategy } from './action-strategy.ts';

/** Asks a person to agree to the tag. Not built yet: the Image stays, and says why. */
export const requestApproval: ActionStrategy = ({ tag, rule }) => ({
  events: [],
  outcome: {
    kind: 'stalled',
    result: 'ActionError',
    reason: 'UnsupportedAction',
    message: `rule ${JSON.stringify(rule)} asks for approval of ${tag}, which this version of kimup can't take; use the action apply`,
  },
});
