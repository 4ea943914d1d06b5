import type { DecisionInput } from '../decision-input.ts';
import type { Gate, GateHold } from './gate.ts';
import { updateInProgress } from './update-in-progress.ts';

const GATES: readonly Gate[] = [updateInProgress];

/** The first gate that holds the Image; `undefined` where none does. */
export function holdOf(input: DecisionInput): GateHold | undefined {
  for (const gate of GATES) {
    const hold = gate(input);
    if (hold !== undefined) return hold;
  }
  return undefined;
}
