import type { ActionStrategy } from './action-strategy.ts';

/** Moves the Image to the tag. */
export const apply: ActionStrategy = ({ tag, digest, rule, reason, at }) => ({
  events: [{ type: 'UpdateFound', update: { tag, ...(digest === undefined ? {} : { digest }), rule, since: at } }],
  outcome: { kind: 'ok', message: reason },
  work: [],
});
