// startCluster: a Kubernetes cluster of this run alone, with a registry beside it.
import type { AuditEvent, AuditFilter } from './control-plane/audit-log.ts';
import { prepareRealNode, realNodeUnavailable } from './nodes/real-node.ts';
import { KWOK_PARTS, type PartPaths, REAL_PARTS } from './parts/cluster-parts.ts';
import { ensureParts, type Progress } from './parts/parts.ts';
import type { CommandOptions, Component } from './process/component.ts';
import type { RunOptions } from './process/run.ts';
import type { TestRegistry } from './registry/registry.ts';
import { StartingCluster } from './starting-cluster.ts';
import { createStateFolder } from './state-folder.ts';

/** real: one node with real containers (root on Linux). kwok: nodes and pods that are only said to run. */
export type NodeKind = 'real' | 'kwok';

export interface ClusterOptions {
  /** auto (default): real where this process may, else kwok. */
  readonly nodes?: NodeKind | 'auto';
  /** Part of the state folder's name, for people. */
  readonly name?: string;
  /** Called with a line for each step. */
  readonly progress?: Progress;
  /** Keeps the state folder with the logs when the cluster stops. */
  readonly keep?: boolean;
  /** kwok: how many nodes; 3 if not given. */
  readonly kwokNodes?: number;
  /** kwok: RE2, searched in images; pods of such an image never get ready. `broken` if not given. */
  readonly failingImages?: string;
  /** kwok: further Stage objects, YAML. */
  readonly stages?: readonly string[];
  /** Ends this process when its parent is gone (default true), so that a killed npm leaves nothing running. */
  readonly watchParent?: boolean;
}

export interface Cluster {
  readonly nodes: NodeKind;
  /** The state folder; logs are DIR/logs/*.log. */
  readonly dir: string;
  /** Path of the admin's kubeconfig, good on this host. */
  readonly kubeconfig: string;
  /** The API server as reached from this host, and its authority (PEM). */
  readonly apiServer: { readonly url: string; readonly ca: string };
  readonly registry: TestRegistry;
  /** Paths of the programs that the cluster is made of, and of whoami. */
  readonly parts: PartPaths;
  /** Runs kubectl as the admin and returns its stdout. @throws Error with its stderr. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>;
  /** `kubectl apply -f -` of YAML or of objects. */
  apply(manifests: string | readonly object[]): Promise<string>;
  /** Path of a kubeconfig, good on this host, with a token (24 h) of a ServiceAccount that exists. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /** Starts a process that ends with the cluster; its output is in DIR/logs/NAME.log. In the host's network if not said otherwise. */
  spawn(name: string, command: string, args: readonly string[], options?: CommandOptions): Promise<Component>;
  /** Finished requests to the API server. All that were answered before this call are there. */
  auditLog(filter?: AuditFilter): Promise<AuditEvent[]>;
  /** A part of the cluster by name, e.g. `kube-apiserver`: to stop, start, freeze. */
  component(name: string): Component;
  /** HOST:PORT at which the API server (and on the real node any pod) reaches a server of this process on 127.0.0.1:`port`. */
  reachableAs(port: number): Promise<string>;
  /** Waits until the API server is ready, after a restart of it. */
  apiServerReady(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Builds whatever the clusters need that this process may start, as far as it is not there, and adds the packages of a real
 * node: minutes the first time, which no deadline of a test has to know of.
 */
export async function prepareClusters(progress: Progress): Promise<void> {
  const isReal = realNodeUnavailable() === undefined;
  if (isReal) await prepareRealNode(progress);
  await ensureParts(isReal ? [...new Set([...KWOK_PARTS, ...REAL_PARTS])] : KWOK_PARTS, progress);
}

/**
 * Starts a cluster: builds its parts if need be, then takes under 10 s.
 * @throws Error that says which part did not start, with the end of its log.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const progress = options.progress ?? (() => {});
  const nodes = nodeKind(options.nodes);
  if (nodes === 'real') await prepareRealNode(progress);
  const parts: PartPaths = await ensureParts(nodes === 'real' ? REAL_PARTS : KWOK_PARTS, progress);
  for (let attempt = 1; ; attempt++) {
    const dir = createStateFolder(options.name ?? nodes);
    const starting = new StartingCluster({ dir, nodes, parts, options, progress });
    try {
      return await starting.start();
    } catch (error) {
      const portTaken = starting.portWasTaken();
      await starting.stop(!portTaken);
      if (!portTaken || attempt === 3) throw error;
      progress('another process took one of the ports; starting again with other ports');
    }
  }
}

/** @throws Error where a real node is asked for and can't be */
function nodeKind(wanted: ClusterOptions['nodes']): NodeKind {
  const unavailable = realNodeUnavailable();
  if (wanted === 'real' && unavailable !== undefined)
    throw new Error(`${unavailable}; use --nodes kwok for a control plane with simulated nodes`);
  if (wanted === 'real' || wanted === 'kwok') return wanted;
  return unavailable === undefined ? 'real' : 'kwok';
}
