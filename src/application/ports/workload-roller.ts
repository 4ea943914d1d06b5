import type { PodState, Workload } from '../../domain/rollout/workload.ts';

export interface WorkloadListener {
  /** A workload is new, or anything of it changed that a {@link Workload} shows. */
  changed(workload: Workload): void;
  deleted(workload: Workload): void;
}

/** A workload as the API server has it, and who changed its images annotation last. */
export interface AnnotationManager {
  readonly workload: Workload;
  /** The field manager that has the annotation now; {@link UNKNOWN_MANAGER} where it is gone: who takes a field away owns nothing. */
  readonly manager: string;
}

/** Who took an annotation away: Kubernetes does not keep that. */
export const UNKNOWN_MANAGER = 'someone';

/** The Deployments, StatefulSets and DaemonSets of the cluster, and how they are rolled. */
export abstract class WorkloadRoller {
  /** As the watch brought them: asks nobody, and may be behind a write that was just made. */
  abstract list(namespace: string): readonly Workload[];
  /** Whether every workload was seen at least once. */
  abstract synced(): boolean;
  /** For how long changes have not come through, milliseconds; 0 while they do. What is read meanwhile may be old. */
  abstract staleForMs(): number;
  /** Tells of all present workloads first, then of every change. */
  abstract subscribe(listener: WorkloadListener): void;

  /** Reads a workload anew; `undefined` when it is gone, or was made again. One request. Fails with a WriteError. */
  abstract annotationManager(workload: Workload): Promise<AnnotationManager | undefined>;
  /** The pods that its selector matches, read anew. Fails with a WriteError. */
  abstract pods(workload: Workload): Promise<readonly PodState[]>;

  /**
   * Makes the template's `kimup.cloudavenue.io/images` be `text`, or takes it away without a trace (`undefined`), so that
   * Kubernetes rolls the workload. Changes nothing else.
   * @returns the workload as it is then
   * @throws WriteError `conflict` when the annotation is no longer what `workload` shows, `gone` when the workload is
   */
  abstract setImagesAnnotation(workload: Workload, text: string | undefined): Promise<Workload>;
  /** Deletes this very pod (by its uid); one that is gone already is fine. Fails with a WriteError. */
  abstract deletePod(workload: Workload, pod: PodState): Promise<void>;
}
