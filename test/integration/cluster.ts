// The cluster that the files of test/integration share: kwok nodes, a registry beside it, our CRDs applied.
// A file that stops or freezes a part of a cluster starts one of its own (tools/cluster/cluster.ts).
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { Cluster } from '../../tools/cluster/cluster.ts';
import type { ClusterFacts, Question } from './global-setup.ts';

export type SharedCluster = ClusterFacts &
  Pick<Cluster, 'kubectl' | 'apply' | 'serviceAccountKubeconfig' | 'auditLog'> & {
    /** Makes a namespace that no other test has, and returns its name. */
    freshNamespace(options?: NamespaceOptions): Promise<string>;
  };

export interface NamespaceOptions {
  /** What its name starts with. */
  readonly prefix?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

let shared: Promise<SharedCluster> | undefined;

/** The shared cluster, started by the first file of the run that asks. Takes seconds once its parts are built. */
export function sharedCluster(): Promise<SharedCluster> {
  return (shared ??= connect());
}

/** {@link SharedCluster.freshNamespace} of the shared cluster. */
export async function freshNamespace(options?: NamespaceOptions): Promise<string> {
  return (await sharedCluster()).freshNamespace(options);
}

async function connect(): Promise<SharedCluster> {
  const facts = await ask<ClusterFacts>({ method: 'facts', args: [] });
  const apply: Cluster['apply'] = (manifests) => ask({ method: 'apply', args: [manifests] });
  const kubectl: Cluster['kubectl'] = (...args) => ask({ method: 'kubectl', args });
  return {
    ...facts,
    kubectl,
    apply,
    serviceAccountKubeconfig: (...args) => ask({ method: 'serviceAccountKubeconfig', args }),
    auditLog: (...args) => ask({ method: 'auditLog', args }),
    freshNamespace: async ({ prefix = 'test', annotations = {}, labels = {} } = {}) => {
      const name = `${prefix}-${randomBytes(4).toString('hex')}`;
      await apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations, labels } }]);
      return name;
    },
  };
}

async function ask<T>(question: Question): Promise<T> {
  const { url, token } = inject('sharedCluster');
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(question),
  });
  const { result, error } = (await response.json()) as { result?: T; error?: string };
  if (error !== undefined) throw new Error(error);
  return result as T;
}
