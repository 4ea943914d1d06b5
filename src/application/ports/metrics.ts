/** The pairs of counters and the histogram that the contract has for each kind of work. */
export type Work =
  | 'actions_executed'
  | 'events_triggered'
  | 'mutator_request'
  | 'mutator_patch'
  | 'rules_evaluated'
  | 'tags_request';

/** How a work queue is doing now. */
export interface QueueFacts {
  readonly depth: number;
  readonly inFlight: number;
  /** How many times work was tried again after a failure, since the start. */
  readonly retries: number;
  /** How long the key has waited that has waited longest, seconds. */
  readonly oldestSeconds: number;
}

/** Counts what kimup does, by the metric names of the contract. Never fails. */
export abstract class Metrics {
  /** One piece of work that took `seconds`; `failed` counts it as an error too: what failed is part of the total. */
  abstract done(work: Work, seconds: number, failed: boolean): void;
  /** One request to the registry `registryName` (its host), which took `seconds`; `failed` as above. */
  abstract registryRequest(registryName: string, seconds: number, failed: boolean): void;
  /** How many tags the repository of an Image has. */
  abstract tagsAvailable(imageName: string, count: number): void;
  /**
   * A watch of `resource` (its plural), which tells for how many seconds it has been down; 0 while it is up. It is asked whenever
   * somebody looks at the metrics, not before; of several of one name the last one is.
   */
  abstract watch(resource: string, downSeconds: () => number): void;
  /** The work queue `name`, which tells how it is doing; asked as a watch is. */
  abstract workqueue(name: string, facts: () => QueueFacts): void;
}
