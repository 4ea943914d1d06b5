// One node with real containers: containerd, runc, a bridge, kubelet and kube-proxy in namespaces of their own.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ControlPlaneFiles } from '../control-plane/files.ts';
import { ensureSystemCommands, systemPath } from '../parts/debian.ts';
import type { Part } from '../parts/groups.ts';
import type { Progress } from '../parts/parts.ts';
import type { CommandOptions } from '../process/component.ts';
import type { StartPart } from '../process/components.ts';
import type { Sandbox } from '../process/sandbox.ts';
import { createCgroup, removeCgroup } from './cgroups.ts';
import { startContainerd } from './containerd.ts';
import { Forwarder } from './forward.ts';
import { startKubelet, startKubeProxy } from './kubelet.ts';
import { NODE_ADDRESS, NODE_SET_UP } from './node-network.ts';

export interface RealNodePlace {
  /** The cluster's state folder. */
  readonly dir: string;
  /** With a network of its own. */
  readonly sandbox: Sandbox;
  /** The path of a part's program. */
  readonly part: (name: Part) => string;
}

/** Whether this process may make a real node, and if not, why. */
export function realNodeUnavailable(): string | undefined {
  if (process.platform !== 'linux') return 'a real node needs Linux';
  if (process.getuid?.() !== 0) return 'a real node needs root (namespaces, mounts, cgroups)';
  return undefined;
}

/** Has the programs there that Go does not build. */
export async function prepareRealNode(progress: Progress): Promise<void> {
  await ensureSystemCommands(['runc', 'ip', 'iptables', 'unshare', 'nsenter', 'mount'], progress);
}

export class RealNode {
  private readonly place: RealNodePlace;
  private readonly env: CommandOptions['env'];
  private readonly forwarder: Forwarder;
  private readonly cgroup: string;

  private constructor(place: RealNodePlace, env: CommandOptions['env']) {
    this.place = place;
    this.env = env;
    this.cgroup = createCgroup();
    this.forwarder = new Forwarder(place.dir, place.part('nsinit'), place.sandbox);
  }

  /** Makes the node's network and folders in the sandbox. Nothing runs yet. */
  static async create(place: RealNodePlace): Promise<RealNode> {
    mkdirSync(join(place.dir, 'logs'), { recursive: true });
    const env = { PATH: systemPath(dirname(place.part('containerd-shim-runc-v2'))) };
    await place.sandbox.run('sh', ['-ec', NODE_SET_UP], { network: 'node', env });
    return new RealNode(place, env);
  }

  /** HOST:PORT on this host for HOST:PORT in the node's network. */
  forward(address: string): Promise<string> {
    return this.forwarder.forward(address);
  }

  /** HOST:PORT in the node's network for 127.0.0.1:`port` of this host. */
  exposeHostPort(port: number): Promise<string> {
    return this.forwarder.expose(port, NODE_ADDRESS);
  }

  /** Starts containerd and waits until it can run pods. */
  startContainerd(start: StartPart): Promise<void> {
    return startContainerd(this.place, start, this.env);
  }

  /** Starts kubelet and kube-proxy. */
  async startKubelet(files: ControlPlaneFiles, start: StartPart): Promise<void> {
    await Promise.all([startKubelet(files, this.cgroup, start, this.env), startKubeProxy(files, start, this.env)]);
  }

  /** Before the sandbox ends. */
  beforeEnd(): void {
    this.forwarder.close();
  }

  /** After the sandbox has ended. */
  afterEnd(): void {
    removeCgroup(this.cgroup);
  }
}
