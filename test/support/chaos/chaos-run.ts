// One run of the chaos tests: the world, made before the first of them, and how much is done to it.
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { type ComponentName, COMPONENTS } from '../path/components.ts';
import type { Replica } from '../path/replica.ts';
import { World } from './world.ts';

export interface ChaosSize {
  /** At how many random moments each of operator, controller and API server is killed. */
  readonly kills: number;
  /** For how long the API server is away, or frozen; milliseconds. */
  readonly awayMs: number;
  /** Images that are refreshed every 2 s meanwhile. */
  readonly images: number;
}

export class ChaosRun {
  readonly size: ChaosSize;
  /** How long the path takes when nothing happens, milliseconds. */
  pathMs = 5_000;
  private made: World | undefined;

  constructor(size: ChaosSize) {
    this.size = size;
  }

  /** For tests alone: there is none before they run. */
  get world(): World {
    if (this.made === undefined) throw new Error('the world is made before the first test');
    return this.made;
  }

  async start(): Promise<void> {
    this.made = await World.start();
  }

  async stop(): Promise<void> {
    if (this.made === undefined) return;
    console.log(this.made.took());
    await this.made.stop();
  }

  /** After each test: one that failed leaves nothing frozen to the next one. */
  async restore(failed: boolean): Promise<void> {
    if (this.made === undefined) return;
    const { cluster, replicas } = this.made;
    if (failed) console.log(this.made.logs());
    for (const { process, network } of COMPONENTS.flatMap((component) => replicas.of(component))) {
      process.kill('SIGCONT');
      network.resume();
    }
    const apiServer = cluster.component('kube-apiserver');
    apiServer.kill('SIGCONT');
    await apiServer.start();
    await cluster.apiServerReady(HANG_MS);
    await replicas.allReady(HANG_MS);
  }

  /** The replica of each component that leads now, or the next that does. */
  leaders(): Promise<Replica[]> {
    return Promise.all(COMPONENTS.map((component) => this.world.replicas.leader(component, HANG_MS)));
  }

  /** The other one of two replicas. */
  other(component: ComponentName, one: Replica): Replica {
    return this.world.replicas.of(component).find((replica) => replica !== one)!;
  }

  /** Every replica of both components. */
  allReplicas(): Replica[] {
    return COMPONENTS.flatMap((component) => this.world.replicas.of(component));
  }
}
