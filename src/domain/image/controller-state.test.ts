import { describe, expect, it } from 'vitest';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import {
  BASE_TAG_RULE,
  HISTORY_LENGTH,
  type HistoryEntry,
  type ImageStatus,
  type Rollout,
  type Update,
} from './image-status.ts';
import type { Image } from './image.ts';
import { type ControllerState, currentState, reduce } from './controller-state.ts';

const REPOSITORY = 'registry.test/app';
const SINCE = '2026-01-01T00:00:00.000Z';
const NOW = '2026-01-01T00:05:00.000Z';
const UPDATE: Update = { tag: '1.10', digest: `sha256:${'a'.repeat(64)}`, rule: 'minor', since: SINCE };

function imageOf(status: Partial<ImageStatus>, baseTag = '1.9'): Image {
  return new FakeImageStore().put({
    spec: { image: REPOSITORY, baseTag },
    status: { image: REPOSITORY, baseTag: '1.9', tag: '1.9', conditions: [], ...status },
  });
}

function rollout(phase: Rollout['phase'], message?: string): Rollout {
  return {
    tag: UPDATE.tag,
    digest: UPDATE.digest!,
    since: SINCE,
    phase,
    workloads: [],
    ...(message === undefined ? {} : { message }),
  };
}

/** Once a changed `spec.baseTag` is noted. */
function changed(image: Image): ControllerState {
  return reduce(currentState(image, NOW), { type: 'BaseTagChanged', baseTag: image.spec.baseTag, at: NOW });
}

const entry = (from: string, to: string): HistoryEntry => ({
  from,
  to,
  rule: 'minor',
  began: SINCE,
  ended: SINCE,
  outcome: 'Healthy',
});

describe('the history', () => {
  it('notes an update that has ended, and how', () => {
    const ended = { from: '1.9', to: '1.10', digest: UPDATE.digest, rule: 'minor', began: SINCE, ended: NOW };
    expect(
      currentState(imageOf({ update: UPDATE, rollout: rollout('Healthy', '2 of 2 workloads done') }), NOW),
    ).toMatchObject({ tag: '1.10', history: [{ ...ended, outcome: 'Healthy', message: '2 of 2 workloads done' }] });
    const failed = currentState(imageOf({ update: UPDATE, rollout: rollout('Failed', 'it crashed') }), NOW);
    expect(failed).toMatchObject({ tag: '1.9', history: [{ ...ended, outcome: 'Failed', message: 'it crashed' }] });
    expect(failed.update).toBeUndefined();
  });

  it('notes nothing of an update under way, and stays', () => {
    const history = [entry('1.8', '1.9')];
    expect(currentState(imageOf({ update: UPDATE, rollout: rollout('Progressing'), history }), NOW)).toMatchObject({
      tag: '1.9',
      update: UPDATE,
      history,
    });
    expect(currentState(imageOf({ history }), NOW).history).toEqual(history);
  });

  it('holds the last ten', () => {
    const history = Array.from({ length: HISTORY_LENGTH }, (_, i) => entry(`1.${i}`, `1.${i + 1}`));
    const { history: after } = currentState(imageOf({ update: UPDATE, rollout: rollout('Healthy'), history }), NOW);
    expect(after).toHaveLength(HISTORY_LENGTH);
    expect([after![0]!.from, after!.at(-1)!.to]).toEqual(['1.1', '1.10']);
  });

  it('begins anew with another repository', () => {
    expect(
      currentState(imageOf({ image: 'registry.test/other', history: [entry('1.8', '1.9')] }), NOW).history,
    ).toBeUndefined();
  });

  it('forgets with another repository all but when digests were first seen: a mirror has the same', () => {
    const firstSeen = [{ tag: '1.9', digest: UPDATE.digest!, time: SINCE }];
    const image = imageOf({ image: 'registry.test/other', update: UPDATE, firstSeen });
    expect(currentState(image, NOW)).toEqual({
      tag: '1.9',
      image: REPOSITORY,
      baseTag: '1.9',
      firstSeen,
      conditions: [],
    });
  });

  it('notes a baseTag that is changed to where the Image is, and leaves a move to it to the update', () => {
    const there = imageOf({ tag: '1.10', history: [entry('1.9', '1.10')] }, '1.10');
    const stays = changed(there);
    expect(stays.update).toBeUndefined();
    expect(stays).toMatchObject({
      history: [
        entry('1.9', '1.10'),
        { from: '1.10', to: '1.10', rule: BASE_TAG_RULE, outcome: 'Healthy', began: NOW, ended: NOW },
      ],
    });
    const moves = imageOf({ history: [entry('1.8', '1.9')] }, '2.0');
    expect(changed(moves)).toMatchObject({
      update: { tag: '2.0', rule: BASE_TAG_RULE, since: NOW },
      history: [entry('1.8', '1.9')],
    });
  });
});

describe('the tags that the Image was on', () => {
  const healthy = (status: Partial<ImageStatus>) =>
    currentState(imageOf({ update: UPDATE, rollout: rollout('Healthy'), ...status }), NOW).origins;

  it('are remembered with the baseTag that counted then, each once, the latest last', () => {
    expect(healthy({})).toEqual([{ tag: '1.9', baseTag: '1.9' }]);
    expect(
      healthy({
        origins: [
          { tag: '1.9', baseTag: 'old' },
          { tag: '1.8', baseTag: 'old' },
        ],
      }),
    ).toEqual([
      { tag: '1.9', baseTag: '1.9' },
      { tag: '1.8', baseTag: 'old' },
    ]);
    expect(healthy({ origins: [{ tag: '1.10', baseTag: '1.9' }] })).toEqual([{ tag: '1.9', baseTag: '1.9' }]);
  });

  it('are not added to by a move that failed, or to the same tag', () => {
    expect(currentState(imageOf({ update: UPDATE, rollout: rollout('Failed') }), NOW).origins).toBeUndefined();
    const same = { ...UPDATE, tag: '1.9' };
    expect(
      currentState(imageOf({ update: same, rollout: { ...rollout('Healthy'), tag: '1.9' } }), NOW).origins,
    ).toEqual([]);
  });

  it('are a hundred at most, however often the Image moves', () => {
    const origins = Array.from({ length: 100 }, (_, i) => ({ tag: `0.${i}`, baseTag: '1.9' }));
    const after = healthy({ origins })!;
    expect([after.length, after[0]!.tag, after.at(-1)!.tag]).toEqual([100, '0.1', '1.9']);
  });

  it('hold the old baseTag and where it had come to, once it is changed', () => {
    const image = imageOf({ tag: '1.10', origins: [{ tag: '1.9', baseTag: '1.9' }] }, '2.0');
    const move = changed(image);
    expect(move.origins).toEqual([
      { tag: '1.9', baseTag: '1.9' },
      { tag: '1.10', baseTag: '1.9' },
    ]);
    const moved = imageOf(
      {
        baseTag: '2.0',
        tag: '1.10',
        update: { tag: '2.0', rule: BASE_TAG_RULE, since: SINCE },
        rollout: { tag: '2.0', since: SINCE, phase: 'Healthy', workloads: [] },
        origins: move.origins!,
      },
      '2.0',
    );
    expect(currentState(moved, NOW)).toMatchObject({ tag: '2.0', origins: move.origins });
  });
});
