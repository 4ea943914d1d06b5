// An HTTP proxy of a test: lets through with CONNECT, asks for others over plain HTTP, and looks names up itself.
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen } from '../../tools/cluster/sockets/listen.ts';
import { OpenSockets } from '../../tools/cluster/sockets/open-sockets.ts';

export interface HttpProxyOptions {
  /** Where a host and port are, on 127.0.0.1; their own port without it. */
  readonly ports?: ReadonlyMap<string, number>;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function startHttpProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const proxy = new HttpProxy(options);
  await proxy.start();
  return proxy;
}

export class HttpProxy {
  /** What it was asked: `CONNECT host:port`, `GET http://host/path`. */
  readonly requests: string[] = [];
  /** The `Proxy-Authorization` of each. */
  readonly authorizations: (string | undefined)[] = [];
  /** What it answers instead of doing its part, if anything. */
  refuses: number | undefined;
  private readonly ports: ReadonlyMap<string, number>;
  private readonly scheme: 'http' | 'https';
  private readonly server: Server;
  private readonly open = new OpenSockets();
  private hangs = false;
  private port = 0;

  constructor({ ports = new Map(), tls }: HttpProxyOptions) {
    this.ports = ports;
    this.scheme = tls === undefined ? 'http' : 'https';
    const forward = (asked: IncomingMessage, response: ServerResponse): void => this.forward(asked, response);
    this.server = tls === undefined ? createHttpServer(forward) : createHttpsServer(tls, forward);
    this.server
      .on('connect', (asked: IncomingMessage, client: Duplex) => this.letThrough(asked, client))
      .on('connection', (socket: Socket) => this.open.keep(socket));
  }

  async start(): Promise<void> {
    this.port = await listen(this.server);
  }

  /** `http://127.0.0.1:PORT`, https where it has a certificate. */
  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  /** From now on it takes requests, and says nothing. */
  hang(): void {
    this.hangs = true;
  }

  stop(): Promise<void> {
    return this.open.close(this.server);
  }

  /** Asks for the client, over plain HTTP. */
  private forward(asked: IncomingMessage, response: ServerResponse): void {
    this.note(`${asked.method} ${asked.url}`, asked);
    if (this.hangs) return;
    if (this.refuses !== undefined) return void response.writeHead(this.refuses).end();
    const { host, pathname, search } = new URL(asked.url ?? '');
    const { 'proxy-authorization': _, ...headers } = asked.headers;
    const { method } = asked;
    const target = { host: '127.0.0.1', port: this.portOf(host), path: `${pathname}${search}` };
    const passed = request({ ...target, method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('socket', (socket) => this.open.keep(socket)).on('error', () => response.writeHead(503).end());
    asked.pipe(passed);
  }

  /** Opens a tunnel for the client (RFC 9110, CONNECT). */
  private letThrough(asked: IncomingMessage, client: Duplex): void {
    this.note(`CONNECT ${asked.url}`, asked);
    if (this.hangs) return;
    if (this.refuses !== undefined) return void client.end(`HTTP/1.1 ${this.refuses} No\r\n\r\n`);
    const server = connect(this.portOf(asked.url ?? ''), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(server).pipe(client);
    });
    this.open.keep(server);
    server.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  }

  private portOf(target: string): number {
    return this.ports.get(target) ?? Number(target.split(':').at(-1));
  }

  private note(what: string, { headers }: IncomingMessage): void {
    this.requests.push(what);
    this.authorizations.push(headers['proxy-authorization']);
  }
}
