import type { LateRollout, Rollout, WorkloadRollout } from '../image/image.ts';
import { progressOf, rollsNow } from './progress.ts';
import { goBack, nextRow, pendingRow, startPending } from './row.ts';
import { nothingRolled } from './nothing-rolled.ts';
import { isOfThisImage, sameLeftAlone, withLeftAlone } from './same-rollout.ts';
import { rfc3339, type Sheet } from './sheet.ts';
import { type Entry, entryOfTag, formatEntry } from './template-entries.ts';
import { runsOlder } from './template-images.ts';
import { byName, entryTextOf, type Workload, workloadId } from './workload.ts';

/**
 * No update is under way: workloads whose pods run an older tag than the Image's, because they came into scope after their
 * pods or were paused when it moved, are brought to it. One that fails goes back by itself, and is tried again when it changes.
 * The rows stand in the Image's Healthy rollout; the Image itself has proven its tag, so they never make it Failed.
 */
export function rollLate(sheet: Sheet, rollout: Rollout | undefined): Rollout | undefined {
  const { image, input: { now } } = sheet;
  const to = ownTag(sheet);
  if (to === undefined) return rollout;
  const own = rollout?.phase === 'Healthy' && isOfThisImage(rollout, image) && formatEntry(rollout) === formatEntry(to) ? rollout : undefined;
  const late = lateRows(sheet, own, to, () => true);
  const left = sheet.leftAlone(to);
  if (late === undefined && own === undefined && left.length === 0) return rollout;
  if (late === undefined && own !== undefined) {
    const message = own.workloads.length === 0 ? nothingRolled(sheet, to) : own.message;
    const same = message === own.message && sameLeftAlone(own.leftAlone, left);
    return same ? own : withLeftAlone(message === undefined ? own : { ...own, message }, left);
  }
  const rows = late ?? [];
  const open = rows.filter((row) => row.phase === 'Pending' || row.phase === 'Progressing').length;
  return withLeftAlone({
    ...to,
    image: image.spec.image,
    phase: 'Healthy',
    since: own?.since ?? rfc3339(now),
    message: rows.length === 0 ? nothingRolled(sheet, to) : open === 0 ? 'all workloads in scope were looked at' : `${open} ${open === 1 ? 'workload' : 'workloads'} with older pods under way`,
    workloads: rows,
  }, left);
}

/**
 * The same beside a rollout that failed, which stays as it is: the memory of its failure keeps its tag out. What went back
 * with it, or was taken back by a person, is where it should be.
 */
export function rollLateBeside(sheet: Sheet, failed: Rollout): Rollout {
  const to = ownTag(sheet);
  if (to === undefined) return failed;
  const settled = new Set(failed.workloads.filter((row) => row.phase !== 'Pending' && sheet.workloadOf(row) !== undefined).map(workloadId));
  const own = failed.late !== undefined && formatEntry(failed.late) === formatEntry(to) ? failed.late : undefined;
  const rows = lateRows(sheet, own, to, (workload) => !settled.has(workloadId(workload)));
  const left = sheet.leftAlone(to);
  const next = sameLeftAlone(failed.leftAlone, left) ? failed : withLeftAlone(failed, left);
  return rows === undefined ? next : { ...next, late: { ...to, workloads: rows } };
}

function ownTag({ image }: Sheet): Entry | undefined {
  const { tag, digest } = image.status;
  return tag === undefined ? undefined : entryOfTag({ tag, digest });
}

/** The rows as they are now, `undefined` when there is no news. */
function lateRows(sheet: Sheet, own: LateRollout | undefined, to: Entry, may: (workload: Workload) => boolean): readonly WorkloadRollout[] | undefined {
  const late = latecomers(sheet, own, to, may);
  const again = new Set(late.map(workloadId));
  const rows = (own?.workloads ?? [])
    .filter((row) => !again.has(workloadId(row)))
    .map((row) => (row.phase === 'Pending' || row.phase === 'Progressing' ? nextRow(sheet, row, to) : row))
    .filter((row) => row !== undefined);
  for (const workload of late) rows.push(pendingRow(sheet, workload, entryTextOf(workload, sheet.image.name)));
  rows.sort(byName);
  for (const row of rows) if (row.phase === 'Failed') goBack(sheet, row, to);
  startPending(sheet, rows, to);
  return late.length === 0 && (own === undefined || sameRows(rows, own.workloads)) ? undefined : rows;
}

function latecomers(sheet: Sheet, rollout: LateRollout | undefined, to: Entry, may: (workload: Workload) => boolean): readonly Workload[] {
  const rows = new Map(rollout?.workloads.map((row) => [workloadId(row), row]));
  return sheet.input.workloads.filter((workload) => {
    if (!may(workload) || !mayBeLate(sheet, workload, to)) return false;
    const id = workloadId(workload);
    const look = fingerprint(sheet, workload, to);
    const last = sheet.looked.get(id);
    const row = rows.get(id);
    if (row !== undefined && sheet.workloadOf(row) !== undefined) {
      // Only what failed is tried again, and only once it changed; what it was like is forgotten in a restart.
      if (row.phase !== 'Failed') return false;
      if (last === undefined) sheet.looked.set(id, look);
      if (last === undefined || last === look) return false;
    } else if (last === look) {
      return false;
    }
    // While it is between two revisions its pods tell nothing.
    if (!progressOf(workload).settled) return false;
    const pods = sheet.pods(workload);
    if (pods === undefined) return false;
    sheet.looked.set(id, look);
    return runsOlder(workload, pods, sheet.tags(workload), to);
  });
}

/** Whether the workload's template names nothing for the Image, or what kimup itself put there for an earlier move. */
function mayBeLate(sheet: Sheet, workload: Workload, to: Entry): boolean {
  const { image } = sheet;
  const entry = entryTextOf(workload, image.name);
  return sheet.hasSay(workload) && rollsNow(workload) && entry !== formatEntry(to)
    && (entry === undefined || workload.entriesAreOurs) && sheet.tags(workload).concernedBy(to);
}

/** What of a workload decides whether its pods are worth a look. Not its numbers: they change with every pod. */
function fingerprint(sheet: Sheet, workload: Workload, to: Entry): string {
  return JSON.stringify([workload.uid, workload.revision, workload.strategy, workload.partition, formatEntry(to), sheet.input.namespace]);
}

function sameRows(a: readonly WorkloadRollout[], b: readonly WorkloadRollout[]): boolean {
  return a.length === b.length && a.every((row, at) => row === b[at]);
}
