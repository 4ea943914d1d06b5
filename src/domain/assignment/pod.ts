/** A container of a pod, as far as admission cares. */
export interface Container {
  readonly name: string;
  readonly image?: string;
}

/** A pod or pod template, as far as admission cares. What is absent or null in the manifest is absent here. */
export interface Pod {
  readonly metadata?: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
    readonly ephemeralContainers?: readonly Container[];
  };
}

/** The lists of containers in a pod's spec, in the order in which they are looked at. */
export const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

export type ContainerList = (typeof CONTAINER_LISTS)[number];

/** The Deployment of a ReplicaSet, which is named after it: `name-hash`, the hash without a dash. */
export function deploymentOf(replicaSet: string): string {
  return replicaSet.slice(0, replicaSet.lastIndexOf('-'));
}
