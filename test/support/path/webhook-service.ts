import { startProxy, type TcpProxy } from '../proxy.ts';
import type { Replica } from './replica.ts';

const PROBE_EVERY_MS = 200;

/** A Service's stand-in: passes the API server's reviews to the replicas of the operator that are ready, one after the other. */
export class WebhookService {
  private readonly endpoints: { readonly replica: Replica; readonly port: number; ready: boolean }[] = [];
  private proxy: TcpProxy | undefined;
  private probing: Promise<void> | undefined;
  private turn = 0;
  private stopped = false;

  /** Starts it, without replicas, and returns its port. */
  async start(): Promise<number> {
    this.proxy = await startProxy(() => {
      const ready = this.endpoints.filter((endpoint) => endpoint.ready);
      return ready[this.turn++ % ready.length]?.port;
    });
    this.probing = this.probe();
    return this.proxy.port;
  }

  /** @param port at which the replica serves its webhook */
  add(replica: Replica, port: number): void {
    this.endpoints.push({ replica, port, ready: false });
  }

  /** Whether all replicas were ready when they were asked last. */
  get allReady(): boolean {
    return this.endpoints.every(({ ready }) => ready);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.probing;
    await this.proxy?.stop();
  }

  /** What the kubelet's readiness probes and the endpoints of a Service do. */
  private async probe(): Promise<void> {
    while (!this.stopped) {
      await Promise.all(this.endpoints.map(async (endpoint) => (endpoint.ready = await endpoint.replica.ready())));
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
  }
}
