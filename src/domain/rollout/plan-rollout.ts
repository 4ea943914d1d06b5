import type { Image, Rollout, Update, WorkloadRollout } from '../image/image.ts';
import { rollLate, rollLateBeside } from './late-workloads.ts';
import { nothingRolled } from './nothing-rolled.ts';
import { rollsNow } from './progress.ts';
import { goBack, nextRow, pendingRow, startPending } from './row.ts';
import { isOfThisImage, withLeftAlone } from './same-rollout.ts';
import { type RolloutInput, type RolloutPlan, Sheet } from './sheet.ts';
import { AMBIGUOUS, ambiguity } from './tell.ts';
import { type Entry, entryOfTag, formatEntry, parseEntry } from './template-entries.ts';
import { getsAnother } from './template-images.ts';
import { byName, entryOf, entryTextOf, type Workload, workloadId } from './workload.ts';

/**
 * What the operator does next about an Image, told from the present state alone: it may die between any two steps.
 *
 * - an update that has no rollout: one begins; every workload in scope that would get another image, or whose template
 *   names the tag already, gets a row: Healthy means that pods have proven it
 * - Progressing: rows go on, in turns; all done makes it Healthy, one that fails makes it Failed
 * - Failed: what was rolled goes back, and the rollout stays as it is until another update comes
 * - Progressing, but its update was withdrawn (its user changed the spec): what was rolled goes back, and the rollout goes away
 * - no update: workloads that came into scope late are brought to the Image's tag
 * - workloads that can't tell which of several Images is theirs: nothing is proven by leaving them out, so it waits
 *
 * A rollout belongs to the update with its tag, digest and `since`.
 */
export function planRollout(input: RolloutInput): RolloutPlan {
  const sheet = new Sheet(input);
  return sheet.plan(nextRollout(sheet), ambiguous(sheet));
}

/** Whether what is written in the Image's status was written for its present spec; otherwise the controller comes first. */
function isCurrent({ deleting, spec, status }: Image): boolean {
  return !deleting && status.image === spec.image && status.baseTag === spec.baseTag;
}

function ambiguous(sheet: Sheet): string | undefined {
  const { image } = sheet;
  const { tag, digest, update, conditions } = image.status;
  if (!isCurrent(image)) return conditions.find(({ type }) => type === AMBIGUOUS)?.message;
  const to = update ?? (tag === undefined ? undefined : { tag, digest });
  return to === undefined ? undefined : ambiguity(image, sheet.ties(entryOfTag(to)));
}

function nextRollout(sheet: Sheet): Rollout | undefined {
  const { image, input: { rollout } } = sheet;
  if (!isCurrent(image)) return rollout;
  const { update } = image.status;
  if (update !== undefined && (rollout === undefined || !isFor(rollout, update))) return goOn(sheet, begin(image, update), rollout);
  switch (rollout?.phase) {
    case 'Failed':
      for (const row of rollout.workloads) goBack(sheet, row, rollout);
      if (update !== undefined) return rollout;
      return isOfThisImage(rollout, image) ? rollLateBeside(sheet, rollout) : rollLate(sheet, rollout);
    case 'Progressing':
      return update === undefined ? withdraw(sheet, rollout) : goOn(sheet, rollout, undefined);
    case 'Healthy':
      return update === undefined ? rollLate(sheet, rollout) : rollout;
    case undefined:
      return rollLate(sheet, undefined);
  }
}

/** Whether `rollout` is what became of `update`, not of another to the same tag. No clock is compared. */
function isFor(rollout: Rollout, update: Update): boolean {
  return rollout.tag === update.tag && rollout.digest === update.digest && rollout.since === update.since;
}

function begin({ spec: { image } }: Image, update: Update): Rollout {
  return { ...entryOfTag(update), image, phase: 'Progressing', since: update.since, workloads: [] };
}

/** @param previous the rollout in whose place this one comes */
function goOn(sheet: Sheet, begun: Rollout, previous: Rollout | undefined): Rollout {
  const to = entryOfTag(begun);
  const rollout = withLeftAlone(begun, sheet.leftAlone(to));
  const rows = withNewRows(sheet, rollout, to, previous)
    .map((row) => nextRow(sheet, row, to))
    .filter((row) => row !== undefined);
  const broken = rows.find((row) => row.phase === 'Failed');
  if (broken !== undefined) return fail(sheet, rollout, rows, broken, broken.message ?? 'failed');
  startPending(sheet, rows, to);
  const done = rows.filter((row) => row.phase === 'Healthy' || row.phase === 'Overridden').length;
  const proven = rows.some((row) => row.phase === 'Healthy' && isRolled(sheet, row));
  const undone = rows.find((row) => row.phase === 'Overridden');
  if (done === rows.length && !proven && undone !== undefined) {
    return fail(sheet, rollout, rows, undone, `${undone.message ?? 'taken back'}; no other workload has proven the tag`);
  }
  const tie = proven ? undefined : ambiguous(sheet);
  return {
    ...rollout,
    phase: done === rows.length && tie === undefined ? 'Healthy' : 'Progressing',
    message: message(sheet, rows, done, tie, to),
    workloads: rows,
  };
}

function message(sheet: Sheet, rows: readonly WorkloadRollout[], done: number, tie: string | undefined, to: Entry): string {
  if (sheet.input.excluded) return `nothing to roll: kimup leaves the namespace ${sheet.image.namespace} alone`;
  if (tie !== undefined && done === rows.length) return `waits: ${tie}`;
  return rows.length === 0 ? nothingRolled(sheet, to) : `${done} of ${rows.length} ${rows.length === 1 ? 'workload' : 'workloads'} done`;
}

/** Whether a Healthy row says that pods run the tag, not that the workload has none to roll. */
function isRolled(sheet: Sheet, row: WorkloadRollout): boolean {
  const workload = sheet.workloadOf(row);
  return workload !== undefined && rollsNow(workload);
}

function withNewRows(sheet: Sheet, rollout: Rollout, to: Entry, previous: Rollout | undefined): readonly WorkloadRollout[] {
  const known = new Set(rollout.workloads.map(workloadId));
  const added = sheet.input.workloads
    .filter((workload) => !known.has(workloadId(workload)) && sheet.hasSay(workload))
    .map((workload) => newRow(sheet, workload, to, previous))
    .filter((row) => row !== undefined);
  return [...rollout.workloads, ...added].sort(byName);
}

function newRow(sheet: Sheet, workload: Workload, to: Entry, previous: Rollout | undefined): WorkloadRollout | undefined {
  const { image } = sheet;
  const last = previous?.workloads.find((row) => workloadId(row) === workloadId(workload) && sheet.workloadOf(row) !== undefined);
  if (entryTextOf(workload, image.name) === formatEntry(to)) return sheet.tags(workload).concernedBy(to) ? takenOver(sheet, workload, to, previous, last) : undefined;
  if (!rollsNow(workload) || !getsAnother(workload, sheet.tags(workload), getsNow(workload, image, previous, last), to)) return undefined;
  return pendingRow(sheet, workload, before(workload, image, previous, last));
}

/** The row of a workload whose template names the target before this rollout has touched it: its pods have still to prove it. */
function takenOver(sheet: Sheet, workload: Workload, to: Entry, previous: Rollout | undefined, last: WorkloadRollout | undefined): WorkloadRollout | undefined {
  const isSame = previous !== undefined && formatEntry(previous) === formatEntry(to);
  // Its time goes on; an update that is decided again and again must not give it more.
  if (isSame && (last?.phase === 'Pending' || last?.phase === 'Progressing')) return last;
  const { image } = sheet;
  if (last !== undefined) return pendingRow(sheet, workload, before(workload, image, previous, last));
  // What kimup put there for a rollout that is not known any more may be bad: then the Image's own tag is where to go.
  return rollsNow(workload) ? pendingRow(sheet, workload, workload.entriesAreOurs ? undefined : entryTextOf(workload, image.name)) : undefined;
}

/** What new pods of the workload get today: what its template names, unless that failed; else what it kept, or the Image's tag. */
function getsNow(workload: Workload, image: Image, rollout: Rollout | undefined, last: WorkloadRollout | undefined): Entry | undefined {
  const entry = entryOf(workload, image.name);
  const hasFailed = rollout?.phase === 'Failed' && entry !== undefined && formatEntry(entry) === formatEntry(rollout);
  if (entry !== undefined && !hasFailed) return entry;
  const { tag, digest } = image.status;
  return (last?.keeps === undefined ? undefined : parseEntry(last.keeps)) ?? (tag === undefined ? undefined : entryOfTag({ tag, digest }));
}

/** Where the workload goes back to: what its template names now, or, where that was not proven, what it named before that. */
function before(workload: Workload, image: Image, previous: Rollout | undefined, last: WorkloadRollout | undefined): string | undefined {
  const entry = entryTextOf(workload, image.name);
  if (previous === undefined || last === undefined || entry !== formatEntry(previous)) return entry;
  const proven = previous.phase === 'Healthy' && last.phase === 'Healthy';
  return proven || last.phase === 'Overridden' ? entry : last.before;
}

function fail(sheet: Sheet, rollout: Rollout, rows: readonly WorkloadRollout[], broken: WorkloadRollout, why: string): Rollout {
  const workloads = rows.map((row): WorkloadRollout => {
    if (row === broken || row.phase === 'Overridden') return row;
    if (row.phase === 'Pending') return { ...row, message: `not started: ${broken.kind} ${broken.name} failed before` };
    return { ...row, phase: 'Failed', since: broken.since, message: `goes back to ${row.before ?? "the Image's tag"}` };
  });
  for (const row of workloads) goBack(sheet, row, rollout);
  return { ...rollout, phase: 'Failed', message: `${broken.kind} ${broken.name}: ${why}`, workloads };
}

function withdraw(sheet: Sheet, rollout: Rollout): Rollout | undefined {
  const left = rollout.workloads.filter((row) => goBack(sheet, row, rollout));
  return left.length === 0 ? undefined : { ...rollout, message: 'the update was withdrawn: what was rolled goes back' };
}
