/** The pairs of counters and the histogram that the contract has for each kind of work. */
export type Work = 'actions_executed' | 'events_triggered' | 'mutator_request' | 'mutator_patch' | 'rules_evaluated' | 'tags_request';

/** Counts what kimup does, by the metric names of the contract. */
export abstract class Metrics {
  /** One piece of work that took `seconds`; `failed` counts it as an error too. */
  abstract done(work: Work, seconds: number, failed: boolean): void;
  /** One request to the registry `registryName` (its host). */
  abstract registryRequest(registryName: string, seconds: number, failed: boolean): void;
  /** How many tags the repository of an Image has. */
  abstract tagsAvailable(imageName: string, count: number): void;
}
