// A TCP proxy of a test: a network that can stop passing anything on, or a Service in front of several servers.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listen } from '../../tools/cluster/sockets/listen.ts';
import { OpenSockets } from '../../tools/cluster/sockets/open-sockets.ts';
import { passOn } from '../../tools/cluster/sockets/pass-on.ts';

/** Passes each new connection on to the port of 127.0.0.1 that `target` names then; refuses it where there is none. */
export async function startProxy(target: () => number | undefined): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.start();
  return proxy;
}

export class TcpProxy {
  private readonly target: () => number | undefined;
  private readonly server: Server;
  private readonly open = new OpenSockets<Socket>();
  /** Connections that came in while the network was stalled. */
  private readonly waiting: Socket[] = [];
  private stalled = false;
  private listensOn = 0;

  constructor(target: () => number | undefined) {
    this.target = target;
    this.server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      this.open.keep(client);
      if (this.stalled) this.waiting.push(client);
      else this.forward(client);
    });
  }

  async start(): Promise<void> {
    this.listensOn = await listen(this.server);
    this.server.unref();
  }

  get port(): number {
    return this.listensOn;
  }

  /** From now on nothing is passed on, and nobody is told: what was sent meanwhile arrives after `resume`. */
  stall(): void {
    this.stalled = true;
    for (const socket of this.open) hold(socket);
  }

  resume(): void {
    this.stalled = false;
    for (const socket of this.open) {
      socket.uncork();
      socket.resume();
    }
    for (const client of this.waiting.splice(0)) this.forward(client);
  }

  /** Breaks every connection that is open. */
  cut(): void {
    this.open.destroy();
  }

  stop(): Promise<void> {
    return this.open.close(this.server);
  }

  private forward(client: Socket): void {
    const port = this.target();
    if (client.destroyed || port === undefined) return void client.destroy();
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.open.keep(server);
    passOn(client, server);
    if (this.stalled) for (const socket of [client, server]) hold(socket);
  }
}

/** Corked too: what was read before the network stalled is not written after. */
function hold(socket: Socket): void {
  socket.pause();
  socket.cork();
}
