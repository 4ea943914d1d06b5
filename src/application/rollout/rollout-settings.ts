import { DEFAULT_ROLLOUT_OPTIONS } from '../../domain/rollout/rollout-context.ts';

/** How the operator rolls out. */
export class RolloutSettings {
  constructor(
    /** Namespaces that are left alone whatever they say. */
    readonly excludedNamespaces: readonly string[] = [],
    /** How many Images are worked on at the same time; each is a handful of requests when something happens. */
    readonly concurrency: number = 8,
    readonly options = DEFAULT_ROLLOUT_OPTIONS,
  ) {}
}

/** How many requests one Image makes at the same time. */
export const REQUESTS_AT_ONCE = 4;
