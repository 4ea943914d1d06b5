import type { Gate } from './gate.ts';

/** While an update is under way nothing else moves. */
export const updateInProgress: Gate = ({ updating }) =>
  updating === undefined
    ? undefined
    : {
        reason: `the update to ${updating.tag} (${updating.rule}) is in progress; no other update starts until it has finished`,
      };
