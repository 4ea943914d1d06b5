import type { LookupFunction, Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { guardedLookup, type Resolver } from './address-guard.ts';
import type { Proxy, ProxyEnvironment } from './proxy-environment.ts';

/** What a server may take of connections and time. Times in milliseconds. */
export interface ConnectionLimits {
  /** Open connections to one host. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
  /** Until an answer's headers are there, and then between two pieces of its body. */
  readonly requestTimeoutMs: number;
}

/** How what a URL names is asked for. */
export interface Route {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent where the server is asked directly. */
  readonly proxy?: Proxy;
  /** Whether the proxy is sent the whole URL and asks for us (RFC 9112 section 3.2.2), instead of letting us through. */
  readonly forwarded: boolean;
}

/** The proxy did not do its part: nothing is known of the server behind it. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';

  /** @param reason what went wrong: the status of its answer to `CONNECT`, or the error of the connection to it; nothing where there is none to ask */
  constructor(
    readonly proxy: Proxy,
    readonly reason?: { readonly status: number } | { readonly error: unknown },
  ) {
    super('the proxy did not do its part');
  }
}

/** As many open connections to one proxy as to this many servers. */
const SERVERS_A_PROXY = 4;

/** Connections to servers: direct ones, which lead to no refused address, and those by way of a proxy, which looks up names itself. */
export class Routes {
  private readonly direct: Tunnels;
  private readonly byProxy = new Map<string, { readonly toProxy: Agent; readonly tunnels: Tunnels }>();

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly proxies: ProxyEnvironment,
    private readonly resolver: Resolver | undefined,
  ) {
    const lookup = guardedLookup(resolver);
    this.direct = both((rejectUnauthorized) =>
      this.agent(limits.connections, { lookup, rejectUnauthorized, timeout: limits.connectTimeoutMs }),
    );
  }

  /** @throws ProxyError where there is to be a proxy and its address is not valid */
  to(url: URL, insecureSkipTLSVerify: boolean): Route {
    const proxy = this.proxies.for(url);
    const which = insecureSkipTLSVerify ? 'insecure' : 'strict';
    const path = `${url.pathname}${url.search}`;
    const straight = { origin: url.origin, path, headers: {}, forwarded: false };
    if (proxy === undefined) return { dispatcher: this.direct[which], ...straight };
    if (proxy.origin === undefined) throw new ProxyError(proxy);
    const { toProxy, tunnels } = this.through(proxy, proxy.origin);
    if (url.protocol !== 'http:') return { dispatcher: tunnels[which], proxy, ...straight };
    return {
      dispatcher: toProxy,
      proxy,
      origin: proxy.origin,
      path: `${url.origin}${path}`,
      headers: headersFor(proxy, url.host),
      forwarded: true,
    };
  }

  async close(): Promise<void> {
    const agents = [this.direct, ...[...this.byProxy.values()].map(({ tunnels }) => tunnels)].flatMap(
      ({ strict, insecure }) => [strict, insecure],
    );
    await Promise.all(
      [...agents, ...[...this.byProxy.values()].map(({ toProxy }) => toProxy)].map((agent) => agent.destroy()),
    );
  }

  private through(proxy: Proxy, origin: string): { readonly toProxy: Agent; readonly tunnels: Tunnels } {
    const known = this.byProxy.get(proxy.variable);
    if (known !== undefined) return known;
    const { connections, connectTimeoutMs: timeout } = this.limits;
    // Whoever runs kimup names the proxy: it may be anywhere, and has to show a certificate that is trusted.
    const lookup = this.resolver === undefined ? {} : { lookup: this.resolver as LookupFunction };
    const toProxy = this.agent(
      SERVERS_A_PROXY * connections,
      blaming(proxy, buildConnector({ ...lookup, timeout, allowH2: false })),
    );
    const tunnels = both((rejectUnauthorized) =>
      this.agent(
        connections,
        tunnel(proxy, origin, toProxy, buildConnector({ rejectUnauthorized, timeout, allowH2: false })),
      ),
    );
    const made = { toProxy, tunnels };
    this.byProxy.set(proxy.variable, made);
    return made;
  }

  private agent(
    connections: number,
    connect:
      | buildConnector.connector
      | { readonly lookup: LookupFunction; readonly rejectUnauthorized: boolean; readonly timeout: number },
  ): Agent {
    return new Agent({
      connections,
      pipelining: 1,
      allowH2: false,
      headersTimeout: this.limits.requestTimeoutMs,
      bodyTimeout: this.limits.requestTimeoutMs,
      connect,
    });
  }
}

/** For certificates that are trusted, and for any. */
interface Tunnels {
  readonly strict: Agent;
  readonly insecure: Agent;
}

function both(make: (rejectUnauthorized: boolean) => Agent): Tunnels {
  return { strict: make(true), insecure: make(false) };
}

function headersFor(proxy: Proxy, host: string): Readonly<Record<string, string>> {
  return { host, ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }) };
}

/** `connector`, whose errors are the proxy's. */
function blaming(proxy: Proxy, connector: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connector(options, (...[error, socket]) => {
      if (error === null) callback(null, socket);
      else callback(new ProxyError(proxy, { error }), null);
    });
}

/** Connections to servers behind a proxy: it lets us through, then `secure` speaks TLS with the server. */
function tunnel(
  proxy: Proxy,
  origin: string,
  toProxy: Agent,
  secure: buildConnector.connector,
): buildConnector.connector {
  const connect: (...args: Parameters<buildConnector.connector>) => Promise<void> = async (options, callback) => {
    try {
      const { port, hostname, host = hostname } = options;
      const httpSocket = await letThrough(proxy, origin, toProxy, port === '' ? `${host}:443` : host);
      secure({ ...options, httpSocket }, callback);
    } catch (error) {
      callback(error as Error, null);
    }
  };
  return (options, callback) => void connect(options, callback);
}

/**
 * `CONNECT` (RFC 9110 section 9.3.6).
 * @param target host and port
 */
async function letThrough(proxy: Proxy, origin: string, toProxy: Agent, target: string): Promise<Socket> {
  let answer: Dispatcher.ConnectData;
  try {
    answer = await toProxy.connect({ origin, path: target, headers: headersFor(proxy, target) });
  } catch (error) {
    throw error instanceof ProxyError ? error : new ProxyError(proxy, { error });
  }
  const { statusCode: status, socket } = answer;
  if (status >= 200 && status < 300) return socket as Socket;
  socket.on('error', () => {}).destroy();
  throw new ProxyError(proxy, { status });
}
