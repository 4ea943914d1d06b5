import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HANG_MS } from '../../../tools/cluster/hang.ts';

/** A request that waits for its answer. */
export interface ScriptedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly response: ServerResponse;
  /** Answers with a JSON body. */
  json(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Answers 200 and the lines of a watch, and leaves it open. */
  lines(...events: unknown[]): void;
  /** Ends a watch as a server does that has nothing more to say. */
  end(): void;
  /** Breaks the connection. */
  cut(): void;
}

/** An HTTP server on loopback whose every answer the test gives by hand: for what a real API server does too rarely to wait for. */
export class ScriptedApiServer {
  private readonly server: Server;
  private readonly waiting: ScriptedRequest[] = [];
  private readonly takers: ((request: ScriptedRequest) => void)[] = [];
  /** Every request so far, as `GET /api/v1/pods?limit=500`. */
  readonly log: string[] = [];

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(port = 0): Promise<ScriptedApiServer> {
    const server = createServer();
    const scripted = new ScriptedApiServer(server);
    server.on('request', (request, response) => void scripted.take(request, response));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return scripted;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The next request, in the order in which they came. @throws Error when none comes in time */
  next(withinMs = HANG_MS): Promise<ScriptedRequest> {
    const request = this.waiting.shift();
    if (request !== undefined) return Promise.resolve(request);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.takers.splice(this.takers.indexOf(take), 1);
        reject(new Error(`no request within ${withinMs} ms; so far: ${this.log.join(', ')}`));
      }, withinMs);
      const take = (request: ScriptedRequest): void => {
        clearTimeout(timer);
        resolve(request);
      };
      this.takers.push(take);
    });
  }

  /** Requests that came and were not taken. */
  get untaken(): number {
    return this.waiting.length;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private async take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of message) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const url = new URL(message.url ?? '/', 'http://server');
    this.log.push(`${message.method} ${message.url}`);
    const request: ScriptedRequest = {
      method: message.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body: Buffer.concat(chunks).toString('utf8'),
      response,
      json(status, body, headers = {}) {
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      },
      lines(...events) {
        if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
        for (const event of events) response.write(`${JSON.stringify(event)}\n`);
      },
      end() {
        response.end();
      },
      cut() {
        response.socket?.destroy();
      },
    };
    const taker = this.takers.shift();
    if (taker === undefined) this.waiting.push(request);
    else taker(request);
  }
}

/** A metav1.Status as the API server answers it. */
export function status(code: number, reason: string, message: string, retryAfterSeconds?: number): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message,
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
  };
}
