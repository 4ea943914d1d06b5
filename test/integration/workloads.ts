import type { WorkloadKind } from '../../src/domain/image/image-status.ts';

export interface ManifestOptions {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly replicas?: number;
  /** Of the pod template. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** More of the workload's spec. */
  readonly spec?: object;
  /** The only node for its pods. */
  readonly node?: string;
}

/** A workload as a user would write it. */
export function manifest(
  kind: WorkloadKind,
  { name, namespace, image, replicas = 1, annotations = {}, spec = {}, node }: ManifestOptions,
): object {
  const labels = { app: `${kind.toLowerCase()}-${name}` };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      ...(kind === 'DaemonSet' ? {} : { replicas }),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
        spec: {
          terminationGracePeriodSeconds: 0,
          ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
          containers: [{ name: 'main', image }],
        },
      },
      ...spec,
    },
  };
}
