import { IMAGES_ANNOTATION } from '../../../src/domain/assignment/images-annotation.ts';
import type { PodState, Workload } from '../../../src/domain/rollout/workload.ts';

/** What a test says of a workload; the rest is that of a Deployment with one replica that runs. */
export interface GivenWorkload extends Partial<Omit<Workload, 'template' | 'status'>> {
  readonly image?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: Partial<Workload['status']>;
}

/** A workload as the API server has it, with numbers that say it is rolled out. */
export function workload(given: GivenWorkload = {}): Workload {
  const { image = 'registry.test/whoami:v1.9.0', annotations = {}, status, ...rest } = given;
  const replicas = rest.replicas ?? 1;
  const generation = rest.generation ?? 1;
  const name = rest.name ?? 'web';
  const kind = rest.kind ?? 'Deployment';
  return {
    kind,
    namespace: 'default',
    name,
    uid: `uid-${kind}-${name}`,
    resourceVersion: '1',
    generation,
    createdAt: Date.UTC(2025, 0, 1),
    deleting: false,
    selector: `app=${name}`,
    paused: false,
    strategy: 'RollingUpdate',
    partition: 0,
    replicas,
    ownsAnnotation: false,
    revision: image,
    ...(kind === 'Deployment' ? { progressDeadlineMs: 600_000 } : {}),
    ...rest,
    template: { annotations, containers: [{ name: 'main', image }] },
    status: {
      observedGeneration: generation,
      total: replicas,
      updated: replicas,
      ready: replicas,
      available: replicas,
      ...status,
    },
  };
}

/** A pod of a workload that runs `image`, made from its present template. */
export function podOf(of: Workload, given: Partial<PodState> & { readonly image?: string } = {}): PodState {
  const { image = of.template.containers[0]?.image ?? '', ...rest } = given;
  const imagesAnnotation = of.template.annotations[IMAGES_ANNOTATION];
  return {
    name: `${of.name}-0`,
    uid: `pod-${of.name}-0`,
    deleting: false,
    finished: false,
    ready: true,
    owner:
      of.kind === 'Deployment'
        ? { kind: 'ReplicaSet', name: `${of.name}-5d4f8`, uid: 'rs' }
        : { kind: of.kind, name: of.name, uid: of.uid },
    ...(imagesAnnotation === undefined ? {} : { imagesAnnotation }),
    containers: [{ name: 'main', image }],
    ...rest,
  };
}
