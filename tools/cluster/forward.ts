// Connections between the host's network and the node's: nsinit in there, this process out here, a Unix socket between.
import { existsSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { HANG_MS } from './hang.ts';
import { type Component, type Sandbox, until } from './process.ts';

export interface Forwarder {
  /** HOST:PORT of 127.0.0.1 at which this host reaches HOST:PORT of the node's network. */
  forward(address: string): Promise<string>;
  /** Makes 127.0.0.1:`port` of this host reachable in the node's network as `address`:`port`; returns that. */
  expose(port: number, address: string): Promise<string>;
  close(): void;
}

export function createForwarder(dir: string, nsinit: string, sandbox: Sandbox): Forwarder {
  const servers: Server[] = [];
  const open = new Set<Socket>();
  let count = 0;
  const inside = async (name: string, from: string, to: string): Promise<Component> => {
    const component = sandbox.component(name, nsinit, ['forward', from, to], join(dir, 'logs', 'forward.log'), {
      network: 'node',
    });
    await component.start();
    return component;
  };
  /** Listens, and passes every connection on to `to`. */
  const outside = async (
    listen: { port: number; host: string } | { path: string },
    to: NetConnectOpts,
  ): Promise<Server> => {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const target = connect({ ...to, allowHalfOpen: true });
      for (const [socket, other] of [
        [client, target],
        [target, client],
      ] as const) {
        open.add(socket);
        socket.setNoDelay(true);
        socket
          .on('error', () => other.destroy())
          .on('close', () => {
            open.delete(socket);
            other.destroySoon();
          });
        socket.pipe(other);
      }
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listen, resolve));
    server.unref();
    servers.push(server);
    return server;
  };
  return {
    async forward(address) {
      const path = join(dir, `to-node-${++count}.sock`);
      const component = await inside(`forward ${address}`, `unix:${path}`, `tcp:${address}`);
      await until(
        () => (existsSync(path) || component.ended !== undefined ? true : undefined),
        HANG_MS,
        `the socket ${path}`,
      );
      const server = await outside({ port: 0, host: '127.0.0.1' }, { path });
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    async expose(port, address) {
      const path = join(dir, `to-host-${++count}.sock`);
      await outside({ path }, { port, host: '127.0.0.1' });
      const component = await inside(`expose ${port}`, `tcp:${address}:${port}`, `unix:${path}`);
      await until(
        () =>
          component.ended !== undefined || component.logTail(100).includes(`forwarding tcp:${address}:${port} `)
            ? true
            : undefined,
        HANG_MS,
        `port ${port} of the node`,
      );
      if (component.ended !== undefined)
        throw new Error(`port ${port} can't be opened on the node: ${component.logTail(1)}`);
      return `${address}:${port}`;
    },
    close() {
      for (const server of servers) server.close();
      for (const socket of open) socket.destroy();
      for (let index = 1; index <= count; index++)
        for (const way of ['node', 'host']) rmSync(join(dir, `to-${way}-${index}.sock`), { force: true });
    },
  };
}
