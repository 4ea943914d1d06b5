import { createHash } from 'node:crypto';
import type { Container } from '../../../domain/assignment/pod.ts';
import { ANNOTATION_PREFIX } from '../../../domain/image/image.ts';
import type { WorkloadKind } from '../../../domain/image/image-status.ts';
import { IMAGES_ANNOTATION } from '../../../domain/assignment/images-annotation.ts';
import type { PodState, Workload, WorkloadStatus } from '../../../domain/rollout/workload.ts';
import type { KubeObject, ManagedFieldsEntry } from '../client/resource.ts';
import { truncate } from '../../../support/text.ts';

/** The field manager by which the operator sets the images annotation. */
export const OPERATOR_MANAGER = 'kimup-operator';

/** Longest trouble of a pod that is told on; a runtime's messages have no bound. */
const MAX_TROUBLE = 300;

interface RawContainer {
  readonly name?: string;
  readonly image?: string;
}

/** A pod's spec, as far as it is read. */
interface RawPodSpec {
  readonly initContainers?: readonly RawContainer[];
  readonly containers?: readonly RawContainer[];
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** apps/v1 Deployment, StatefulSet and DaemonSet, as far as they are read. Everything is optional: it comes from outside. */
export interface RawWorkload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly progressDeadlineSeconds?: number;
    readonly selector?: LabelSelector;
    readonly strategy?: { readonly type?: string };
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
    readonly template?: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
      readonly spec?: RawPodSpec;
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly currentNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberReady?: number;
    readonly numberAvailable?: number;
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
      readonly lastUpdateTime?: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

type RawTemplate = NonNullable<RawWorkload['spec']>['template'];
type RawStatus = NonNullable<RawWorkload['status']>;

/** core/v1 Pod, as far as it is read. */
export interface RawPod extends KubeObject {
  readonly spec?: RawPodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type?: string;
      readonly status?: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly initContainerStatuses?: readonly RawContainerStatus[];
    readonly containerStatuses?: readonly RawContainerStatus[];
  };
}

interface RawContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly terminated?: { readonly reason?: string; readonly exitCode?: number };
  };
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly exitCode?: number } };
}

/** What a rollout needs of a workload. */
export function workloadOf(raw: RawWorkload, kind: WorkloadKind): Workload {
  const { metadata = {}, spec = {}, status = {} } = raw;
  return {
    kind,
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    generation: metadata.generation ?? 0,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    deleting: metadata.deletionTimestamp !== undefined,
    selector: selectorText(spec.selector ?? {}),
    paused: spec.paused === true,
    strategy: strategyOf(spec.strategy?.type ?? spec.updateStrategy?.type),
    partition: kind === 'StatefulSet' ? (spec.updateStrategy?.rollingUpdate?.partition ?? 0) : 0,
    replicas: kind === 'DaemonSet' ? (status.desiredNumberScheduled ?? 0) : (spec.replicas ?? 1),
    ...(kind === 'Deployment' ? { progressDeadlineMs: (spec.progressDeadlineSeconds ?? 600) * 1_000 } : {}),
    template: templateOf(spec.template),
    ownsAnnotation: annotationManagerOf(metadata.managedFields) === OPERATOR_MANAGER,
    revision: revisionOf(spec.template),
    status: kind === 'DaemonSet' ? daemonSetStatusOf(status) : statusOf(status),
  };
}

/** Of the annotations kimup's own alone. */
function templateOf(template: RawTemplate): Workload['template'] {
  const annotations = Object.entries(template?.metadata?.annotations ?? {});
  return {
    annotations: Object.fromEntries(annotations.filter(([name]) => name.startsWith(ANNOTATION_PREFIX))),
    containers: containersOf(template?.spec),
  };
}

function statusOf(status: RawStatus): WorkloadStatus {
  return {
    observedGeneration: status.observedGeneration ?? 0,
    total: status.replicas ?? 0,
    updated: status.updatedReplicas ?? 0,
    ready: status.readyReplicas ?? 0,
    available: status.availableReplicas ?? 0,
    ...exceededOf(status.conditions),
  };
}

function daemonSetStatusOf(status: RawStatus): WorkloadStatus {
  return {
    observedGeneration: status.observedGeneration ?? 0,
    total: status.currentNumberScheduled ?? 0,
    updated: status.updatedNumberScheduled ?? 0,
    ready: status.numberReady ?? 0,
    available: status.numberAvailable ?? 0,
  };
}

/** What a rollout needs of a pod. */
export function podStateOf(raw: RawPod): PodState {
  const { metadata = {}, spec, status = {} } = raw;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  const imagesAnnotation = metadata.annotations?.[IMAGES_ANNOTATION];
  const ready = status.conditions?.some(({ type, status: word }) => type === 'Ready' && word === 'True') ?? false;
  const trouble = ready ? undefined : troubleOf(raw);
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    ...(owner === undefined ? {} : { owner: { kind: owner.kind, name: owner.name, uid: owner.uid } }),
    deleting: metadata.deletionTimestamp !== undefined,
    finished: status.phase === 'Succeeded' || status.phase === 'Failed',
    ready,
    ...(imagesAnnotation === undefined ? {} : { imagesAnnotation }),
    containers: containersOf(spec),
    ...(trouble === undefined ? {} : { trouble }),
  };
}

/** The field manager that has the images annotation; of several that set it to the same, not kimup. */
export function annotationManagerOf(fields: readonly ManagedFieldsEntry[] | undefined): string | undefined {
  const owners = (fields ?? []).filter(({ fieldsV1 }) =>
    has(fieldsV1, ['f:spec', 'f:template', 'f:metadata', 'f:annotations', `f:${IMAGES_ANNOTATION}`]),
  );
  return (owners.find(({ manager }) => manager !== OPERATOR_MANAGER) ?? owners[0])?.manager;
}

/** metav1.LabelSelector in the text form of list requests. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const parts = Object.entries(matchLabels).map(([name, value]) => `${name}=${value}`);
  for (const { key, operator, values = [] } of matchExpressions) {
    switch (operator) {
      case 'In':
        parts.push(`${key} in (${values.join(',')})`);
        break;
      case 'NotIn':
        parts.push(`${key} notin (${values.join(',')})`);
        break;
      case 'Exists':
        parts.push(key);
        break;
      case 'DoesNotExist':
        parts.push(`!${key}`);
        break;
    }
  }
  return parts.join(',');
}

function has(tree: unknown, path: readonly string[]): boolean {
  let at: unknown = tree;
  for (const name of path) at = (at as Readonly<Record<string, unknown>> | undefined)?.[name];
  return at !== undefined;
}

function containersOf(spec: RawPodSpec | undefined): readonly Container[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name = '', image }) =>
    image === undefined ? { name } : { name, image },
  );
}

function strategyOf(type: string | undefined): Workload['strategy'] {
  return type === 'OnDelete' || type === 'Recreate' ? type : 'RollingUpdate';
}

function exceededOf(conditions: RawStatus['conditions']): Pick<WorkloadStatus, 'exceeded'> {
  const condition = conditions?.find(
    ({ type, status, reason }) => type === 'Progressing' && status === 'False' && reason === 'ProgressDeadlineExceeded',
  );
  if (condition === undefined) return {};
  return {
    exceeded: {
      at: Date.parse(condition.lastUpdateTime ?? condition.lastTransitionTime ?? '') || 0,
      message: truncate(condition.message ?? 'its progress deadline was exceeded', MAX_TROUBLE),
    },
  };
}

/** The template without what kimup puts there itself, in 16 hexadecimal digits. */
function revisionOf(template: RawTemplate): string {
  const text = JSON.stringify(template ?? null, (key, value: unknown) =>
    key === IMAGES_ANNOTATION ? undefined : emptyAsNothing(key, value),
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** An annotation taken away leaves no trace, so neither may it in the revision. */
function emptyAsNothing(key: string, value: unknown): unknown {
  if (key !== 'annotations' || typeof value !== 'object' || value === null) return value;
  return Object.keys(value).every((name) => name === IMAGES_ANNOTATION) ? undefined : value;
}

/** Why a pod is not ready, in the words of the kubelet or the scheduler, never the application's: the first container that waits or broke, else the pod's own condition. */
function troubleOf({ status = {} }: RawPod): string | undefined {
  for (const { name, ready, state, lastState } of [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
  ]) {
    const { waiting, terminated } = state ?? {};
    if (
      waiting?.reason !== undefined &&
      waiting.reason !== 'ContainerCreating' &&
      waiting.reason !== 'PodInitializing'
    ) {
      const ended = lastState?.terminated?.exitCode;
      return truncate(
        `container ${name}: ${said(waiting.reason, waiting.message)}${ended === undefined ? '' : ` (exit status ${ended})`}`,
        MAX_TROUBLE,
      );
    }
    if (terminated !== undefined && ready !== true && terminated.exitCode !== 0) {
      // Its message is the application's own last words: whatever it logs.
      return truncate(
        `container ${name}: ${terminated.reason ?? 'Error'} (exit status ${terminated.exitCode ?? '?'})`,
        MAX_TROUBLE,
      );
    }
  }
  const bad = status.conditions?.find(({ status: word, message }) => word === 'False' && !!message);
  return bad === undefined ? undefined : truncate(said(bad.reason ?? bad.type ?? '', bad.message), MAX_TROUBLE);
}

function said(reason: string, message: string | undefined): string {
  return message === undefined || message === '' ? reason : `${reason}: ${message}`;
}
