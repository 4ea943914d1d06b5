// Everything of one cluster, from its first process on: started part by part, and stopped wherever that has got to.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, ClusterOptions, NodeKind } from './cluster.ts';
import { ControlPlane } from './control-plane/control-plane.ts';
import { hostEndpoints, NODE_ENDPOINTS } from './control-plane/endpoints.ts';
import { Kubectl } from './kubectl.ts';
import { addKwokNodes } from './nodes/kwok.ts';
import { NODE_REGISTRY } from './nodes/node-network.ts';
import { RealNode } from './nodes/real-node.ts';
import { isUsable, type NodeList } from './nodes/usable.ts';
import type { PartPaths } from './parts/cluster-parts.ts';
import type { Part } from './parts/groups.ts';
import type { Progress } from './parts/parts.ts';
import { Components } from './process/components.ts';
import { createSandbox, type Sandbox } from './process/sandbox.ts';
import { runRegistry, type TestRegistry } from './registry/registry.ts';
import { RunningCluster } from './running-cluster.ts';
import { freePorts } from './sockets/free-ports.ts';

export interface ClusterPlan {
  /** The state folder. */
  readonly dir: string;
  readonly nodes: NodeKind;
  readonly parts: PartPaths;
  readonly options: ClusterOptions;
  readonly progress: Progress;
}

/** What is there once the sandbox is. */
interface Ground {
  readonly sandbox: Sandbox;
  readonly components: Components;
  /** Undefined with kwok nodes. */
  readonly realNode: RealNode | undefined;
  /** Free ports of this host, for what listens there with kwok nodes. */
  readonly ports: { readonly registry: number; readonly kwok: number };
  readonly controlPlane: ControlPlane;
  readonly kubectl: Kubectl;
}

export class StartingCluster {
  private readonly plan: ClusterPlan;
  private sandbox: Sandbox | undefined;
  private components: Components | undefined;
  private realNode: RealNode | undefined;
  private controlPlane: ControlPlane | undefined;
  private registry: TestRegistry | undefined;
  private parentWatch: NodeJS.Timeout | undefined;
  private stopped: Promise<void> | undefined;

  constructor(plan: ClusterPlan) {
    this.plan = plan;
  }

  /** @throws Error that says which part did not start, with the end of its log; `stop` is to be called then */
  async start(): Promise<Cluster> {
    const { dir, nodes, parts, options, progress } = this.plan;
    const started = Date.now();
    progress(`starting ${nodes === 'real' ? 'a real node' : 'a control plane with kwok nodes'} in ${dir}`);
    this.watchParent();
    const ground = await this.prepare();
    const { components, controlPlane, realNode } = ground;
    await controlPlane.startApiServer();
    // Both take their time meanwhile. What may fail before them is looked at first.
    const registry = this.startRegistry(ground);
    const containerd = realNode?.startContainerd(components.startPart);
    for (const meanwhile of [registry, containerd]) meanwhile?.catch(() => {});
    await controlPlane.apiServerReady();
    await controlPlane.startControllers();
    await containerd;
    await this.startNodes(ground);
    this.registry = await registry;
    await this.nodesUsable(ground);
    progress(`the cluster is ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
    const stop = () => this.stop(options.keep ?? false);
    return new RunningCluster({ dir, nodes, parts, ...ground, registry: this.registry, stop });
  }

  /** Stops everything; the folder goes, unless it is to be kept. Calling it twice is fine. */
  stop(keep: boolean): Promise<void> {
    return (this.stopped ??= this.end(keep));
  }

  /** Whether it did not start since somebody else had taken a port that was free before. */
  portWasTaken(): boolean {
    return this.plan.nodes === 'kwok' && (this.components?.portWasTaken() ?? false);
  }

  private async end(keep: boolean): Promise<void> {
    clearInterval(this.parentWatch);
    this.realNode?.beforeEnd();
    await this.sandbox?.end();
    this.controlPlane?.client.close();
    await this.registry?.stop();
    this.realNode?.afterEnd();
    if (!keep) rmSync(this.plan.dir, { recursive: true, force: true });
  }

  /** Makes the sandbox, a real node's network, and what the control plane reads. No part runs yet. */
  private async prepare(): Promise<Ground> {
    const { dir, nodes } = this.plan;
    const part = (name: Part) => this.part(name);
    const real = nodes === 'real';
    const sandbox = (this.sandbox = await createSandbox({ nsinit: part('nsinit'), node: real }));
    const components = (this.components = new Components(sandbox, join(dir, 'logs'), part));
    const realNode = (this.realNode = real ? await RealNode.create({ dir, sandbox, part }) : undefined);
    const [registry = 0, kwok = 0, ...ports] = await freePorts(7);
    const endpoints = realNode ? NODE_ENDPOINTS : hostEndpoints(ports);
    const address = `${endpoints.address}:${endpoints.apiServer}`;
    const apiServer = realNode ? await realNode.forward(address) : address;
    const controlPlane = (this.controlPlane = await ControlPlane.prepare({ dir, endpoints, apiServer, components }));
    const kubectl = new Kubectl(part('kubectl'), controlPlane.kubeconfig, sandbox.binding);
    return { sandbox, components, realNode, ports: { registry, kwok }, controlPlane, kubectl };
  }

  private async startRegistry({ sandbox, realNode, ports }: Ground): Promise<TestRegistry> {
    const { dir } = this.plan;
    const address = realNode ? NODE_REGISTRY : `127.0.0.1:${ports.registry}`;
    return runRegistry({
      sandbox,
      binary: this.part('registry'),
      dir: join(dir, 'registry'),
      logFile: join(dir, 'logs', 'registry.log'),
      listen: address,
      host: address,
      reachedAt: realNode ? await realNode.forward(address) : address,
      network: 'node',
    });
  }

  private async startNodes({ controlPlane, components, realNode, ports, kubectl }: Ground): Promise<void> {
    const { files } = controlPlane;
    if (realNode) return realNode.startKubelet(files, components.startPart);
    const { dir, options } = this.plan;
    await addKwokNodes({
      dir,
      count: options.kwokNodes ?? 3,
      failingImages: options.failingImages,
      stages: options.stages,
      address: `127.0.0.1:${ports.kwok}`,
      kubeconfig: await files.kubeconfig('kwok.kubeconfig', { commonName: 'kwok', organization: 'system:masters' }),
      start: (args) => components.startPart('kwok', args),
      apply: kubectl.apply,
    });
  }

  private async nodesUsable({ components, controlPlane: { client }, realNode }: Ground): Promise<void> {
    await components.waitFor(realNode ? 'kubelet' : 'kwok', components.names, async () => {
      const nodes = await client.json<NodeList>('/api/v1/nodes');
      const serviceAccount = await client.status('/api/v1/namespaces/default/serviceaccounts/default');
      return serviceAccount === 200 && nodes.items.length > 0 && nodes.items.every(isUsable);
    });
  }

  private part(name: Part): string {
    const path = this.plan.parts[name];
    if (path === undefined) throw new Error(`the part ${name} is not one of this cluster's`);
    return path;
  }

  private watchParent(): void {
    if (this.plan.options.watchParent === false) return;
    const parent = process.ppid;
    this.parentWatch = setInterval(() => {
      if (process.ppid === parent) return;
      console.error('the parent process has exited: stopping the cluster');
      void this.stop(false).finally(() => process.exit(1));
    }, 1000);
    this.parentWatch.unref();
  }
}
