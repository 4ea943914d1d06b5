import { expect, it } from 'vitest';
import type { Rollout, WorkloadRollout } from '../image/image-status.ts';
import { sameRollout } from './same-rollout.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const ROW: WorkloadRollout = {
  kind: 'Deployment',
  name: 'web',
  previousTag: 'v1.8.0',
  pinnedTag: 'v1.7.0',
  phase: 'Overridden',
  since: '2026-01-01T00:00:00Z',
  message: 'so it is',
};
const ROLLOUT: Rollout = {
  tag: 'v1.9.0',
  digest: DIGEST,
  image: 'registry.test/app',
  phase: 'Failed',
  since: '2026-01-01T00:00:00Z',
  message: 'it crashed',
  workloads: [ROW],
  leftAlone: [{ kind: 'DaemonSet', name: 'agent', message: 'container main keeps v3' }],
  late: { tag: 'v1.8.0', digest: DIGEST, workloads: [ROW] },
};
const row = (changed: Partial<WorkloadRollout>): Partial<Rollout> => ({ workloads: [{ ...ROW, ...changed }] });

it('is the same as itself, whatever the spelling of its times', () => {
  expect(sameRollout(ROLLOUT, structuredClone(ROLLOUT))).toBe(true);
  expect(sameRollout(ROLLOUT, { ...ROLLOUT, since: '2026-01-01T01:00:00.000+01:00' })).toBe(true);
  expect(sameRollout(ROLLOUT, { ...ROLLOUT, ...row({ since: '2026-01-01T00:00:00.000Z' }) })).toBe(true);
  expect(sameRollout(undefined, undefined)).toBe(true);
  expect(sameRollout(ROLLOUT, undefined)).toBe(false);
});

it.each<[string, Partial<Rollout>]>([
  ['tag', { tag: 'v2' }],
  ['digest', { digest: `sha256:${'b'.repeat(64)}` }],
  ['image', { image: 'registry.test/other' }],
  ['phase', { phase: 'Healthy' }],
  ['since', { since: '2026-01-01T00:00:01Z' }],
  ['message', { message: 'other' }],
  ['count of workloads', { workloads: [ROW, ROW] }],
  ['kind of a workload', row({ kind: 'StatefulSet' })],
  ['name of a workload', row({ name: 'api' })],
  ['previousTag of a workload', row({ previousTag: 'v1.0.0' })],
  ['pinnedTag of a workload', row({ pinnedTag: 'v1.0.0' })],
  ['phase of a workload', row({ phase: 'Healthy' })],
  ['since of a workload', row({ since: '2026-01-01T00:00:01Z' })],
  ['message of a workload', row({ message: 'other' })],
  ['workloads left alone', { leftAlone: [] }],
  ['kind of one left alone', { leftAlone: [{ ...ROLLOUT.leftAlone![0]!, kind: 'Deployment' }] }],
  ['name of one left alone', { leftAlone: [{ ...ROLLOUT.leftAlone![0]!, name: 'other' }] }],
  ['message of one left alone', { leftAlone: [{ ...ROLLOUT.leftAlone![0]!, message: 'other' }] }],
  ['late tag', { late: { ...ROLLOUT.late!, tag: 'v2' } }],
  ['late digest', { late: { ...ROLLOUT.late!, digest: `sha256:${'b'.repeat(64)}` } }],
  ['late workloads', { late: { ...ROLLOUT.late!, workloads: [] } }],
])('is another one with another %s', (_, changed) => {
  expect(sameRollout(ROLLOUT, { ...ROLLOUT, ...changed })).toBe(false);
});
