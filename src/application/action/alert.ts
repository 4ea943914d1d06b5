import type { ActionStrategy } from './action-strategy.ts';

/**
 * Tells people of the tag. Not built yet: it returns no work, so nothing is sent, and the Image's events say so when its spec is
 * new or changed.
 */
export const alert: ActionStrategy = () => ({ events: [], work: [] });
