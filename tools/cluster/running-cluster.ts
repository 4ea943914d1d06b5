// What the users of a cluster have of it.
import { join } from 'node:path';
import type { Cluster, NodeKind } from './cluster.ts';
import type { AuditEvent, AuditFilter } from './control-plane/audit-log.ts';
import type { ControlPlane } from './control-plane/control-plane.ts';
import { writeKubeconfig } from './control-plane/kubeconfig.ts';
import type { Kubectl } from './kubectl.ts';
import type { RealNode } from './nodes/real-node.ts';
import type { PartPaths } from './parts/cluster-parts.ts';
import type { CommandOptions, Component } from './process/component.ts';
import type { Components } from './process/components.ts';
import type { TestRegistry } from './registry/registry.ts';

/** All that has been started for a cluster. */
export interface StartedParts {
  readonly nodes: NodeKind;
  readonly dir: string;
  readonly parts: PartPaths;
  readonly components: Components;
  readonly controlPlane: ControlPlane;
  readonly kubectl: Kubectl;
  readonly registry: TestRegistry;
  /** Undefined with kwok nodes. */
  readonly realNode: RealNode | undefined;
  stop(): Promise<void>;
}

export class RunningCluster implements Cluster {
  readonly nodes: NodeKind;
  readonly dir: string;
  readonly kubeconfig: string;
  readonly apiServer: Cluster['apiServer'];
  readonly registry: TestRegistry;
  readonly parts: PartPaths;
  readonly kubectl: Cluster['kubectl'];
  readonly apply: Cluster['apply'];
  private readonly started: StartedParts;

  constructor(started: StartedParts) {
    const { url, files, kubeconfig } = started.controlPlane;
    this.nodes = started.nodes;
    this.dir = started.dir;
    this.kubeconfig = kubeconfig;
    this.apiServer = { url, ca: files.authority.cert };
    this.registry = started.registry;
    this.parts = started.parts;
    this.kubectl = started.kubectl.run;
    this.apply = started.kubectl.apply;
    this.started = started;
  }

  async serviceAccountKubeconfig(namespace: string, name: string): Promise<string> {
    const token = await this.kubectl(['create', 'token', name, `--namespace=${namespace}`, '--duration=24h']);
    const path = join(this.dir, `${namespace}-${name}.kubeconfig`);
    return writeKubeconfig(path, this.apiServer.url, this.apiServer.ca, { token: token.trim() });
  }

  spawn(name: string, command: string, args: readonly string[], options?: CommandOptions): Promise<Component> {
    return this.started.components.start(name, command, args, options);
  }

  auditLog(filter?: AuditFilter): Promise<AuditEvent[]> {
    return this.started.controlPlane.auditLog(filter);
  }

  component(name: string): Component {
    const { components } = this.started;
    const component = name === 'registry' ? this.registry.component : components.get(name);
    if (!component) throw new Error(`the cluster has no component ${name}, only ${components.names.join(', ')}`);
    return component;
  }

  async reachableAs(port: number): Promise<string> {
    const { realNode } = this.started;
    return realNode ? realNode.exposeHostPort(port) : `127.0.0.1:${port}`;
  }

  apiServerReady(timeoutMs?: number): Promise<void> {
    return this.started.controlPlane.apiServerReady(timeoutMs);
  }

  stop(): Promise<void> {
    return this.started.stop();
  }
}
