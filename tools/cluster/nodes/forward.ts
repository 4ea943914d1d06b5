// Connections between the host's network and the node's: nsinit in there, this process out here, a Unix socket between.
import { existsSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { HANG_MS } from '../hang.ts';
import type { Component } from '../process/component.ts';
import type { Sandbox } from '../process/sandbox.ts';
import { until } from '../process/until.ts';
import { OpenSockets } from '../sockets/open-sockets.ts';
import { passOn } from '../sockets/pass-on.ts';

export class Forwarder {
  private readonly dir: string;
  private readonly nsinit: string;
  private readonly sandbox: Sandbox;
  private readonly servers: Server[] = [];
  private readonly open = new OpenSockets<Socket>();
  private count = 0;

  /**
   * @param dir the cluster's state folder, for the Unix sockets
   * @param nsinit path of the program that forwards in there
   */
  constructor(dir: string, nsinit: string, sandbox: Sandbox) {
    this.dir = dir;
    this.nsinit = nsinit;
    this.sandbox = sandbox;
  }

  /** Returns HOST:PORT of 127.0.0.1 at which this host reaches HOST:PORT of the node's network. */
  async forward(address: string): Promise<string> {
    const path = join(this.dir, `to-node-${++this.count}.sock`);
    const component = await this.inside(`forward ${address}`, `unix:${path}`, `tcp:${address}`);
    await until(
      () => (existsSync(path) || component.ended !== undefined ? true : undefined),
      HANG_MS,
      `the socket ${path}`,
    );
    const server = await this.outside({ port: 0, host: '127.0.0.1' }, { path });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Makes 127.0.0.1:`port` of this host reachable in the node's network as `address`:`port`; returns that. */
  async expose(port: number, address: string): Promise<string> {
    const path = join(this.dir, `to-host-${++this.count}.sock`);
    await this.outside({ path }, { port, host: '127.0.0.1' });
    const component = await this.inside(`expose ${port}`, `tcp:${address}:${port}`, `unix:${path}`);
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
  }

  close(): void {
    for (const server of this.servers) server.close();
    this.open.destroy();
    for (let index = 1; index <= this.count; index++)
      for (const way of ['node', 'host']) rmSync(join(this.dir, `to-${way}-${index}.sock`), { force: true });
  }

  private async inside(name: string, from: string, to: string): Promise<Component> {
    const log = join(this.dir, 'logs', 'forward.log');
    const component = this.sandbox.component(name, this.nsinit, ['forward', from, to], log, { network: 'node' });
    await component.start();
    return component;
  }

  /** Listens, and passes every connection on to `to`. */
  private async outside(
    listen: { port: number; host: string } | { path: string },
    to: NetConnectOpts,
  ): Promise<Server> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const target = connect({ ...to, allowHalfOpen: true });
      for (const socket of [client, target]) this.open.keep(socket);
      passOn(client, target);
    });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listen, resolve));
    server.unref();
    this.servers.push(server);
    return server;
  }
}
