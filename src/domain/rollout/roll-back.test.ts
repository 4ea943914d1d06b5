import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/builders/image.ts';
import { type GivenWorkload, podOf, workload } from '../../../test/support/builders/workload.ts';
import { tracked } from '../../../test/support/domain/rules.ts';
import type { WorkloadRollout } from '../image/image-status.ts';
import { rollBack } from './roll-back.ts';
import { DEFAULT_ROLLOUT_OPTIONS, NO_MEMORY, RolloutContext } from './rollout-context.ts';
import type { PodState, Workload } from './workload.ts';

const NOW = Date.UTC(2026, 0, 1);
const TARGET = { tag: 'v1.10.2' };
const FAILED: Partial<WorkloadRollout> = { phase: 'Failed', previousTag: 'v1.9.0' };

/** A workload in scope whose template names `tag` by kimup's hand, unless `given` says otherwise. */
function named(tag: string, given: GivenWorkload = {}): Workload {
  const annotations = { 'kimup.cloudavenue.io/images': `demos=${tag}`, 'kimup.cloudavenue.io/enabled': 'true' };
  return workload({ annotations, ownsAnnotation: true, ...given });
}

/** Whether something is left to do, and the commands; `needed` is whether its pods have to be asked for. */
function rolledBack(one: Workload, row: Partial<WorkloadRollout> = FAILED, pods?: readonly PodState[]) {
  const context = new RolloutContext({
    own: tracked(imageOf({ status: { tag: 'v1.9.0', image: 'registry.test/whoami', baseTag: 'latest' } })),
    rollout: undefined,
    competingImages: [],
    excluded: false,
    workloads: [one],
    namespace: {},
    pods: new Map(pods === undefined ? [] : [[`${one.kind}/${one.name}`, pods]]),
    annotationManagers: new Map(),
    memory: NO_MEMORY,
    now: NOW,
    options: DEFAULT_ROLLOUT_OPTIONS,
  });
  const since = new Date(NOW - 60_000).toISOString();
  const left = rollBack(context, { kind: one.kind, name: one.name, phase: 'Failed', since, ...row }, TARGET);
  const commands = context.commands.map((command) =>
    command.type === 'set-pinned-tag' ? `set ${command.pinnedTag ?? 'nothing'}` : `delete ${command.pod.name}`,
  );
  return { left, commands, needed: context.plan(undefined, undefined).podsNeeded.length > 0 };
}

const DONE = { left: false, commands: [], needed: false };

describe('a workload that was rolled', () => {
  it.each<[string, Workload, Partial<WorkloadRollout>, ReturnType<typeof rolledBack>]>([
    ['gets its previous tag', named('v1.10.2'), FAILED, { ...DONE, left: true, commands: ['set v1.9.0'] }],
    ['gets no tag where it had none', named('v1.10.2'), {}, { ...DONE, left: true, commands: ['set nothing'] }],
    ['is left alone once it is back', named('v1.9.0'), FAILED, DONE],
    ['is left alone where it names a third tag', named('v1.10.1'), FAILED, DONE],
    ['is left alone where a person wrote the tag', named('v1.10.2', { ownsAnnotation: false }), FAILED, DONE],
    ['is left alone where a person took it back', named('v1.10.2'), { ...FAILED, phase: 'Overridden' }, DONE],
    ['is left alone where it is out of scope', workload({ ownsAnnotation: true }), FAILED, DONE],
  ])('%s', (_, one, row, expected) => {
    expect(rolledBack(one, row)).toEqual(expected);
  });
});

describe('a StatefulSet that names its previous tag again', () => {
  const stuck = (given: GivenWorkload = {}) =>
    named('v1.9.0', { kind: 'StatefulSet', status: { ready: 0, available: 0, updated: 0 }, ...given });

  it('waits until its controller has seen the template', () => {
    expect(rolledBack(stuck({ generation: 2, status: { observedGeneration: 1, updated: 0 } }))).toEqual({
      ...DONE,
      left: true,
    });
  });

  it('asks for its pods', () => {
    expect(rolledBack(stuck())).toEqual({ left: true, commands: [], needed: true });
  });

  it('loses a pod of the failed tag that is not ready, for its controller does not replace it', () => {
    const pod = { ...podOf(named('v1.10.2', { kind: 'StatefulSet' })), ready: false };
    expect(rolledBack(stuck(), FAILED, [pod])).toEqual({ left: true, commands: ['delete web-0'], needed: false });
  });

  it('is done where all its pods are back', () => {
    expect(rolledBack(stuck(), FAILED, [podOf(stuck())])).toEqual(DONE);
  });
});
