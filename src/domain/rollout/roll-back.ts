import type { WorkloadRollout } from '../image/image-status.ts';
import { type PinnedTag, samePinnedTag } from '../reference/pinned-tag.ts';
import { progressOf } from './health.ts';
import type { RolloutContext } from './rollout-context.ts';
import { leftBehind } from './template-images.ts';
import { pinnedTagIn, pinnedTagTextIn } from './workload.ts';

/**
 * Takes the entry of a rolled workload back to what it was, and deletes the pods of a StatefulSet that keep it from going
 * back. Does nothing where that is done, or where somebody else has the say. Returns whether anything is left to do.
 */
export function rollBack(context: RolloutContext, row: WorkloadRollout, target: PinnedTag): boolean {
  const workload = context.workloadOf(row);
  if (workload === undefined || row.phase === 'Overridden') return false;
  const entry = pinnedTagTextIn(workload, context.image.name);
  const isPut = samePinnedTag(pinnedTagIn(workload, context.image.name), target) || row.phase === 'Pending';
  if (isPut && entry !== row.previousTag && workload.ownsAnnotation) {
    context.commands.push({ type: 'set-pinned-tag', workload, pinnedTag: row.previousTag });
    return true;
  }
  if (workload.kind !== 'StatefulSet' || progressOf(workload).complete) return false;
  // Until the StatefulSet's controller knows the template, it would make the pod anew as it was.
  if (workload.status.observedGeneration < workload.generation) return true;
  const pods = context.pods(workload);
  const leftPods = pods === undefined ? [] : leftBehind(workload, pods, context.image);
  for (const pod of leftPods) context.commands.push({ type: 'delete-pod', workload, pod });
  return pods === undefined || leftPods.length > 0;
}
