import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { fastify, type FastifyInstance } from 'fastify';
import { type ListenAddress, listen } from './listen-address.ts';

/** A plain HTTP endpoint: where it listens, and what it serves by path. */
export interface PlainEndpoint extends ListenAddress {
  /** The flag that says where, for errors: `--metrics-port`. */
  readonly flag: string;
  readonly routes: Readonly<Record<string, () => Promise<Answer> | Answer>>;
}

export interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly text: string;
}

/**
 * Serves metrics and probes over plain HTTP: a server an address, so that several endpoints may have one in common. From the
 * beginning of the application to its end.
 */
export class ProbeServers implements OnModuleInit, OnApplicationShutdown {
  private readonly servers: FastifyInstance[] = [];

  constructor(private readonly endpoints: readonly PlainEndpoint[]) {}

  onModuleInit(): Promise<void> {
    return this.listen();
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /**
   * Listens on every endpoint.
   * @throws Error that names the flag, when an address can't be had or two endpoints of one address want the same path
   */
  async listen(): Promise<void> {
    for (const endpoints of this.byAddress()) {
      const server = fastify({ logger: false, forceCloseConnections: true });
      this.servers.push(server);
      for (const { flag, routes } of endpoints) {
        for (const [path, answer] of Object.entries(routes)) {
          if (server.hasRoute({ method: 'GET', url: path }))
            throw new Error(`${flag}: ${path} is already served at this address; use another port or path`);
          server.get(path, async (_request, reply) => {
            const { status, contentType, text } = await answer();
            return reply
              .code(status)
              .type(contentType ?? 'text/plain; charset=utf-8')
              .send(text);
          });
        }
      }
      await listen(server, endpoints[0], endpoints.map(({ flag }) => flag).join(' and '));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }

  private byAddress(): Iterable<[PlainEndpoint, ...PlainEndpoint[]]> {
    const found = new Map<string, [PlainEndpoint, ...PlainEndpoint[]]>();
    for (const endpoint of this.endpoints) {
      // Port 0 is any free one: another for each.
      const address = endpoint.port === 0 ? endpoint.flag : `${endpoint.host} ${endpoint.port}`;
      const there = found.get(address);
      if (there === undefined) found.set(address, [endpoint]);
      else there.push(endpoint);
    }
    return found.values();
  }
}
