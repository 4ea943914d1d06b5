import type { Image, Rollout, Update, WorkloadRollout } from '../image/image.ts';
import { rollLate } from './late-workloads.ts';
import { rollsNow } from './progress.ts';
import { goBack, nextRow, pendingRow, startPending } from './row.ts';
import { type RolloutInput, type RolloutPlan, Sheet } from './sheet.ts';
import { type Entry, formatEntry } from './template-entries.ts';
import { getsAnother } from './template-images.ts';
import { byName, entryOf, entryTextOf, type Workload, workloadId } from './workload.ts';

/**
 * What the operator does next about an Image, told from the present state alone: it may die between any two steps.
 *
 * - an update that has no rollout: one begins; every workload in scope that would get another image gets a row
 * - Progressing: rows go on, in turns; all done makes it Healthy, one that fails makes it Failed
 * - Failed: what was rolled goes back, and the rollout stays as it is until another update comes
 * - Progressing, but its update was withdrawn (its user changed the spec): what was rolled goes back, and the rollout goes away
 * - no update: workloads that came into scope late are brought to the Image's tag
 *
 * A rollout belongs to the update with its tag and digest, and keeps that update's `since` as its own.
 */
export function planRollout(input: RolloutInput): RolloutPlan {
  const sheet = new Sheet(input);
  return sheet.plan(nextRollout(sheet));
}

function nextRollout(sheet: Sheet): Rollout | undefined {
  const { image, rollout } = sheet.input;
  // What is written there was written for another spec: the controller comes first.
  if (image.deleting || image.status.image !== image.spec.image || image.status.baseTag !== image.spec.baseTag) return rollout;
  const { update } = image.status;
  if (update !== undefined && (rollout === undefined || !isFor(rollout, update))) return goOn(sheet, begin(update), rollout);
  switch (rollout?.phase) {
    case 'Failed':
      for (const row of rollout.workloads) goBack(sheet, row, rollout);
      return rollout;
    case 'Progressing':
      return update === undefined ? withdraw(sheet, rollout) : goOn(sheet, rollout, undefined);
    case 'Healthy':
      return update === undefined ? rollLate(sheet, rollout) : rollout;
    case undefined:
      return rollLate(sheet, undefined);
  }
}

/** Whether `rollout` is what became of `update`, not of an earlier one to the same tag. */
export function isFor(rollout: Rollout, update: Update): boolean {
  return rollout.tag === update.tag && rollout.digest === update.digest && Date.parse(rollout.since) >= Date.parse(update.since);
}

function begin(update: Update): Rollout {
  return { ...target(update), phase: 'Progressing', since: update.since, workloads: [] };
}

/** @param previous the rollout in whose place this one comes */
function goOn(sheet: Sheet, rollout: Rollout, previous: Rollout | undefined): Rollout {
  const to = target(rollout);
  const rows = withNewRows(sheet, rollout, to, previous)
    .map((row) => nextRow(sheet, row, to))
    .filter((row) => row !== undefined);
  const broken = rows.find((row) => row.phase === 'Failed');
  if (broken !== undefined) return fail(sheet, rollout, rows, broken);
  startPending(sheet, rows, to);
  const done = rows.filter((row) => row.phase === 'Healthy' || row.phase === 'Overridden').length;
  return {
    ...to,
    phase: done === rows.length ? 'Healthy' : 'Progressing',
    since: rollout.since,
    message: rows.length === 0 ? 'nothing to roll: the tag comes with the next pods' : `${done} of ${rows.length} ${rows.length === 1 ? 'workload' : 'workloads'} done`,
    workloads: rows,
  };
}

function withNewRows(sheet: Sheet, rollout: Rollout, to: Entry, previous: Rollout | undefined): readonly WorkloadRollout[] {
  const { image } = sheet.input;
  const known = new Set(rollout.workloads.map(workloadId));
  const added = sheet.input.workloads.filter((workload) => !known.has(workloadId(workload)) && sheet.hasSay(workload)
    && rollsNow(workload) && getsAnother(workload, image, getsNow(workload, image, previous), to));
  return [...rollout.workloads, ...added.map((workload) => pendingRow(sheet, workload, before(workload, image, previous)))].sort(byName);
}

/** What new pods of the workload get today: what its template names, unless that failed; else the Image's tag. */
function getsNow(workload: Workload, image: Image, rollout: Rollout | undefined): Entry | undefined {
  const entry = entryOf(workload, image.name);
  const hasFailed = rollout?.phase === 'Failed' && entry !== undefined && formatEntry(entry) === formatEntry(rollout);
  if (entry !== undefined && !hasFailed) return entry;
  return image.status.tag === undefined ? undefined : target({ tag: image.status.tag, digest: image.status.digest });
}

/** Where the workload goes back to: what its template names now, or, where that was not proven, what it named before that. */
function before(workload: Workload, image: Image, previous: Rollout | undefined): string | undefined {
  const entry = entryTextOf(workload, image.name);
  const row = previous?.workloads.find((one) => workloadId(one) === workloadId(workload));
  if (previous === undefined || row === undefined || entry !== formatEntry(previous)) return entry;
  const proven = previous.phase === 'Healthy' && row.phase === 'Healthy';
  return proven || row.phase === 'Overridden' ? entry : row.before;
}

function fail(sheet: Sheet, rollout: Rollout, rows: readonly WorkloadRollout[], broken: WorkloadRollout): Rollout {
  const workloads = rows.map((row): WorkloadRollout => {
    if (row === broken || row.phase === 'Overridden') return row;
    if (row.phase === 'Pending') return { ...row, message: `not started: ${broken.kind} ${broken.name} failed before` };
    return { ...row, phase: 'Failed', since: broken.since, message: `goes back to ${row.before ?? "the Image's tag"}` };
  });
  for (const row of workloads) goBack(sheet, row, rollout);
  return {
    ...target(rollout),
    phase: 'Failed',
    since: rollout.since,
    message: `${broken.kind} ${broken.name}: ${broken.message ?? 'failed'}`,
    workloads,
  };
}

function withdraw(sheet: Sheet, rollout: Rollout): Rollout | undefined {
  const left = rollout.workloads.filter((row) => goBack(sheet, row, rollout));
  return left.length === 0 ? undefined : { ...rollout, message: 'the update was withdrawn: what was rolled goes back' };
}

function target(of: { readonly tag: string; readonly digest?: string | undefined }): Entry {
  return of.digest === undefined ? { tag: of.tag } : { tag: of.tag, digest: of.digest };
}
