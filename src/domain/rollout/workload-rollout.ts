import { IMAGES_ANNOTATION } from '../assignment/images-annotation.ts';
import type { WorkloadRollout } from '../image/image-status.ts';
import { progressMessage, progressOf, rollsNow, scoreOf } from './health.ts';
import { type Best, type RecreatedPod, rfc3339, type RolloutContext } from './rollout-context.ts';
import { type PinnedTag, pinnedTagOf, formatPinnedTag, samePinnedTag } from '../reference/pinned-tag.ts';
import { missing, troubleOf, unseenPods } from './template-images.ts';
import { pinnedTagIn, pinnedTagTextIn, type PodState, type Workload, workloadId } from './workload.ts';
import { truncate } from '../../support/text.ts';
import { backoffMs } from '../../support/backoff.ts';

/** How often pods are looked at again that are all there, but do not carry the tag or are not ready. */
const RECHECK_MS = 10_000;
/** How often a pod that the webhook did not see is made anew in vain, and the wait after the first time; it doubles. */
const RECREATE_TRIES = 5;
const RECREATE_WAIT_MS = 1_000;

const NOTHING_NOW = 'nothing to roll out now: the workload is paused, has no replicas to update, or uses OnDelete';
/** Longest message of a row: there may be thousands in a status. */
const MAX_MESSAGE = 500;

/** A new row, before its workload is touched. Its `since` is never before the workload was made, whatever the clocks say. */
export function pendingWorkloadRollout(
  context: RolloutContext,
  workload: Workload,
  before: string | undefined,
): WorkloadRollout {
  return {
    kind: workload.kind,
    name: workload.name,
    ...(before === undefined ? {} : { previousTag: before }),
    phase: 'Pending',
    since: rfc3339(Math.max(context.input.now, workload.createdAt)),
  };
}

/**
 * The row as it is now that the workload is as it is; `undefined` when it is no longer of this rollout (its workload is
 * gone, or out of scope). A row that is Pending stays so until its template names the target.
 */
export function nextWorkloadRollout(
  context: RolloutContext,
  row: WorkloadRollout,
  target: PinnedTag,
): WorkloadRollout | undefined {
  const workload = context.workloadOf(row);
  if (workload === undefined) return undefined;
  if (row.phase === 'Overridden' || row.phase === 'Failed') return row;
  const entry = pinnedTagTextIn(workload, context.image.name);
  if (samePinnedTag(pinnedTagIn(workload, context.image.name), target))
    return row.phase === 'Healthy' ? row : progressing(context, row, workload, target);
  // What an update in whose place this one came had put there is no person's word.
  if (row.phase === 'Pending' && (entry === row.previousTag || workload.ownsAnnotation)) {
    return rollsNow(workload) ? pending(context, row) : healthy(context, row, NOTHING_NOW);
  }
  const manager = context.annotationManager(workload);
  if (manager === undefined) return row;
  const pinnedTag = entry === undefined ? ownEntry(context, target) : undefined;
  return {
    ...row,
    ...(pinnedTag === undefined ? {} : { pinnedTag }),
    phase: 'Overridden',
    since: rfc3339(context.input.now),
    message: `${manager} ${entry === undefined ? `removed the Image's entry from the annotation ${IMAGES_ANNOTATION}` : `changed the Image's entry in the annotation ${IMAGES_ANNOTATION} to ${entry}`}; kimup leaves the workload as it is until the next move`,
  };
}

/**
 * What pods get whose template names nothing, as an entry: the Image may move on without a workload that somebody took back,
 * and its next pods are not to follow. `undefined` where that is the target itself.
 */
function ownEntry({ image }: RolloutContext, target: PinnedTag): string | undefined {
  const { tag, digest } = image.status;
  if (tag === undefined || samePinnedTag({ tag, digest }, target)) return undefined;
  return formatPinnedTag(pinnedTagOf({ tag, digest }));
}

/**
 * A row whose workload is not touched yet. Once the API server has refused that it has a message, and from then on as much time
 * as a workload without progress: RBAC, a quota or a policy may be mended meanwhile.
 */
function pending(context: RolloutContext, row: WorkloadRollout): WorkloadRollout {
  const { now, memory, options } = context.input;
  const refusal = memory.refused.get(workloadId(row));
  if (row.message === undefined)
    return refusal === undefined
      ? row
      : {
          ...row,
          since: rfc3339(now),
          message: truncate(`the API server rejected the change: ${refusal}`, MAX_MESSAGE),
        };
  const deadline = Date.parse(row.since) + options.rolloutDeadlineMs;
  if (now >= deadline) return failed(context, row, row.message);
  context.requeueAt(deadline);
  return row;
}

/** Puts the target into the templates of the Pending rows, as far as there is room beside those under way; refused ones last. */
export function startPending(context: RolloutContext, rows: readonly WorkloadRollout[], target: PinnedTag): void {
  let room = context.input.options.maxConcurrent - rows.filter((row) => row.phase === 'Progressing').length;
  const isRefused = (row: WorkloadRollout): boolean => row.message !== undefined;
  for (const row of [...rows.filter((one) => !isRefused(one)), ...rows.filter(isRefused)]) {
    const workload = row.phase === 'Pending' ? context.workloads.get(workloadId(row)) : undefined;
    if (workload === undefined || room <= 0) continue;
    room -= 1;
    context.commands.push({ type: 'set-pinned-tag', workload, pinnedTag: formatPinnedTag(target) });
  }
}

/** A row whose workload's template names the target: under way, until it is proven or has had its time. */
function progressing(
  context: RolloutContext,
  row: WorkloadRollout,
  workload: Workload,
  target: PinnedTag,
): WorkloadRollout {
  const best = bestSoFar(context, row, workload, target);
  const progress = progressOf(workload);
  if (progress.complete) return proving(context, row, workload, target, best);
  if (workload.paused) return paused(context, row, workload, best.at);
  const reason = overdue(context, workload, best.at);
  if (reason === undefined) return underWay(row, best.at, progressMessage(progress));
  const pods = context.pods(workload);
  if (pods === undefined) return row;
  const trouble = troubleOf(workload, pods, context.image);
  return failed(context, row, `${progressMessage(progress)}; ${reason}${trouble === undefined ? '' : `; ${trouble}`}`);
}

/** The best score of a workload under way, and since when it has made no progress beyond it. Remembers both. */
function bestSoFar(context: RolloutContext, row: WorkloadRollout, workload: Workload, target: PinnedTag): Best {
  const { now, memory } = context.input;
  const key = bestKey(workload, target);
  const score = scoreOf(progressOf(workload));
  const before = memory.best.get(key);
  const moved = row.phase === 'Pending' || (before !== undefined && score > before.score);
  const best: Best = {
    score: Math.max(score, before?.score ?? 0),
    at: Math.max(Date.parse(row.since), moved ? now : (before?.at ?? 0)),
    recreated: before?.recreated,
  };
  context.best.set(key, best);
  return best;
}

function bestKey(workload: Workload, target: PinnedTag): string {
  return `${workloadId(workload)} ${formatPinnedTag(target)}`;
}

/** All pods are there and ready, as the numbers say: Healthy once the pods themselves carry the tag. */
function proving(
  context: RolloutContext,
  row: WorkloadRollout,
  workload: Workload,
  target: PinnedTag,
  best: Best,
): WorkloadRollout {
  const pods = context.pods(workload);
  if (pods === undefined) return row;
  const { image } = context;
  const tags = context.tags(workload);
  const progress = progressOf(workload);
  const lack = missing(workload, pods, tags, image, target, progress.wanted);
  if (lack === undefined) return healthy(context, row, progressMessage(progress));
  const next = lacking(context, row, best.at, lack);
  if (next.phase === 'Failed') return next;
  const recreated = recreatePod(context, workload, unseenPods(workload, pods, tags, image, target), best.recreated);
  context.best.set(bestKey(workload, target), { ...best, recreated });
  return next;
}

/** Nothing goes on until it is resumed; but who paused it may have done so because of its new pods. */
function paused(context: RolloutContext, row: WorkloadRollout, workload: Workload, since: number): WorkloadRollout {
  const pods = context.pods(workload);
  if (pods === undefined) return row;
  const trouble = troubleOf(workload, pods, context.image);
  return trouble === undefined
    ? healthy(context, row, NOTHING_NOW)
    : lacking(context, row, since, `paused; ${trouble}`);
}

/** What is not to be seen from numbers is looked at again soon, until the workload has had its time. */
function lacking(context: RolloutContext, row: WorkloadRollout, since: number, lack: string): WorkloadRollout {
  const { now, options } = context.input;
  const deadline = since + options.rolloutDeadlineMs;
  if (now >= deadline) return failed(context, row, lack);
  context.requeueAt(Math.min(now + RECHECK_MS, deadline));
  return underWay(row, since, lack);
}

/**
 * A replica of the webhook that was not up to date, or none that could be reached, let a pod pass by: its controller makes it
 * anew. One pod at a time while all others are ready; where that does not help, a few times only.
 */
function recreatePod(
  context: RolloutContext,
  workload: Workload,
  unseen: readonly PodState[],
  last: RecreatedPod | undefined,
): RecreatedPod | undefined {
  const [pod] = unseen;
  if (pod === undefined) return last;
  const { now } = context.input;
  const tries = last === undefined || unseen.length < last.left ? 0 : last.tries;
  if (tries >= RECREATE_TRIES) return last;
  const due = last === undefined || tries === 0 ? now : last.at + backoffMs({ firstMs: RECREATE_WAIT_MS }, tries);
  if (now < due) {
    context.requeueAt(due);
    return last;
  }
  context.commands.push({ type: 'delete-pod', workload, pod });
  return { left: unseen.length, tries: tries + 1, at: now };
}

/** Why the workload has had its time; `undefined` while it has some left. */
function overdue(context: RolloutContext, workload: Workload, since: number): string | undefined {
  const { now, options } = context.input;
  if (workload.kind === 'Deployment') {
    const { exceeded, observedGeneration } = workload.status;
    if (exceeded === undefined || observedGeneration < workload.generation) return undefined;
    // A Deployment that was overdue before keeps that condition until it makes progress: then it has its time once more.
    const deadline = since + (workload.progressDeadlineMs ?? options.rolloutDeadlineMs);
    if (exceeded.at >= Math.floor(since / 1_000) * 1_000 || now >= deadline) return exceeded.message;
    context.requeueAt(deadline);
    return undefined;
  }
  const deadline = since + options.rolloutDeadlineMs;
  if (now >= deadline) return `no progress for ${Math.round(options.rolloutDeadlineMs / 1_000)} s`;
  context.requeueAt(deadline);
  return undefined;
}

function underWay(row: WorkloadRollout, since: number, message: string): WorkloadRollout {
  return {
    ...row,
    phase: 'Progressing',
    since: since === Date.parse(row.since) ? row.since : rfc3339(since),
    message,
  };
}

function healthy(context: RolloutContext, row: WorkloadRollout, message: string): WorkloadRollout {
  return { ...row, phase: 'Healthy', since: rfc3339(context.input.now), message };
}

function failed(context: RolloutContext, row: WorkloadRollout, message: string): WorkloadRollout {
  return { ...row, phase: 'Failed', since: rfc3339(context.input.now), message: truncate(message, MAX_MESSAGE) };
}
