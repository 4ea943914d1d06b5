// An HTTP proxy of a test: lets through with CONNECT, asks for others over plain HTTP, and looks names up itself.
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface HttpProxy {
  /** `http://127.0.0.1:PORT`, https where it has a certificate. */
  readonly url: string;
  /** What it was asked: `CONNECT host:port`, `GET http://host/path`. */
  readonly requests: string[];
  /** The `Proxy-Authorization` of each. */
  readonly authorizations: (string | undefined)[];
  /** What it answers instead of doing its part, if anything. */
  refuses: number | undefined;
  /** From now on it takes requests, and says nothing. */
  hang(): void;
  stop(): Promise<void>;
}

export interface HttpProxyOptions {
  /** Where a host and port are, on 127.0.0.1; their own port without it. */
  readonly ports?: ReadonlyMap<string, number>;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function startHttpProxy({ ports = new Map(), tls }: HttpProxyOptions = {}): Promise<HttpProxy> {
  const sockets = new Set<Duplex>();
  let hangs = false;
  const keep = (socket: Duplex): void => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const portOf = (target: string): number => ports.get(target) ?? Number(target.split(':').at(-1));
  const note = (what: string, { headers }: IncomingMessage): void => {
    proxy.requests.push(what);
    proxy.authorizations.push(headers['proxy-authorization']);
  };

  const forward = (asked: IncomingMessage, response: ServerResponse): void => {
    note(`${asked.method} ${asked.url}`, asked);
    if (hangs) return;
    if (proxy.refuses !== undefined) return void response.writeHead(proxy.refuses).end();
    const { host, pathname, search } = new URL(asked.url ?? '');
    const { 'proxy-authorization': _, ...headers } = asked.headers;
    const passed = request(
      {
        host: '127.0.0.1',
        port: portOf(host),
        path: `${pathname}${search}`,
        method: asked.method,
        headers,
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    passed.on('socket', keep).on('error', () => response.writeHead(503).end());
    asked.pipe(passed);
  };
  const letThrough = (asked: IncomingMessage, client: Duplex): void => {
    note(`CONNECT ${asked.url}`, asked);
    if (hangs) return;
    if (proxy.refuses !== undefined) return void client.end(`HTTP/1.1 ${proxy.refuses} No\r\n\r\n`);
    const server = connect(portOf(asked.url ?? ''), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(server).pipe(client);
    });
    keep(server);
    server.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  };

  const server = tls === undefined ? createHttpServer(forward) : createHttpsServer(tls, forward);
  server.on('connect', letThrough).on('connection', (socket: Socket) => keep(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: HttpProxy = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    authorizations: [],
    refuses: undefined,
    hang: () => void (hangs = true),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return proxy;
}
