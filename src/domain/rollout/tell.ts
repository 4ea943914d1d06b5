import type { ConditionState } from '../image/conditions.ts';
import type { Rollout, WorkloadRollout } from '../image/image.ts';
import { workloadId } from './workload.ts';

/** The operator's condition on an Image: whether all that could be rolled runs the tag that it should. */
export const ROLLED_OUT = 'RolledOut';

/** The condition {@link ROLLED_OUT} for a rollout. */
export function rolledOut({ tag, phase, message, workloads }: Rollout): ConditionState {
  const type = ROLLED_OUT;
  const named = (which: WorkloadRollout['phase']): string | undefined => {
    const rows = workloads.filter((row) => row.phase === which);
    const some = rows.slice(0, 5).map((row) => `${row.kind} ${row.name}: ${row.message ?? ''}`);
    return rows.length === 0 ? undefined : some.concat(rows.length > 5 ? [`and ${rows.length - 5} more`] : []).join('; ');
  };
  const overridden = named('Overridden');
  switch (phase) {
    case 'Failed':
      return { type, status: 'False', reason: 'RolloutFailed', message: `${tag}: ${message ?? ''}` };
    case 'Progressing':
      return { type, status: 'False', reason: 'RollingOut', message: `${tag}: ${message ?? ''}${overridden === undefined ? '' : `; ${overridden}`}` };
    case 'Healthy': {
      const failed = named('Failed');
      if (failed !== undefined) return { type, status: 'False', reason: 'WorkloadFailed', message: `${tag}: ${failed}` };
      if (workloads.some((row) => row.phase === 'Pending' || row.phase === 'Progressing')) {
        return { type, status: 'False', reason: 'RollingOut', message: `${tag}: ${message ?? ''}` };
      }
      if (overridden !== undefined) return { type, status: 'True', reason: 'Overridden', message: `${tag}: ${overridden}` };
      return { type, status: 'True', reason: 'RolledOut', message: `${tag}: ${message ?? ''}` };
    }
  }
}

/** An event about an Image. */
export interface Told {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What people are told by events when the rollout in the status changes. Progress is nothing to tell. */
export function tellings(before: Rollout | undefined, after: Rollout | undefined): readonly Told[] {
  if (after === undefined) {
    return before === undefined ? [] : [{ type: 'Normal', reason: 'RolloutWithdrawn', message: `the rollout of ${before.tag} was withdrawn; what it rolled went back` }];
  }
  const told: Told[] = [];
  const { tag, workloads } = after;
  const same = before !== undefined && before.tag === tag && before.digest === after.digest && before.since === after.since;
  const known = new Map(same ? before.workloads.map((row) => [workloadId(row), row.phase]) : []);
  for (const row of workloads) {
    if (row.phase === known.get(workloadId(row))) continue;
    if (row.phase === 'Overridden') told.push({ type: 'Warning', reason: 'RolloutOverridden', message: `${row.kind} ${row.name}: ${row.message ?? ''}` });
    if (row.phase === 'Failed' && after.phase !== 'Failed') {
      told.push({ type: 'Warning', reason: 'WorkloadFailed', message: `${row.kind} ${row.name} does not get to ${tag} and goes back: ${row.message ?? ''}` });
    }
  }
  if (same && before.phase === after.phase) return told;
  switch (after.phase) {
    case 'Progressing':
      told.push({ type: 'Normal', reason: 'RollingOut', message: `rolling out ${tag} to ${workloads.length} ${workloads.length === 1 ? 'workload' : 'workloads'}` });
      break;
    case 'Failed':
      told.push({ type: 'Warning', reason: 'RolloutFailed', message: `the rollout of ${tag} failed and goes back: ${after.message ?? ''}` });
      break;
    case 'Healthy':
      if (same || workloads.every((row) => row.phase !== 'Pending')) told.push({ type: 'Normal', reason: 'RolledOut', message: `${tag}: ${after.message ?? ''}` });
  }
  return told;
}
