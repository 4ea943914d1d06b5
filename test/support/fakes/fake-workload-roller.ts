import { mutatePod } from '../../../src/domain/admission/mutate-pod.ts';
import { parseImageReference, repositoryId } from '../../../src/domain/reference/image-reference.ts';
import { tracked } from '../domain/rules.ts';
import { WriteError } from '../../../src/application/ports/image-store.ts';
import {
  type AnnotationManager,
  UNKNOWN_MANAGER,
  WorkloadRoller,
  type WorkloadListener,
} from '../../../src/application/ports/workload-roller.ts';
import type { Image } from '../../../src/domain/image/image.ts';
import type { WorkloadKind } from '../../../src/domain/image/image-status.ts';
import { IMAGES_ANNOTATION } from '../../../src/domain/assignment/images-annotation.ts';
import { type PodState, type Workload, workloadId } from '../../../src/domain/rollout/workload.ts';
import { type GivenWorkload, podOf, workload } from '../builders/workload.ts';

/**
 * Workloads in memory, and as much of Kubernetes' controllers and of kimup's webhook as a rollout needs to see.
 * What `list` shows can be made to lag behind, as a watch does.
 */
export class FakeWorkloadRoller extends WorkloadRoller {
  /** What {@link staleForMs} says. */
  downMs = 0;
  /** Requests that a real one would make, in order. */
  readonly requests: string[] = [];
  /** Tags whose pods never become ready. */
  readonly broken = new Set<string>();
  /** The Image that the webhook puts; none, and pods run their manifests' own. */
  webhook: () => Image | undefined = () => undefined;
  /** Thrown by the next write instead of doing it. */
  readonly failures: unknown[] = [];
  lagging = false;
  private readonly liveWorkloads = new Map<string, Workload>();
  private readonly shown = new Map<string, Workload>();
  private readonly podsByWorkload = new Map<string, PodState[]>();
  private readonly managers = new Map<string, string>();
  private readonly listeners: WorkloadListener[] = [];
  private version = 1;
  private podCount = 0;
  private readonly now: () => number;

  constructor(now: () => number = () => Date.UTC(2026, 0, 1)) {
    super();
    this.now = now;
  }

  /** Makes a workload, with its pods as its manifest says, or changes the one of that kind and name (by `manager`). */
  put(given: GivenWorkload = {}, manager = 'kubectl'): Workload {
    const made = workload(given);
    if (!this.podsByWorkload.has(key(made))) {
      this.podsByWorkload.set(
        key(made),
        Array.from({ length: made.replicas }, (_, at) => this.pod(made, at, made.template.containers[0]?.image ?? '')),
      );
    }
    this.managers.set(key(made), manager);
    return this.set(made);
  }

  /** Somebody changes the annotation, or takes it away. */
  override(kind: WorkloadKind, name: string, text: string | undefined, manager: string): void {
    const present = this.live(kind, name);
    this.managers.set(key(present), manager);
    this.set(withImagesAnnotation(present, text, false));
  }

  remove(kind: WorkloadKind, name: string): void {
    const present = this.live(kind, name);
    this.liveWorkloads.delete(key(present));
    this.podsByWorkload.delete(key(present));
    if (!this.lagging) this.catchUp();
  }

  /** The workload as the API server has it. */
  live(kind: WorkloadKind, name: string, namespace = 'default'): Workload {
    const found = this.liveWorkloads.get(`${namespace}/${kind}/${name}`);
    if (found === undefined) throw new Error(`no ${kind} ${name}`);
    return found;
  }

  all(): readonly Workload[] {
    return [...this.liveWorkloads.values()];
  }

  imagesAnnotation(kind: WorkloadKind, name: string): string | undefined {
    return this.live(kind, name).template.annotations[IMAGES_ANNOTATION];
  }

  podsNow(kind: WorkloadKind, name: string): readonly PodState[] {
    return this.podsByWorkload.get(key(this.live(kind, name))) ?? [];
  }

  /** Kubernetes does one thing about a workload, if there is one to do: sees the template, replaces a pod, gives up. Returns whether it did. */
  step(kind: WorkloadKind, name: string): boolean {
    const present = this.live(kind, name);
    if (present.status.observedGeneration < present.generation) {
      const { exceeded: _, ...status } = present.status;
      this.count({ ...present, status: { ...status, observedGeneration: present.generation } });
      return true;
    }
    if (present.paused || present.strategy === 'OnDelete') return false;
    const pods = this.podsByWorkload.get(key(present)) ?? [];
    const imagesAnnotation = present.template.annotations[IMAGES_ANNOTATION];
    const image = present.template.containers[0]?.image ?? '';
    if (kind === 'Deployment') return this.surge(present, pods, imagesAnnotation, image);
    // A StatefulSet waits for a pod that is not ready, whatever its template says by now.
    if (kind === 'StatefulSet' && pods.length === present.replicas && pods.some((pod) => !pod.ready)) return false;
    if (pods.some((pod) => pod.imagesAnnotation === imagesAnnotation && !pod.ready)) return false;
    const ordinals = Array.from({ length: present.replicas }, (_, at) => present.replicas - 1 - at);
    const at = ordinals.find(
      (ordinal) =>
        pods.find((pod) => pod.name === `${name}-${ordinal}`)?.imagesAnnotation !== imagesAnnotation ||
        !pods.some((pod) => pod.name === `${name}-${ordinal}`),
    );
    if (at === undefined) return false;
    const made = this.pod(present, at, image);
    this.podsByWorkload.set(key(present), [...pods.filter((pod) => pod.name !== made.name), made]);
    this.count(present);
    return true;
  }

  /** A Deployment makes a new pod first, and takes an old one away when it is ready. */
  private surge(
    present: Workload,
    pods: readonly PodState[],
    imagesAnnotation: string | undefined,
    image: string,
  ): boolean {
    const own = pods.filter((pod) => pod.imagesAnnotation === imagesAnnotation);
    const old = pods.filter((pod) => pod.imagesAnnotation !== imagesAnnotation);
    const gone =
      old.find((pod) => !pod.ready) ??
      (own.filter((pod) => pod.ready).length + old.length > present.replicas ? old[0] : undefined);
    if (gone !== undefined)
      this.podsByWorkload.set(
        key(present),
        pods.filter((pod) => pod !== gone),
      );
    else if (own.some((pod) => !pod.ready)) {
      if (present.status.exceeded !== undefined) return false;
      this.set({
        ...present,
        status: {
          ...present.status,
          exceeded: { at: this.now(), message: `ReplicaSet "${present.name}-1" has timed out progressing.` },
        },
      });
      return true;
    } else if (own.length < present.replicas)
      this.podsByWorkload.set(key(present), [...pods, this.pod(present, this.podCount + 1, image)]);
    else return false;
    this.count(present);
    return true;
  }

  /** Shows what really is. */
  catchUp(): void {
    for (const [id, shown] of this.shown) {
      if (this.liveWorkloads.has(id)) continue;
      this.shown.delete(id);
      for (const listener of this.listeners) listener.deleted(shown);
    }
    for (const [id, live] of this.liveWorkloads) {
      if (this.shown.get(id) === live) continue;
      this.shown.set(id, live);
      for (const listener of this.listeners) listener.changed(live);
    }
  }

  override list(namespace: string): readonly Workload[] {
    return [...this.shown.values()].filter((one) => one.namespace === namespace);
  }

  override staleForMs(): number {
    return this.downMs;
  }

  override synced(): boolean {
    return true;
  }

  override subscribe(listener: WorkloadListener): void {
    for (const one of this.shown.values()) listener.changed(one);
    this.listeners.push(listener);
  }

  override async annotationManager(of: Workload): Promise<AnnotationManager | undefined> {
    this.requests.push(`get ${workloadId(of)}`);
    const live = this.liveWorkloads.get(key(of));
    return live === undefined || live.uid !== of.uid
      ? undefined
      : {
          workload: live,
          manager:
            live.template.annotations[IMAGES_ANNOTATION] === undefined
              ? UNKNOWN_MANAGER
              : (this.managers.get(key(of)) ?? 'kubectl'),
        };
  }

  override async pods(of: Workload): Promise<readonly PodState[]> {
    this.requests.push(`pods ${workloadId(of)}`);
    return this.podsByWorkload.get(key(of)) ?? [];
  }

  override async setImagesAnnotation(of: Workload, text: string | undefined): Promise<Workload> {
    this.requests.push(`set ${workloadId(of)} ${text ?? '-'}`);
    this.fail();
    const live = this.liveWorkloads.get(key(of));
    if (live === undefined || live.uid !== of.uid) throw new WriteError(`${workloadId(of)} is gone`, 'gone');
    if (live.template.annotations[IMAGES_ANNOTATION] !== of.template.annotations[IMAGES_ANNOTATION])
      throw new WriteError(`${workloadId(of)} has another images annotation`, 'conflict');
    this.managers.set(key(live), 'kimup-operator');
    return this.set(withImagesAnnotation(live, text, text !== undefined));
  }

  override async deletePod(of: Workload, pod: PodState): Promise<void> {
    this.requests.push(`delete ${pod.name}`);
    this.fail();
    const live = this.liveWorkloads.get(key(of));
    if (live === undefined) return;
    this.podsByWorkload.set(
      key(of),
      (this.podsByWorkload.get(key(of)) ?? []).filter(({ uid }) => uid !== pod.uid),
    );
    this.count(live);
  }

  private fail(): void {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  private pod(of: Workload, at: number, asked: string): PodState {
    const image = this.webhook();
    const pod = {
      metadata: { annotations: of.template.annotations },
      spec: { containers: [{ name: 'main', image: asked }] },
    };
    const isFor = (repository: string): boolean =>
      image !== undefined && repositoryId(parseImageReference(image.spec.image)) === repository;
    const { patches: puts } = mutatePod(pod, (repository) => (isFor(repository) ? [tracked(image!)] : []));
    const runs = puts[0]?.image ?? asked;
    const ready = !this.broken.has(runs.slice(runs.lastIndexOf(':') + 1));
    return podOf(of, {
      name: `${of.name}-${at}`,
      uid: `pod-${++this.podCount}`,
      image: runs,
      ready,
      ...(ready ? {} : { trouble: `ImagePullBackOff: Back-off pulling image "${runs}"` }),
    });
  }

  /** Counts the pods into the status, as a workload's controller does. */
  private count(of: Workload): void {
    const pods = this.podsByWorkload.get(key(of)) ?? [];
    const ready = pods.filter((pod) => pod.ready).length;
    const updated = pods.filter((pod) => pod.imagesAnnotation === of.template.annotations[IMAGES_ANNOTATION]).length;
    this.set({ ...of, status: { ...of.status, total: pods.length, updated, ready, available: ready } });
  }

  private set(made: Workload): Workload {
    const now = { ...made, resourceVersion: String(++this.version) };
    this.liveWorkloads.set(key(now), now);
    if (!this.lagging) this.catchUp();
    return now;
  }
}

function key(of: { readonly namespace: string; readonly kind: WorkloadKind; readonly name: string }): string {
  return `${of.namespace}/${workloadId(of)}`;
}

function withImagesAnnotation(of: Workload, text: string | undefined, ours: boolean): Workload {
  if (of.template.annotations[IMAGES_ANNOTATION] === text) return of;
  const { [IMAGES_ANNOTATION]: _, ...others } = of.template.annotations;
  return {
    ...of,
    generation: of.generation + 1,
    ownsAnnotation: ours,
    template: { ...of.template, annotations: text === undefined ? others : { ...others, [IMAGES_ANNOTATION]: text } },
  };
}
