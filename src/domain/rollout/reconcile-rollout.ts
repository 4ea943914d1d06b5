import type { Image } from '../image/image.ts';
import type { Rollout, Update, WorkloadRollout } from '../image/image-status.ts';
import { adoptWorkloads, adoptWorkloadsBeside } from './adopt-workloads.ts';
import { nothingRolled } from './nothing-rolled.ts';
import { rollsNow } from './health.ts';
import { rollBack } from './roll-back.ts';
import { nextWorkloadRollout, pendingWorkloadRollout, startPending } from './workload-rollout.ts';
import { isOfPresentSpec, isOfThisImage, isSameMove } from '../image/image-state.ts';
import { withLeftAlone } from './same-rollout.ts';
import { type RolloutInput, type RolloutPlan, RolloutContext } from './rollout-context.ts';
import { AMBIGUOUS, ambiguity } from './rollout-conditions.ts';
import { type PinnedTag, pinnedTagOf, parsePinnedTag, samePinnedTag } from '../reference/pinned-tag.ts';
import { getsAnother } from './template-images.ts';
import { byName, pinnedTagIn, pinnedTagTextIn, type Workload, workloadId } from './workload.ts';

/**
 * What the operator does next about an Image, told from the present state alone: it may die between any two steps.
 *
 * - an update that has no rollout: one begins; every workload in scope that would get another image, or whose template
 *   names the tag already, gets a row: Healthy means that pods have proven it
 * - Progressing: rows go on, in turns; all done makes it Healthy, one that fails makes it Failed
 * - Failed: what was rolled goes back, and the rollout stays as it is until another update comes
 * - Progressing, but its update was cancelled (its user changed the spec): what was rolled is rolled back, and the rollout goes away
 * - no update: workloads that came into scope late are brought to the Image's tag
 * - workloads that can't tell which of several Images is theirs: nothing is proven by leaving them out, so it waits
 *
 * A rollout belongs to the update with its tag, digest and `since`.
 */
export function reconcileRollout(input: RolloutInput): RolloutPlan {
  const context = new RolloutContext(input);
  return context.plan(nextRollout(context), ambiguous(context));
}

function ambiguous(context: RolloutContext): string | undefined {
  const { image } = context;
  const { tag, digest, update, conditions } = image.status;
  if (image.deleting || !isOfPresentSpec(image)) return conditions.find(({ type }) => type === AMBIGUOUS)?.message;
  const to = update ?? (tag === undefined ? undefined : { tag, digest });
  return to === undefined ? undefined : ambiguity(image, context.ambiguousWorkloads(pinnedTagOf(to)));
}

function nextRollout(context: RolloutContext): Rollout | undefined {
  const {
    image,
    input: { rollout },
  } = context;
  if (image.deleting || !isOfPresentSpec(image)) return rollout;
  const { update } = image.status;
  if (update !== undefined && (rollout === undefined || !isSameMove(rollout, update)))
    return goOn(context, begin(image, update), rollout);
  switch (rollout?.phase) {
    case 'Failed':
      for (const row of rollout.workloads) rollBack(context, row, rollout);
      if (update !== undefined) return rollout;
      return isOfThisImage(rollout, image) ? adoptWorkloadsBeside(context, rollout) : adoptWorkloads(context, rollout);
    case 'Progressing':
      return update === undefined ? cancel(context, rollout) : goOn(context, rollout, undefined);
    case 'Healthy':
      return update === undefined ? adoptWorkloads(context, rollout) : rollout;
    case undefined:
      return adoptWorkloads(context, undefined);
  }
}

function begin({ spec: { image } }: Image, update: Update): Rollout {
  return { ...pinnedTagOf(update), image, phase: 'Progressing', since: update.since, workloads: [] };
}

/** @param previous the rollout in whose place this one comes */
function goOn(context: RolloutContext, begun: Rollout, previous: Rollout | undefined): Rollout {
  const to = pinnedTagOf(begun);
  const rollout = withLeftAlone(begun, context.leftAlone(to));
  const rows = withNewWorkloads(context, rollout, to, previous)
    .map((row) => nextWorkloadRollout(context, row, to))
    .filter((row) => row !== undefined);
  const broken = rows.find((row) => row.phase === 'Failed');
  if (broken !== undefined) return fail(context, rollout, rows, broken, broken.message ?? 'failed');
  startPending(context, rows, to);
  const done = rows.filter((row) => row.phase === 'Healthy' || row.phase === 'Overridden').length;
  const proven = rows.some((row) => row.phase === 'Healthy' && isRolled(context, row));
  const undone = rows.find((row) => row.phase === 'Overridden');
  if (done === rows.length && !proven && undone !== undefined) {
    return fail(
      context,
      rollout,
      rows,
      undone,
      `${undone.message ?? 'undone by someone else'}; no other workload became ready on the tag`,
    );
  }
  const tie = proven ? undefined : ambiguous(context);
  return {
    ...rollout,
    phase: done === rows.length && tie === undefined ? 'Healthy' : 'Progressing',
    message: message(context, rows, done, tie, to),
    workloads: rows,
  };
}

function message(
  context: RolloutContext,
  rows: readonly WorkloadRollout[],
  done: number,
  tie: string | undefined,
  to: PinnedTag,
): string {
  if (context.input.excluded)
    return `nothing to roll out: kimup never changes pods in the namespace ${context.image.namespace}`;
  if (tie !== undefined && done === rows.length) return `waiting: ${tie}`;
  return rows.length === 0
    ? nothingRolled(context, to)
    : `${done} of ${rows.length} ${rows.length === 1 ? 'workload' : 'workloads'} done`;
}

/** Whether a Healthy row says that pods run the tag, not that the workload has none to roll. */
function isRolled(context: RolloutContext, row: WorkloadRollout): boolean {
  const workload = context.workloadOf(row);
  return workload !== undefined && rollsNow(workload);
}

function withNewWorkloads(
  context: RolloutContext,
  rollout: Rollout,
  to: PinnedTag,
  previous: Rollout | undefined,
): readonly WorkloadRollout[] {
  const known = new Set(rollout.workloads.map(workloadId));
  const added = context.input.workloads
    .filter((workload) => !known.has(workloadId(workload)) && context.selects(workload))
    .map((workload) => newWorkloadRollout(context, workload, to, previous))
    .filter((row) => row !== undefined);
  return [...rollout.workloads, ...added].sort(byName);
}

function newWorkloadRollout(
  context: RolloutContext,
  workload: Workload,
  to: PinnedTag,
  previous: Rollout | undefined,
): WorkloadRollout | undefined {
  const { image } = context;
  const last = previous?.workloads.find(
    (row) => workloadId(row) === workloadId(workload) && context.workloadOf(row) !== undefined,
  );
  if (samePinnedTag(pinnedTagIn(workload, image.name), to))
    return context.tags(workload).concernedBy(to) ? takenOver(context, workload, to, previous, last) : undefined;
  if (
    !rollsNow(workload) ||
    !getsAnother(workload, context.tags(workload), getsNow(workload, image, previous, last), to)
  )
    return undefined;
  return pendingWorkloadRollout(context, workload, before(workload, image, previous, last));
}

/** The row of a workload whose template names the target before this rollout has touched it: its pods have still to prove it. */
function takenOver(
  context: RolloutContext,
  workload: Workload,
  to: PinnedTag,
  previous: Rollout | undefined,
  last: WorkloadRollout | undefined,
): WorkloadRollout | undefined {
  const isSame = samePinnedTag(previous, to);
  // Its time goes on; an update that is decided again and again must not give it more.
  if (isSame && (last?.phase === 'Pending' || last?.phase === 'Progressing')) return last;
  const { image } = context;
  if (last !== undefined) return pendingWorkloadRollout(context, workload, before(workload, image, previous, last));
  // What kimup put there for a rollout that is not known any more may be bad: then the Image's own tag is where to go.
  return rollsNow(workload)
    ? pendingWorkloadRollout(
        context,
        workload,
        workload.ownsAnnotation ? undefined : pinnedTagTextIn(workload, image.name),
      )
    : undefined;
}

/** What new pods of the workload get today: what its template names, unless that failed; else what it kept, or the Image's tag. */
function getsNow(
  workload: Workload,
  image: Image,
  rollout: Rollout | undefined,
  last: WorkloadRollout | undefined,
): PinnedTag | undefined {
  const entry = pinnedTagIn(workload, image.name);
  const hasFailed = rollout?.phase === 'Failed' && samePinnedTag(entry, rollout);
  if (entry !== undefined && !hasFailed) return entry;
  const { tag, digest } = image.status;
  return (
    (last?.pinnedTag === undefined ? undefined : parsePinnedTag(last.pinnedTag)) ??
    (tag === undefined ? undefined : pinnedTagOf({ tag, digest }))
  );
}

/** Where the workload goes back to: what its template names now, or, where that was not proven, what it named before that. */
function before(
  workload: Workload,
  image: Image,
  previous: Rollout | undefined,
  last: WorkloadRollout | undefined,
): string | undefined {
  const entry = pinnedTagTextIn(workload, image.name);
  if (previous === undefined || last === undefined || !samePinnedTag(pinnedTagIn(workload, image.name), previous))
    return entry;
  const proven = previous.phase === 'Healthy' && last.phase === 'Healthy';
  return proven || last.phase === 'Overridden' ? entry : last.previousTag;
}

function fail(
  context: RolloutContext,
  rollout: Rollout,
  rows: readonly WorkloadRollout[],
  broken: WorkloadRollout,
  why: string,
): Rollout {
  const workloads = rows.map((row): WorkloadRollout => {
    if (row === broken || row.phase === 'Overridden') return row;
    if (row.phase === 'Pending')
      return { ...row, message: `not started, because ${broken.kind} ${broken.name} failed` };
    return {
      ...row,
      phase: 'Failed',
      since: broken.since,
      message: `rolling back to ${row.previousTag ?? "the Image's tag"}`,
    };
  });
  for (const row of workloads) rollBack(context, row, rollout);
  return { ...rollout, phase: 'Failed', message: `${broken.kind} ${broken.name}: ${why}`, workloads };
}

function cancel(context: RolloutContext, rollout: Rollout): Rollout | undefined {
  const left = rollout.workloads.filter((row) => rollBack(context, row, rollout));
  return left.length === 0
    ? undefined
    : { ...rollout, message: 'the update was cancelled: rolling back the workloads that it changed' };
}
