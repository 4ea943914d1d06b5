import type { Workload } from './workload.ts';

/** How far Kubernetes is with a workload's present template. */
export interface Progress {
  /** How many pods shall be of the new revision. */
  readonly wanted: number;
  readonly updated: number;
  /** How many of those are ready, at least: the status counts ready pods of all revisions together. */
  readonly ready: number;
  /** All wanted pods exist and have the new revision, and there are no others; they need not be ready. */
  readonly settled: boolean;
  /** Settled, and all of them ready. */
  readonly complete: boolean;
}

/**
 * Reads a workload's status numbers: the same conditions that `kubectl rollout status` waits for
 * (StatefulSet: with its partition respected).
 */
export function progressOf(workload: Workload): Progress {
  const { status, replicas } = workload;
  const wanted = workload.kind === 'StatefulSet' ? Math.max(0, replicas - workload.partition) : replicas;
  const current = status.observedGeneration >= workload.generation;
  const updated = current ? Math.min(status.updated, wanted) : 0;
  const old = Math.max(0, status.total - status.updated);
  const ready = current ? Math.min(updated, Math.max(0, status.ready - old)) : 0;
  const settled = current && status.updated >= wanted && status.total === replicas;
  const complete =
    settled && status.ready >= replicas && (workload.kind === 'StatefulSet' || status.available >= replicas);
  return { wanted, updated, ready, settled, complete };
}

/** One number that grows with every pod that is updated or becomes ready. */
export function scoreOf(progress: Progress): number {
  return progress.updated + progress.ready;
}

/** `1 of 2 pods updated, 1 ready`. */
export function progressMessage({ wanted, updated, ready }: Progress): string {
  return `${updated} of ${wanted} ${wanted === 1 ? 'pod' : 'pods'} updated, ${ready} ready`;
}

/**
 * Whether a change of the template makes Kubernetes roll pods now. Not so for workloads that are paused, scaled to zero or
 * natively `OnDelete` (or held whole by a partition): they take the tag with their next pods.
 */
export function rollsNow(workload: Workload): boolean {
  return !workload.deleting && !workload.paused && workload.strategy !== 'OnDelete' && progressOf(workload).wanted > 0;
}
