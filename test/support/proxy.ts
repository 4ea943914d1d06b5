// A TCP proxy of a test: a network that can stop passing anything on, or a Service in front of several servers.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** From now on nothing is passed on, and nobody is told: what was sent meanwhile arrives after `resume`. */
  stall(): void;
  resume(): void;
  /** Breaks every connection that is open. */
  cut(): void;
  stop(): Promise<void>;
}

/** Passes each new connection on to the port of 127.0.0.1 that `target` names then; refuses it where there is none. */
export async function startProxy(target: () => number | undefined): Promise<TcpProxy> {
  const open = new Set<Socket>();
  const held: (() => void)[] = [];
  let stalled = false;

  const forward = (client: Socket): void => {
    const port = target();
    if (client.destroyed || port === undefined) return void client.destroy();
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    keep(server);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => to.destroy()).on('close', () => to.destroySoon());
      from.pipe(to);
    }
    if (stalled) for (const socket of [client, server]) hold(socket);
  };
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
  };
  // Corked too: what was read before the network stalled is not written after.
  const hold = (socket: Socket): void => {
    socket.pause();
    socket.cork();
  };

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    keep(client);
    if (stalled) held.push(() => forward(client));
    else forward(client);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    stall() {
      stalled = true;
      for (const socket of open) hold(socket);
    },
    resume() {
      stalled = false;
      for (const socket of open) {
        socket.uncork();
        socket.resume();
      }
      for (const go of held.splice(0)) go();
    },
    cut() {
      for (const socket of open) socket.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
