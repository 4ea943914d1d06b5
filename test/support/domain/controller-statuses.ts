// Statuses as the controller writes them, every field of them.
import fc from 'fast-check';
import {
  type Condition,
  type ControllerStatus,
  HISTORY_OUTCOMES,
  REFRESH_RESULTS,
  type Update,
} from '../../../src/domain/image/image-status.ts';
import { CONTROLLER_CONDITIONS } from '../../../src/domain/image/refresh-conditions.ts';

/** The `spec.image` that they are of. */
export const IMAGE = 'registry.test/app';
export const text = fc.string({ minLength: 1, maxLength: 8 });
export const tag = fc.constantFrom('1.9', '1.10', '2.0', 'stable');
export const digest = fc.constantFrom('a', 'b').map((digit) => `sha256:${digit.repeat(64)}`);
export const time = fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z');
const listOf = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 4 });
export const update: fc.Arbitrary<Update> = fc.record(
  { tag, digest, rule: text, since: time },
  { requiredKeys: ['tag', 'rule', 'since'] },
);
const condition: fc.Arbitrary<Condition> = fc.record({
  type: fc.constantFrom(...CONTROLLER_CONDITIONS),
  status: fc.constantFrom('True' as const, 'False' as const),
  reason: text,
  message: text,
  lastTransitionTime: time,
});

/** Every field that the controller owns: one that is added to the status has to be added here. */
export const FIELDS: { readonly [K in keyof Required<ControllerStatus>]: fc.Arbitrary<Required<ControllerStatus>[K]> } =
  {
    tag,
    digest,
    result: fc.constantFrom(...REFRESH_RESULTS),
    time,
    image: fc.constant(IMAGE),
    baseTag: tag,
    observedGeneration: fc.nat(9),
    update,
    candidates: listOf(fc.record({ tag, rule: text, reason: text })),
    firstSeen: listOf(fc.record({ tag, digest, time })),
    history: listOf(
      fc.record({
        from: tag,
        to: tag,
        rule: text,
        began: time,
        ended: time,
        outcome: fc.constantFrom(...HISTORY_OUTCOMES),
      }),
    ),
    origins: listOf(fc.record({ tag, baseTag: tag })),
    conditions: fc.uniqueArray(condition, { selector: ({ type }) => type }),
  };
/** Of an Image that was refreshed. */
export const anyStatus = fc.record(FIELDS, { requiredKeys: ['tag', 'image', 'baseTag', 'conditions'] });
