// The demo's web server, whoami, on the cluster that it is shown on: pushed, and looked at in its pods.
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import { whoamiImage, whoamiPort } from '../../../tools/cluster/images/whoami.ts';

export interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: ReadonlyArray<{ readonly image: string }> };
}

/** The tag of a pod's first container. */
export function tagOf(pod: Pod): string {
  const image = pod.spec.containers[0]?.image ?? '';
  return image.slice(image.lastIndexOf(':') + 1);
}

export class DemoCluster {
  readonly cluster: Cluster;
  /** Without a tag. */
  readonly image: string;
  /** Whether its pods run processes. */
  readonly real: boolean;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.image = `${cluster.registry.host}/whoami`;
    this.real = cluster.nodes === 'real';
  }

  /** Pushes whoami under a tag, which is the version that it will answer with; returns its digest. */
  push(tag: string): Promise<string> {
    return this.cluster.registry.push('whoami', tag, whoamiImage(this.cluster.parts.whoami!, tag));
  }

  /** A field of an object, by its JSONPath. */
  field(object: string, path: string, namespace = 'default'): Promise<string> {
    return this.cluster.kubectl(['get', object, '-n', namespace, '-o', `jsonpath=${path}`]);
  }

  /** An object of the namespace default. */
  async get<T>(kind: string, name: string): Promise<T> {
    return JSON.parse(await this.cluster.kubectl(['get', kind, name, '-o', 'json'])) as T;
  }

  /** Those that are not being deleted. */
  async pods(selector: string, namespace = 'default'): Promise<Pod[]> {
    const found = await this.cluster.kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json']);
    return (JSON.parse(found) as { items: Pod[] }).items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  }

  /** What the web server in a pod says its version is; on nodes that run no process, the tag that the pod was given. */
  async versionOf(pod: Pod): Promise<string> {
    if (!this.real) return tagOf(pod);
    const { namespace, name } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}:${whoamiPort}/proxy/`;
    return (await this.cluster.kubectl(['get', '--raw', path])).trim();
  }

  /** Waits until a workload is rolled out. */
  async rolledOut(workload: string, namespace = 'default'): Promise<void> {
    await this.cluster.kubectl(['rollout', 'status', workload, '-n', namespace, '--timeout=60s'], {
      timeoutMs: 70_000,
    });
  }
}
