import type { LateRollout, LeftAlone, Rollout, WorkloadRollout } from '../image/image-status.ts';

/** Whether two rollouts say the same, so that nothing needs to be written. */
export function sameRollout(a: Rollout | undefined, b: Rollout | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a === b ||
    (a.tag === b.tag &&
      a.digest === b.digest &&
      a.phase === b.phase &&
      sameTime(a.since, b.since) &&
      a.message === b.message &&
      a.image === b.image &&
      sameRows(a.workloads, b.workloads) &&
      sameLeftAlone(a.leftAlone, b.leftAlone) &&
      sameLate(a.late, b.late))
  );
}

/** The rollout with the workloads that stay as they are; absent where there are none. */
export function withLeftAlone(rollout: Rollout, left: readonly LeftAlone[]): Rollout {
  const { leftAlone: _, ...rest } = rollout;
  return left.length === 0 ? rest : { ...rest, leftAlone: left };
}

/** Whether two lists of workloads that were left alone say the same. */
export function sameLeftAlone(a: readonly LeftAlone[] = [], b: readonly LeftAlone[] = []): boolean {
  return (
    a.length === b.length &&
    a.every(({ kind, name, message }, at) => kind === b[at]!.kind && name === b[at]!.name && message === b[at]!.message)
  );
}

/** Whether two rows say the same but for how far Kubernetes is: what may wait a little before it is written. */
export function sameButProgress(a: Rollout | undefined, b: Rollout | undefined): boolean {
  return a !== undefined && b !== undefined && sameRollout(withoutProgress(a), withoutProgress(b));
}

function withoutProgress(rollout: Rollout): Rollout {
  const { late, since } = rollout;
  const quiet = (rows: readonly WorkloadRollout[]): readonly WorkloadRollout[] =>
    rows.map((row) => (row.phase === 'Progressing' ? { ...row, since, message: '' } : row));
  return {
    ...rollout,
    message: '',
    workloads: quiet(rollout.workloads),
    ...(late === undefined ? {} : { late: { ...late, workloads: quiet(late.workloads) } }),
  };
}

function sameLate(a: LateRollout | undefined, b: LateRollout | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.tag === b.tag && a.digest === b.digest && sameRows(a.workloads, b.workloads);
}

function sameRows(a: readonly WorkloadRollout[], b: readonly WorkloadRollout[]): boolean {
  return a.length === b.length && a.every((row, at) => sameRow(row, b[at]));
}

function sameRow(a: WorkloadRollout, b: WorkloadRollout | undefined): boolean {
  return (
    b !== undefined &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.previousTag === b.previousTag &&
    a.pinnedTag === b.pinnedTag &&
    a.phase === b.phase &&
    sameTime(a.since, b.since) &&
    a.message === b.message
  );
}

/** The same instant, however it is spelt. */
function sameTime(a: string, b: string): boolean {
  return a === b || Date.parse(a) === Date.parse(b);
}
