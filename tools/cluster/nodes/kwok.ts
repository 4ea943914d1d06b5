// Nodes and pods that are only said to run, by kwok: fast, many, without root. No process runs in them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goArchitecture } from '../parts/go-architecture.ts';
import { defaultFailingImages, stages } from './kwok-stages.ts';

export interface KwokNodes {
  readonly dir: string;
  readonly count: number;
  readonly failingImages: string | undefined;
  readonly stages: readonly string[] | undefined;
  /** HOST:PORT for kwok's own server. */
  readonly address: string;
  readonly kubeconfig: string;
  readonly start: (args: readonly string[]) => Promise<unknown>;
  readonly apply: (objects: readonly object[]) => Promise<unknown>;
}

/** Starts kwok and adds `count` nodes, kwok-0 and on. */
export async function addKwokNodes(nodes: KwokNodes): Promise<void> {
  const config = join(nodes.dir, 'stages.yaml');
  writeFileSync(config, stages(nodes.failingImages ?? defaultFailingImages, nodes.stages));
  await nodes.start([
    `--config=${config}`,
    `--kubeconfig=${nodes.kubeconfig}`,
    '--manage-all-nodes=true',
    // Leases, so that the node lifecycle controller does not give the nodes up after 40 s.
    '--node-lease-duration-seconds=40',
    `--server-address=${nodes.address}`,
  ]);
  const resources = { cpu: '64', memory: '256Gi', pods: '5000' };
  await nodes.apply(
    Array.from({ length: nodes.count }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: `kwok-${index}`,
        labels: {
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': goArchitecture(),
          'kubernetes.io/hostname': `kwok-${index}`,
        },
      },
      status: { allocatable: resources, capacity: resources },
    })),
  );
}
