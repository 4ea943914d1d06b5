import type { LateRollout, LeftAlone, Rollout, WorkloadRollout } from '../image/image-status.ts';

/** Of each field of T, when two of them say the same: a field that is added has to be added here, or its change is not written. */
type Same<T> = { readonly [K in keyof Required<T>]: (a: T[K], b: T[K]) => boolean };

const SAME_ROLLOUT: Same<Rollout> = {
  tag: equal,
  digest: equal,
  image: equal,
  phase: equal,
  since: sameTime,
  message: equal,
  workloads: sameRows,
  leftAlone: sameLeftAlone,
  late: sameLate,
};

const SAME_LATE: Same<LateRollout> = { tag: equal, digest: equal, workloads: sameRows };

const SAME_ROW: Same<WorkloadRollout> = {
  kind: equal,
  name: equal,
  previousTag: equal,
  pinnedTag: equal,
  phase: equal,
  since: sameTime,
  message: equal,
};

const SAME_LEFT_ALONE: Same<LeftAlone> = { kind: equal, name: equal, message: equal };

/** Whether two rollouts say the same, so that nothing needs to be written. */
export function sameRollout(a: Rollout | undefined, b: Rollout | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || same(SAME_ROLLOUT, a, b);
}

/** The rollout with the workloads that stay as they are; absent where there are none. */
export function withLeftAlone(rollout: Rollout, left: readonly LeftAlone[]): Rollout {
  const { leftAlone: _, ...rest } = rollout;
  return left.length === 0 ? rest : { ...rest, leftAlone: left };
}

/** Whether two lists of workloads that were left alone say the same. */
export function sameLeftAlone(a: readonly LeftAlone[] = [], b: readonly LeftAlone[] = []): boolean {
  return a.length === b.length && a.every((one, at) => same(SAME_LEFT_ALONE, one, b[at]!));
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
  return same(SAME_LATE, a, b);
}

function sameRows(a: readonly WorkloadRollout[], b: readonly WorkloadRollout[]): boolean {
  return a.length === b.length && a.every((row, at) => same(SAME_ROW, row, b[at]!));
}

function same<T>(fields: Same<T>, a: T, b: T): boolean {
  for (const field in fields) if (!fields[field](a[field], b[field])) return false;
  return true;
}

function equal(a: unknown, b: unknown): boolean {
  return a === b;
}

/** The same instant, however it is spelt. */
function sameTime(a: string, b: string): boolean {
  return a === b || Date.parse(a) === Date.parse(b);
}
