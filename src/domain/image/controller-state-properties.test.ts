// No field of the status is lost between one refresh and the next, whichever events come between.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  anyStatus,
  digest,
  FIELDS,
  IMAGE,
  tag,
  text,
  time,
  update,
} from '../../../test/support/domain/controller-statuses.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import {
  type ControllerEvent,
  type ControllerState,
  fromStatus,
  reduce,
  reduceAll,
  toStatus,
} from './controller-state.ts';
import { type ControllerStatus, HISTORY_OUTCOMES, type ImageStatus, REFRESH_RESULTS } from './image-status.ts';
import type { Image } from './image.ts';
import type { RefreshOutcome } from './refresh-outcome.ts';

/** What the operator writes beside it. */
const OPERATORS: Pick<ImageStatus, 'rollout' | 'conditions'> = {
  rollout: { tag: '0.1', phase: 'Healthy', since: '2025-01-01T00:00:00Z', workloads: [] },
  conditions: [
    {
      type: 'RolledOut',
      status: 'True',
      reason: 'Healthy',
      message: 'done',
      lastTransitionTime: '2025-01-01T00:00:00Z',
    },
  ],
};

function imageWith(own: Partial<ControllerStatus> & Pick<ControllerStatus, 'conditions'>): Image {
  return new FakeImageStore().put({
    spec: { image: IMAGE },
    status: { ...own, ...OPERATORS, conditions: [...own.conditions, ...OPERATORS.conditions] },
  });
}

const outcome: fc.Arbitrary<RefreshOutcome> = fc.oneof(
  fc.record({ kind: fc.constant('ok' as const), message: text }),
  fc.record({
    kind: fc.constantFrom('stalled' as const, 'retry' as const),
    result: fc.constantFrom(...REFRESH_RESULTS),
    reason: text,
    message: text,
  }),
);

/** The events, and the fields that each may change. */
const EVENTS: {
  readonly [T in ControllerEvent['type']]: {
    readonly event: fc.Arbitrary<ControllerEvent>;
    readonly changes: readonly (keyof ControllerStatus)[];
  };
} = {
  UpdateEnded: {
    event: fc.record({
      type: fc.constant('UpdateEnded' as const),
      outcome: fc.constantFrom(...HISTORY_OUTCOMES),
      message: fc.option(text, { nil: undefined }),
      at: time,
    }),
    changes: ['tag', 'digest', 'update', 'history', 'origins', 'conditions'],
  },
  BaseTagChanged: {
    event: fc.record({
      type: fc.constant('BaseTagChanged' as const),
      baseTag: tag,
      digest: fc.option(digest, { nil: undefined }),
      at: time,
    }),
    changes: ['baseTag', 'update', 'history', 'origins'],
  },
  UpdateFound: { event: fc.record({ type: fc.constant('UpdateFound' as const), update }), changes: ['update'] },
  DigestRecorded: { event: fc.record({ type: fc.constant('DigestRecorded' as const), digest }), changes: ['digest'] },
  TagsJudged: {
    event: fc.record({
      type: fc.constant('TagsJudged' as const),
      candidates: fc.option(FIELDS.candidates, { nil: undefined }),
      firstSeen: FIELDS.firstSeen,
    }),
    changes: ['candidates', 'firstSeen'],
  },
  Refreshed: {
    event: fc.record({
      type: fc.constant('Refreshed' as const),
      outcome,
      gone: fc.option(fc.record({ message: fc.option(text, { nil: undefined }) }), { nil: undefined }),
      problems: fc.array(fc.record({ field: text, message: text }), { maxLength: 2 }),
      generation: fc.nat(9),
      at: time,
    }),
    changes: ['result', 'time', 'observedGeneration', 'conditions'],
  },
};
const anyEvent = fc.oneof(...Object.values(EVENTS).map(({ event }) => event));

it('writes what it has read: every field of the controller, and none of the operator', () => {
  fc.assert(
    fc.property(anyStatus, (own) => {
      expect(toStatus(fromStatus(imageWith(own)))).toEqual(own);
    }),
  );
});

it('reads what it has written, after whatever happens', () => {
  fc.assert(
    fc.property(anyStatus, fc.array(anyEvent, { maxLength: 6 }), (own, events) => {
      const written = toStatus(reduceAll(fromStatus(imageWith(own)), events));
      expect(toStatus(fromStatus(imageWith(written)))).toEqual(written);
    }),
  );
});

it.each(Object.entries(EVENTS))('%s leaves all other fields as they are', (_, { event, changes }) => {
  fc.assert(
    fc.property(anyStatus, event, (own, happened) => {
      const before: ControllerState = fromStatus(imageWith(own));
      const after = reduce(before, happened);
      for (const field of Object.keys(FIELDS) as (keyof ControllerStatus)[])
        if (!changes.includes(field)) expect([field, after[field]]).toEqual([field, before[field]]);
    }),
  );
});

it('keeps whatever else the status holds', () => {
  const later = { ...imageWith({ tag: '1.9', image: IMAGE, baseTag: '1.9', conditions: [] }) };
  const image = { ...later, status: { ...later.status, approval: 'pending' } } as Image;
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 6 }), (events) => {
      expect(toStatus(reduceAll(fromStatus(image), events))).toMatchObject({ approval: 'pending' });
    }),
  );
});
