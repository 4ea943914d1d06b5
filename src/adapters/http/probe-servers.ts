import { fastify, type FastifyInstance } from 'fastify';
import { type ListenAddress, listen } from './listen-address.ts';

/** A plain HTTP endpoint: where it listens, and what it serves by path. */
export interface PlainEndpoint extends ListenAddress {
  readonly routes: Readonly<Record<string, () => Promise<Answer> | Answer>>;
}

export interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly text: string;
}

/** Serves metrics and probes over plain HTTP, each endpoint on a port of its own. */
export class ProbeServers {
  readonly #servers: FastifyInstance[] = [];

  constructor(private readonly endpoints: readonly PlainEndpoint[]) {}

  /** Listens on every endpoint; fails when one can't be had, naming it. */
  async listen(): Promise<void> {
    for (const { host, port, routes } of this.endpoints) {
      const server = fastify({ logger: false, forceCloseConnections: true });
      for (const [path, answer] of Object.entries(routes)) {
        server.get(path, async (_request, reply) => {
          const { status, contentType, text } = await answer();
          return reply.code(status).type(contentType ?? 'text/plain; charset=utf-8').send(text);
        });
      }
      this.#servers.push(server);
      await listen(server, { host, port });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}
