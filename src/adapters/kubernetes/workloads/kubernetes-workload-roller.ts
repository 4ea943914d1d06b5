import { Injectable } from '@nestjs/common';
import { WriteError } from '../../../application/ports/image-store.ts';
import type { LeaderElection } from '../../../application/ports/leadership.ts';
import { Log } from '../../../application/ports/log.ts';
import {
  type AnnotationManager,
  UNKNOWN_MANAGER,
  type WorkloadListener,
  WorkloadRoller,
} from '../../../application/ports/workload-roller.ts';
import type { WorkloadKind } from '../../../domain/image/image-status.ts';
import { IMAGES_ANNOTATION } from '../../../domain/assignment/images-annotation.ts';
import type { PodState, Workload } from '../../../domain/rollout/workload.ts';
import { Informer } from '../client/informer.ts';
import { KubeClient } from '../client/kube-client.ts';
import { hasStatus } from '../client/kube-error.ts';
import { DAEMONSETS, DEPLOYMENTS, type KubeObject, PODS, type Resource, STATEFULSETS } from '../client/resource.ts';
import {
  OPERATOR_MANAGER,
  annotationManagerOf,
  podStateOf,
  type RawPod,
  type RawWorkload,
  workloadOf,
} from './workload-mapping.ts';
import { writeErrorOf } from '../client/write-error.ts';

const RESOURCES: Readonly<Record<WorkloadKind, Resource>> = {
  Deployment: DEPLOYMENTS,
  StatefulSet: STATEFULSETS,
  DaemonSet: DAEMONSETS,
};
const KINDS = Object.keys(RESOURCES) as WorkloadKind[];

/** Each status change of a workload changes its resource version; the images annotation is set on the version that it was decided on, or one with the same annotation. */
const ATTEMPTS = 10;

/** All that is kept of a workload. */
interface Kept extends KubeObject {
  readonly workload: Workload;
}

/** The workloads of the cluster, from three informers; the images annotation of the pod template by server-side apply. */
@Injectable()
export class KubernetesWorkloadRoller extends WorkloadRoller {
  private readonly informers: ReadonlyMap<WorkloadKind, Informer<Kept>>;

  /** @param leadership who does not lead writes nothing */
  constructor(
    private readonly client: KubeClient,
    log: Log,
    private readonly leadership: Pick<LeaderElection, 'isLeader'>,
  ) {
    super();
    this.informers = new Map(
      KINDS.map((kind) => [
        kind,
        new Informer<Kept>(client, RESOURCES[kind], { trim: (object) => keep(object, kind), log }),
      ]),
    );
  }

  start(): void {
    for (const informer of this.informers.values()) informer.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.informers.values()].map((informer) => informer.stop()));
  }

  /** Resolves once every workload was seen; rejects when `signal` aborts before. */
  async whenSynced(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.informers.values()].map((informer) => informer.whenSynced(signal)));
  }

  override list(namespace: string): readonly Workload[] {
    return [...this.informers.values()].flatMap((informer) => informer.list(namespace).map(({ workload }) => workload));
  }

  /** Of the kind that is worst off. */
  override staleForMs(): number {
    return Math.max(...[...this.informers.values()].map((informer) => informer.staleForMs()));
  }

  override synced(): boolean {
    return [...this.informers.values()].every((informer) => informer.synced());
  }

  override subscribe(listener: WorkloadListener): void {
    for (const informer of this.informers.values()) {
      informer.subscribe({
        changed: ({ workload }) => listener.changed(workload),
        deleted: ({ workload }) => listener.deleted(workload),
      });
    }
  }

  override async annotationManager(workload: Workload): Promise<AnnotationManager | undefined> {
    const raw = await this.read(workload);
    if (raw === undefined) return undefined;
    return {
      workload: workloadOf(raw, workload.kind),
      manager: annotationManagerOf(raw.metadata?.managedFields) ?? UNKNOWN_MANAGER,
    };
  }

  override async pods({ namespace, selector, kind, name }: Workload): Promise<readonly PodState[]> {
    // An empty selector would mean every pod.
    if (selector === '') throw new WriteError(`${kind} ${namespace}/${name} has no selector`, 'refused');
    try {
      return (
        await this.client.listAll<KubeObject>(PODS, { namespace, labelSelector: selector }, undefined, keepPod)
      ).items.map((kept) => (kept as KeptPod).state);
    } catch (error) {
      throw writeErrorOf(error);
    }
  }

  override async setImagesAnnotation(workload: Workload, text: string | undefined): Promise<Workload> {
    let present = workload;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.set(present, text);
      } catch (error) {
        if (!hasStatus(error, 409)) throw writeErrorOf(error);
        const raw = await this.read(workload);
        if (raw === undefined)
          throw new WriteError(`${workload.kind} ${workload.namespace}/${workload.name} is gone`, 'gone', {
            cause: error,
          });
        present = workloadOf(raw, workload.kind);
        const unchanged =
          present.template.annotations[IMAGES_ANNOTATION] === workload.template.annotations[IMAGES_ANNOTATION];
        if (!unchanged || attempt === ATTEMPTS)
          throw new WriteError((error as Error).message, 'conflict', { cause: error });
      }
    }
  }

  override async deletePod({ namespace }: Workload, { name, uid, resourceVersion }: PodState): Promise<void> {
    try {
      this.mustLead(`Pod ${namespace}/${name} is not deleted`);
      await this.client.delete(
        PODS,
        { namespace, name },
        { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        this.isStillLeader,
      );
    } catch (error) {
      // Gone, another by the same name, or not as it was seen: the next look decides anew.
      if (!hasStatus(error, 404) && !hasStatus(error, 409)) throw writeErrorOf(error);
    }
  }

  /** One apply; `uid` keeps it from making a workload that is gone, `resourceVersion` from overwriting what it did not see. */
  private async set(
    { kind, namespace, name, uid, resourceVersion }: Workload,
    text: string | undefined,
  ): Promise<Workload> {
    const resource = RESOURCES[kind];
    const metadata = { name, namespace, uid, resourceVersion };
    this.mustLead(`${kind} ${namespace}/${name} is not written`);
    const spec = { template: { metadata: { annotations: { [IMAGES_ANNOTATION]: text } } } };
    let raw = await this.client.apply<RawWorkload>(
      resource,
      { namespace, name },
      text === undefined ? { metadata } : { metadata, spec },
      OPERATOR_MANAGER,
      this.isStillLeader,
    );
    if (text === undefined && raw.spec?.template?.metadata?.annotations?.[IMAGES_ANNOTATION] !== undefined) {
      this.mustLead(`${kind} ${namespace}/${name} is not written`);
      // Somebody else set it too: an apply takes away only what is kimup's alone.
      raw = await this.client.mergePatch<RawWorkload>(
        resource,
        { namespace, name },
        {
          metadata: { uid, resourceVersion: raw.metadata?.resourceVersion },
          spec: { template: { metadata: { annotations: { [IMAGES_ANNOTATION]: null } } } },
        },
        OPERATOR_MANAGER,
        this.isStillLeader,
      );
    }
    this.observe(raw, kind);
    return workloadOf(raw, kind);
  }

  private readonly isStillLeader = (): boolean => this.leadership.isLeader();

  private mustLead(what: string): void {
    if (!this.leadership.isLeader()) throw new WriteError(`${what}: this replica is not the leader`, 'retry');
  }

  /** Lists show what was answered, though the watch has not come that far. */
  private observe(raw: RawWorkload, kind: WorkloadKind): void {
    this.informers.get(kind)?.observe(raw as unknown as Kept);
  }

  private async read({ kind, namespace, name, uid }: Workload): Promise<RawWorkload | undefined> {
    try {
      const raw = await this.client.get<RawWorkload>(RESOURCES[kind], { namespace, name });
      this.observe(raw, kind);
      return raw.metadata?.uid === uid ? raw : undefined;
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw writeErrorOf(error);
    }
  }
}

interface KeptPod extends KubeObject {
  readonly state: PodState;
}

function keepPod(pod: KubeObject): KubeObject {
  return { state: podStateOf(pod as RawPod) } as KeptPod;
}

function keep(object: KubeObject, kind: WorkloadKind): Kept {
  const workload = workloadOf(object as RawWorkload, kind);
  const { name, namespace, uid, resourceVersion } = workload;
  return { metadata: { name, namespace, uid, resourceVersion }, workload };
}
