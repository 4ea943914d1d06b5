import type { Rollout, WorkloadRollout } from '../image/image-status.ts';
import { isSameMove } from '../image/image-state.ts';
import { leftAloneText } from './rollout-conditions.ts';
import { sameLeftAlone } from './same-rollout.ts';
import { workloadId } from './workload.ts';

/** An event about an Image. */
export interface RolloutEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What people are told by events when the rollout in the status changes. Progress is nothing to tell. */
export function rolloutEvents(before: Rollout | undefined, after: Rollout | undefined): readonly RolloutEvent[] {
  if (after === undefined) return before === undefined ? [] : [cancelled(before)];
  const { tag, workloads, leftAlone = [], late } = after;
  const known = before !== undefined && isSameMove(before, after) ? before : undefined;
  return [
    // Of a rollout that failed, that alone is told.
    ...workloadEvents(workloads, known?.workloads, after.phase === 'Failed' ? undefined : tag),
    ...(late === undefined ? [] : workloadEvents(late.workloads, before?.late?.workloads, late.tag)),
    ...(leftAlone.length === 0 || sameLeftAlone(leftAlone, known?.leftAlone)
      ? []
      : [warning('LeftAlone', `${tag}: ${leftAloneText(leftAlone)}`)]),
    ...(known?.phase === after.phase ? [] : phaseEvents(after, known !== undefined)),
  ];
}

/** @param known whether the rollout was there before, in another phase */
function phaseEvents({ tag, phase, message = '', workloads }: Rollout, known: boolean): readonly RolloutEvent[] {
  switch (phase) {
    case 'Progressing':
      return [
        normal(
          'RollingOut',
          `rolling out ${tag} to ${workloads.length} ${workloads.length === 1 ? 'workload' : 'workloads'}`,
        ),
      ];
    case 'Failed':
      return [warning('RolloutFailed', `the rollout of ${tag} failed and is rolled back: ${message}`)];
    case 'Healthy':
      return known || workloads.every((row) => row.phase !== 'Pending')
        ? [normal('RolledOut', `${tag}: ${message}`)]
        : [];
  }
}

/**
 * Of the workloads whose phase is another one than before, those that somebody should know of.
 * @param to the tag that they go to; without it nothing is told of failures
 */
function workloadEvents(
  rows: readonly WorkloadRollout[],
  before: readonly WorkloadRollout[] = [],
  to?: string,
): readonly RolloutEvent[] {
  const phases = new Map(before.map((row) => [workloadId(row), row.phase]));
  const events: RolloutEvent[] = [];
  for (const row of rows) {
    const { kind, name, phase, message = '' } = row;
    if (phase === phases.get(workloadId(row))) continue;
    if (phase === 'Overridden') events.push(warning('RolloutOverridden', `${kind} ${name}: ${message}`));
    if (phase === 'Failed' && to !== undefined)
      events.push(warning('WorkloadFailed', `${kind} ${name} failed to roll out ${to} and is rolled back: ${message}`));
  }
  return events;
}

function cancelled({ tag }: Rollout): RolloutEvent {
  return normal(
    'RolloutWithdrawn',
    `the rollout of ${tag} was cancelled; the workloads that it changed were rolled back`,
  );
}

function normal(reason: string, message: string): RolloutEvent {
  return { type: 'Normal', reason, message };
}

function warning(reason: string, message: string): RolloutEvent {
  return { type: 'Warning', reason, message };
}
