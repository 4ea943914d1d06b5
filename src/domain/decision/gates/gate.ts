import type { DecisionInput } from '../decision-input.ts';

/** What holds the Image as a whole: no rule moves it while it does. A changed `spec.baseTag` is a person's word, and moves it all the same. */
export interface GateHold {
  /** For what it waits, a sentence without its full stop. */
  readonly reason: string;
}

/** Something that may hold the Image. To add one: a file beside this with its table test, and its name in gates.ts. Pure. */
export type Gate = (input: DecisionInput) => GateHold | undefined;
