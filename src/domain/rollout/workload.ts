import { type Container, deploymentOf } from '../assignment/pod.ts';
import type { WorkloadKind, WorkloadRollout } from '../image/image-status.ts';
import { type PinnedTag, formatPinnedTag } from '../reference/pinned-tag.ts';
import { IMAGES_ANNOTATION, parseImagesAnnotation } from '../assignment/images-annotation.ts';

/** A Deployment, StatefulSet or DaemonSet, trimmed to what a rollout needs. Times are milliseconds since the epoch. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly createdAt: number;
  readonly deleting: boolean;
  /** `spec.selector` as a label selector that the API server understands. */
  readonly selector: string;
  readonly paused: boolean;
  readonly strategy: 'RollingUpdate' | 'Recreate' | 'OnDelete';
  /** A StatefulSet's `partition`: pods below this ordinal stay as they are; 0 elsewhere. */
  readonly partition: number;
  /** How many pods there should be (a DaemonSet's `desiredNumberScheduled`). */
  readonly replicas: number;
  /** A Deployment's own progress deadline. */
  readonly progressDeadlineMs?: number;
  readonly template: {
    /** Those under `kimup.cloudavenue.io/`, by their whole key. */
    readonly annotations: Readonly<Record<string, string>>;
    /** Init containers first. */
    readonly containers: readonly Container[];
  };
  /** Whether the template's `kimup.cloudavenue.io/images` was set by kimup's operator, and by nobody else since. */
  readonly ownsAnnotation: boolean;
  /** Changes with the pod template, but not with `kimup.cloudavenue.io/images`. */
  readonly revision: string;
  readonly status: WorkloadStatus;
}

/** The numbers of a workload's status, by one name for the three kinds. */
export interface WorkloadStatus {
  readonly observedGeneration: number;
  readonly total: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  /** A Deployment's condition `Progressing=False`, reason `ProgressDeadlineExceeded`: when it was last set, and its message. */
  readonly exceeded?: { readonly at: number; readonly message: string };
}

/** A pod of a workload, trimmed to what a rollout needs. */
export interface PodState {
  readonly name: string;
  readonly uid: string;
  /** What was seen of it: deleting it is for this state of it alone. */
  readonly resourceVersion?: string;
  /** The controller that made it. */
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly deleting: boolean;
  /** Whether its phase is Succeeded or Failed: it comes back no more. */
  readonly finished: boolean;
  readonly ready: boolean;
  /** Its `kimup.cloudavenue.io/images`, inherited from the template that it was made from. */
  readonly imagesAnnotation?: string;
  /** Init containers first. */
  readonly containers: readonly Container[];
  /** Why a container of it does not run: reason and message of the first one that waits or broke. */
  readonly trouble?: string;
}

/** `Kind/name`: a workload within its namespace. */
export function workloadId(workload: { readonly kind: WorkloadKind; readonly name: string }): string {
  return `${workload.kind}/${workload.name}`;
}

/** What the workload's template names for the Image `name`; `undefined` for nothing. */
export function pinnedTagIn(workload: Workload, name: string): PinnedTag | undefined {
  return parseImagesAnnotation(workload.template.annotations[IMAGES_ANNOTATION]).get(name);
}

/** {@link pinnedTagIn} as text, as `previousTag` and comparisons have it. */
export function pinnedTagTextIn(workload: Workload, name: string): string | undefined {
  const pinnedTag = pinnedTagIn(workload, name);
  return pinnedTag === undefined ? undefined : formatPinnedTag(pinnedTag);
}

/** By name, then kind: the order in which workloads take their turn. */
export function byName(a: Pick<WorkloadRollout, 'kind' | 'name'>, b: Pick<WorkloadRollout, 'kind' | 'name'>): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0;
}

/** The pods that the workload made itself and that still count: not those that end, or that only share its labels. */
export function podsOf(workload: Workload, pods: readonly PodState[]): PodState[] {
  return pods.filter((pod) => !pod.deleting && !pod.finished && madeBy(workload, pod));
}

function madeBy(workload: Workload, pod: PodState): boolean {
  if (workload.kind !== 'Deployment') return pod.owner?.uid === workload.uid;
  return pod.owner?.kind === 'ReplicaSet' && deploymentOf(pod.owner.name) === workload.name;
}
