import { isRefusedAddress, RefusedAddressError, type Resolver } from './address-guard.ts';
import type { Proxy, ProxyEnvironment } from './proxy-environment.ts';
import { type ConnectionLimits, ProxyError, type Route, Routes } from './routes.ts';

/** A whole answer of a server. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The proxy that passed it on, where it could be the proxy's own. */
  readonly proxy?: Proxy | undefined;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Bytes of a successful answer's body. More is an error. */
  readonly maxBytes: number;
  /** Ends the request and the reading of its answer. */
  readonly signal: AbortSignal;
}

/** A successful answer whose body has more bytes than the request allows. */
export class TooLargeBodyError extends Error {
  override readonly name = 'TooLargeBodyError';

  constructor(readonly maxBytes: number) {
    super(`sent a response of more than ${maxBytes} bytes`);
  }
}

/** A successful answer whose body ended before it was whole. */
export class IncompleteBodyError extends Error {
  override readonly name = 'IncompleteBodyError';

  constructor() {
    super('sent an incomplete response');
  }
}

/** More of an answer that is not a success is not read. */
const MAX_ERROR_BYTES = 65_536;

/**
 * HTTP for every adapter that calls out: bounded connections to a host, times and sizes, no refused address, and the proxies of
 * the environment. It follows no redirect; `redirectTarget` says where one may be followed to.
 */
export class BoundedHttp {
  private readonly routes: Routes;

  /** @param resolver how names become addresses; `dns.lookup` without it */
  constructor(limits: ConnectionLimits, proxies: ProxyEnvironment, resolver?: Resolver) {
    this.routes = new Routes(limits, proxies, resolver);
  }

  /**
   * How `url` is asked.
   * @throws RefusedAddressError where it names an address that is never asked
   * @throws ProxyError where it is to be asked by a proxy whose address is not valid
   */
  routeTo(url: URL, insecureSkipTLSVerify: boolean): Route {
    // A connection to an address as such makes no lookup.
    if (isRefusedAddress(url.hostname)) throw new RefusedAddressError(url.hostname);
    return this.routes.to(url, insecureSkipTLSVerify);
  }

  /**
   * The answer to one request, whatever its status.
   * @throws TooLargeBodyError, IncompleteBodyError, ProxyError, RefusedAddressError, or undici's error where there is no answer
   */
  async exchange(route: Route, request: HttpRequest): Promise<HttpAnswer> {
    const { statusCode, headers, body } = await route.dispatcher.request({
      origin: route.origin,
      path: route.path,
      method: request.method,
      signal: request.signal,
      headers: { ...request.headers, 'user-agent': 'kimup', ...route.headers },
      body: request.body ?? null,
    });
    const whole = await readBody(body, statusCode < 300 ? request.maxBytes : undefined);
    const { proxy, forwarded } = route;
    if (statusCode === 407 && forwarded && proxy !== undefined) throw new ProxyError(proxy, { status: statusCode });
    return { status: statusCode, headers, body: whole, proxy: forwarded ? proxy : undefined };
  }

  /** Ends all connections; requests under way fail. */
  async close(): Promise<void> {
    await this.routes.close();
  }
}

/** Without `maxBytes` the body only explains a status: as much of it as can be had. */
async function readBody(body: AsyncIterable<Buffer>, maxBytes: number | undefined): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > (maxBytes ?? MAX_ERROR_BYTES)) break;
      chunks.push(chunk);
    }
  } catch (error) {
    if (maxBytes === undefined) return Buffer.concat(chunks);
    throw (error as { code?: unknown }).code === 'UND_ERR_BODY_TIMEOUT' ? error : new IncompleteBodyError();
  }
  if (maxBytes !== undefined && size > maxBytes) throw new TooLargeBodyError(maxBytes);
  return Buffer.concat(chunks);
}
