import type { LateRollout, Rollout, WorkloadRollout } from '../image/image-status.ts';
import { progressOf, rollsNow } from './health.ts';
import { rollBack } from './roll-back.ts';
import { nextWorkloadRollout, pendingWorkloadRollout, startPending } from './workload-rollout.ts';
import { nothingRolled } from './nothing-rolled.ts';
import { isOfThisImage } from '../image/image-state.ts';
import { sameLeftAlone, withLeftAlone } from './same-rollout.ts';
import { rfc3339, type RolloutContext } from './rollout-context.ts';
import { type PinnedTag, pinnedTagOf, formatPinnedTag, samePinnedTag } from '../reference/pinned-tag.ts';
import { runsOlder } from './template-images.ts';
import { byName, pinnedTagIn, pinnedTagTextIn, type Workload, workloadId } from './workload.ts';

/**
 * No update is under way: workloads whose pods run an older tag than the Image's, because they came into scope after their
 * pods or were paused when it moved, are brought to it. One that fails goes back by itself, and is tried again when it changes.
 * The rows stand in the Image's Healthy rollout; the Image itself has proven its tag, so they never make it Failed.
 */
export function adoptWorkloads(context: RolloutContext, rollout: Rollout | undefined): Rollout | undefined {
  const {
    image,
    input: { now },
  } = context;
  const to = ownTag(context);
  if (to === undefined) return rollout;
  const own =
    rollout?.phase === 'Healthy' && isOfThisImage(rollout, image) && samePinnedTag(rollout, to) ? rollout : undefined;
  const late = lateRows(context, own, to, () => true);
  const left = context.leftAlone(to);
  if (late === undefined && own === undefined && left.length === 0) return rollout;
  if (late === undefined && own !== undefined) {
    const message = own.workloads.length === 0 ? nothingRolled(context, to) : own.message;
    const same = message === own.message && sameLeftAlone(own.leftAlone, left);
    return same ? own : withLeftAlone(message === undefined ? own : { ...own, message }, left);
  }
  const rows = late ?? [];
  const open = rows.filter((row) => row.phase === 'Pending' || row.phase === 'Progressing').length;
  return withLeftAlone(
    {
      ...to,
      image: image.spec.image,
      phase: 'Healthy',
      since: own?.since ?? rfc3339(now),
      message:
        rows.length === 0
          ? nothingRolled(context, to)
          : open === 0
            ? 'all workloads in scope have been checked'
            : `${open} ${open === 1 ? 'workload' : 'workloads'} with older pods being updated`,
      workloads: rows,
    },
    left,
  );
}

/**
 * The same beside a rollout that failed, which stays as it is: the memory of its failure keeps its tag out. What went back
 * with it, or was taken back by a person, is where it should be.
 */
export function adoptWorkloadsBeside(context: RolloutContext, failed: Rollout): Rollout {
  const to = ownTag(context);
  if (to === undefined) return failed;
  const settled = new Set(
    failed.workloads.filter((row) => row.phase !== 'Pending' && context.workloadOf(row) !== undefined).map(workloadId),
  );
  const own = samePinnedTag(failed.late, to) ? failed.late : undefined;
  const rows = lateRows(context, own, to, (workload) => !settled.has(workloadId(workload)));
  const left = context.leftAlone(to);
  const next = sameLeftAlone(failed.leftAlone, left) ? failed : withLeftAlone(failed, left);
  return rows === undefined ? next : { ...next, late: { ...to, workloads: rows } };
}

function ownTag({ image }: RolloutContext): PinnedTag | undefined {
  const { tag, digest } = image.status;
  return tag === undefined ? undefined : pinnedTagOf({ tag, digest });
}

/** The rows as they are now, `undefined` when there is no news. */
function lateRows(
  context: RolloutContext,
  own: LateRollout | undefined,
  to: PinnedTag,
  may: (workload: Workload) => boolean,
): readonly WorkloadRollout[] | undefined {
  const late = latecomers(context, own, to, may);
  const again = new Set(late.map(workloadId));
  const rows = (own?.workloads ?? [])
    .filter((row) => !again.has(workloadId(row)))
    .map((row) =>
      row.phase === 'Pending' || row.phase === 'Progressing' ? nextWorkloadRollout(context, row, to) : row,
    )
    .filter((row) => row !== undefined);
  for (const workload of late)
    rows.push(pendingWorkloadRollout(context, workload, pinnedTagTextIn(workload, context.image.name)));
  rows.sort(byName);
  for (const row of rows) if (row.phase === 'Failed') rollBack(context, row, to);
  startPending(context, rows, to);
  return late.length === 0 && (own === undefined || sameRows(rows, own.workloads)) ? undefined : rows;
}

function latecomers(
  context: RolloutContext,
  rollout: LateRollout | undefined,
  to: PinnedTag,
  may: (workload: Workload) => boolean,
): readonly Workload[] {
  const rows = new Map(rollout?.workloads.map((row) => [workloadId(row), row]));
  return context.input.workloads.filter((workload) => {
    if (!may(workload) || !mayBeLate(context, workload, to)) return false;
    const id = workloadId(workload);
    const look = fingerprint(context, workload, to);
    const last = context.inspected.get(id);
    const row = rows.get(id);
    if (row !== undefined && context.workloadOf(row) !== undefined) {
      // Only what failed is tried again, and only once it changed; what it was like is forgotten in a restart.
      if (row.phase !== 'Failed') return false;
      if (last === undefined) context.inspected.set(id, look);
      if (last === undefined || last === look) return false;
    } else if (last === look) {
      return false;
    }
    // While it is between two revisions its pods tell nothing.
    if (!progressOf(workload).settled) return false;
    const pods = context.pods(workload);
    if (pods === undefined) return false;
    context.inspected.set(id, look);
    return runsOlder(workload, pods, context.tags(workload), to);
  });
}

/** Whether the workload's template names nothing for the Image, or what kimup itself put there for an earlier move. */
function mayBeLate(context: RolloutContext, workload: Workload, to: PinnedTag): boolean {
  const { image } = context;
  const entry = pinnedTagIn(workload, image.name);
  return (
    context.selects(workload) &&
    rollsNow(workload) &&
    !samePinnedTag(entry, to) &&
    (entry === undefined || workload.ownsAnnotation) &&
    context.tags(workload).concernedBy(to)
  );
}

/** What of a workload decides whether its pods are worth a look. Not its numbers: they change with every pod. */
function fingerprint(context: RolloutContext, workload: Workload, to: PinnedTag): string {
  return JSON.stringify([
    workload.uid,
    workload.revision,
    workload.strategy,
    workload.partition,
    formatPinnedTag(to),
    context.input.namespace,
  ]);
}

function sameRows(a: readonly WorkloadRollout[], b: readonly WorkloadRollout[]): boolean {
  return a.length === b.length && a.every((row, at) => row === b[at]);
}
