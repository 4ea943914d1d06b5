// A server that answers as a test says: for what a real registry does not do on request (errors, garbage, hanging, cut lists).
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { createAuthority } from '../../tools/cluster/certificates.ts';
import { listen } from '../../tools/cluster/sockets/listen.ts';
import { OpenSockets } from '../../tools/cluster/sockets/open-sockets.ts';

/** One request as it came in. */
export interface ReceivedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly body: string;
}

export interface GivenAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Anything but a string or Buffer is sent as JSON. */
  readonly body?: unknown;
}

/** Answers a request; `undefined` when it wrote to `response` itself. */
export type Answering = (
  request: ReceivedRequest,
  response: ServerResponse,
) => GivenAnswer | undefined | Promise<GivenAnswer | undefined>;

export interface RegistryServer {
  /** HOST:PORT as image references name it. */
  readonly host: string;
  readonly url: string;
  /** Everything that was asked so far, the oldest first. */
  readonly requests: ReceivedRequest[];
  /** How it answers from now on; 404 at first. */
  answer: Answering;
  stop(): Promise<void>;
}

/** Starts one on a free port of 127.0.0.1, over TLS with a certificate that nobody trusts if asked. */
export async function startRegistryServer({ tls = false } = {}): Promise<RegistryServer> {
  const requests: ReceivedRequest[] = [];
  const open = new OpenSockets();
  const listener: RequestListener = (request, response) => {
    response.on('error', () => {});
    void (async () => {
      const received = await readRequest(request);
      requests.push(received);
      const given = await running.answer(received, response);
      if (given !== undefined) send(response, given);
    })().catch(() => response.destroy());
  };
  const server = tls ? createHttpsServer(await untrusted(), listener) : createHttpServer(listener);
  server.on('connection', (socket: Socket) => open.keep(socket));
  const host = `127.0.0.1:${await listen(server)}`;
  const running: RegistryServer = {
    host,
    url: `${tls ? 'https' : 'http'}://${host}`,
    requests,
    answer: () => ({ status: 404 }),
    stop: () => open.close(server),
  };
  return running;
}

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { authorization, accept } = request.headers;
  return { method: request.method ?? '', path: request.url ?? '', authorization, accept, body };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: GivenAnswer): void {
  const content =
    body === undefined
      ? Buffer.alloc(0)
      : typeof body === 'string' || Buffer.isBuffer(body)
        ? Buffer.from(body)
        : Buffer.from(JSON.stringify(body));
  const sent: Record<string, string | string[] | number> = { 'content-length': content.length };
  for (const [name, value] of Object.entries(headers)) sent[name] = typeof value === 'string' ? value : [...value];
  response.writeHead(status, sent).end(content);
}

async function untrusted(): Promise<{ cert: string; key: string }> {
  return (await createAuthority('kimup-test-untrusted')).issue({ commonName: 'registry', names: ['127.0.0.1'] });
}
