import { expect, it } from 'vitest';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { workload } from '../../../test/support/builders/workload.ts';
import { tracked } from '../../../test/support/domain/rules.ts';
import type { WorkloadRollout } from '../image/image-status.ts';
import { DEFAULT_ROLLOUT_OPTIONS, NO_MEMORY, RolloutContext } from './rollout-context.ts';
import { nextWorkloadRollout } from './workload-rollout.ts';

const NOW = Date.UTC(2026, 0, 1);
const IMAGE = new FakeImageStore().put({
  spec: {
    image: 'registry.test/whoami',
    rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
  },
});
const ROW: WorkloadRollout = {
  kind: 'Deployment',
  name: 'web',
  phase: 'Progressing',
  since: new Date(NOW - 60_000).toISOString(),
};

it('remembers the pod that it had made anew while the next one is not ready', () => {
  const web = workload({
    annotations: { 'kimup.cloudavenue.io/images': 'demos=v1.10.2', 'kimup.cloudavenue.io/enabled': 'true' },
    status: { ready: 0, available: 0 },
  });
  const recreated = { left: 1, tries: 3, at: NOW - 5_000 };
  const key = 'Deployment/web v1.10.2';
  const context = new RolloutContext({
    own: tracked(IMAGE),
    rollout: undefined,
    competingImages: [],
    excluded: false,
    workloads: [web],
    namespace: {},
    pods: new Map(),
    annotationManagers: new Map(),
    memory: { ...NO_MEMORY, best: new Map([[key, { score: 2, at: NOW - 10_000, recreated }]]) },
    now: NOW,
    options: DEFAULT_ROLLOUT_OPTIONS,
  });
  expect(nextWorkloadRollout(context, ROW, { tag: 'v1.10.2' })?.phase).toBe('Progressing');
  expect([...context.best.values()]).toEqual([{ score: 2, at: NOW - 10_000, recreated }]);
});
