import type { Dispatcher } from 'undici';
import type { Metrics } from '../../application/ports/metrics.ts';
import { RegistryError } from '../../application/ports/tag-registry.ts';
import { isRefusedAddress, RefusedAddressError, type Resolver } from '../net/address-guard.ts';
import type { Limits } from './limits.ts';
import type { Proxy, ProxyEnvironment } from './proxy-environment.ts';
import { type Asked, invalidAnswer, noAnswer } from './registry-errors.ts';
import { ProxyError, type Route, Routes } from './routes.ts';
import type { Session } from './session.ts';

/** A whole answer of a server. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** What answered, after redirects. */
  readonly url: URL;
  /** The proxy that passed it on, where it could be the proxy's own. */
  readonly proxy?: Proxy | undefined;
}

export interface Question {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  /** For errors. */
  readonly asked: Asked;
  readonly accept: string;
  /** A form. Never sent on to where a redirect leads. */
  readonly form?: string;
  readonly authorization?: string | undefined;
  /** Bytes of a successful answer's body. More is an error. */
  readonly maxBytes: number;
}

/** More of an answer that is no success is not read. */
const MAX_ERROR_BYTES = 65_536;

/** HTTP to registries and their token servers: bounded connections a host, redirects, sizes and times, and no refused address. */
export class Transport {
  private readonly routes: Routes;

  constructor(
    private readonly metrics: Metrics,
    private readonly limits: Limits,
    proxies: ProxyEnvironment,
    resolver: Resolver | undefined,
  ) {
    this.routes = new Routes(limits, proxies, resolver);
  }

  /**
   * The answer, whatever its status. Redirects are followed; `authorization` goes to the origin of `question.url` only.
   * @throws RegistryError when there is no answer, it is broken or too large, or a redirect is refused
   */
  async ask(session: Session, question: Question): Promise<Answer> {
    let url = question.url;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.askOnce(session, question, url);
      if (![301, 302, 303, 307, 308].includes(answer.status)) return answer;
      if (redirects === this.limits.redirects)
        throw invalidAnswer(session.subject, `redirected more than ${redirects} times`);
      url = redirectTarget(session, question, answer);
    }
  }

  async close(): Promise<void> {
    await this.routes.close();
  }

  private async askOnce(session: Session, question: Question, url: URL): Promise<Answer> {
    const authorization = url.origin === question.url.origin ? question.authorization : undefined;
    const started = performance.now();
    let failed = true;
    let route: Route | undefined;
    try {
      session.throwIfStopped();
      // A connection to an address as such makes no lookup.
      if (isRefusedAddress(url.hostname)) throw new RefusedAddressError(url.hostname);
      route = this.routes.to(url, session.insecureSkipTLSVerify);
      const { proxy } = route;
      for (const secret of proxy?.secrets ?? []) session.secrets.add(secret);
      const { statusCode: status, headers, body } = await send(session, question, route, authorization);
      const whole = await this.read(session, body, status < 300 ? question.maxBytes : undefined);
      if (status === 407 && route.forwarded && proxy !== undefined) throw new ProxyError(proxy, { status });
      // A 401 before signing in is how a registry says how to.
      failed = status >= 400 && !(status === 401 && authorization === undefined);
      return { status, headers, url, body: whole, proxy: route.forwarded ? proxy : undefined };
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      session.throwIfStopped();
      throw noAnswer(session.subject, session.shown(url.host), error, route?.proxy);
    } finally {
      this.metrics.registryRequest(session.subject.host, (performance.now() - started) / 1_000, failed);
    }
  }

  /** Without `maxBytes` the body only explains a status: as much of it as can be had. */
  private async read(session: Session, body: AsyncIterable<Buffer>, maxBytes: number | undefined): Promise<Buffer> {
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
      session.throwIfStopped();
      if ((error as { code?: unknown }).code === 'UND_ERR_BODY_TIMEOUT') throw error;
      throw invalidAnswer(session.subject, 'sent an incomplete response');
    }
    if (maxBytes !== undefined && size > maxBytes)
      throw invalidAnswer(session.subject, `sent a response of more than ${maxBytes} bytes`);
    return Buffer.concat(chunks);
  }
}

function send(
  session: Session,
  question: Question,
  route: Route,
  authorization: string | undefined,
): Promise<Dispatcher.ResponseData> {
  return route.dispatcher.request({
    origin: route.origin,
    path: route.path,
    method: question.method,
    signal: session.signal,
    headers: {
      accept: question.accept,
      'user-agent': 'kimup',
      ...route.headers,
      ...(authorization === undefined ? {} : { authorization }),
      ...(question.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: question.form ?? null,
  });
}

function redirectTarget(session: Session, question: Question, answer: Answer): URL {
  const { location } = answer.headers;
  const target = typeof location === 'string' && location.length <= 8_192 ? URL.parse(location, answer.url.href) : null;
  if (target === null) throw invalidAnswer(session.subject, 'sent a redirect without a valid Location header');
  // The host alone: the rest may hold a signature.
  const refuse = (why: string) =>
    invalidAnswer(
      session.subject,
      `redirected to ${session.shown(`${target.protocol}//${target.host}`)}, which kimup does not follow (${why})`,
    );
  if (question.form !== undefined) throw refuse('credentials are not sent on');
  if (target.username !== '' || target.password !== '') throw refuse('it contains credentials');
  if (target.protocol === 'https:') return target;
  if (target.protocol !== 'http:') throw refuse('neither HTTPS nor HTTP');
  if (answer.url.protocol === 'https:') throw refuse('from HTTPS to HTTP');
  if (target.origin !== session.origin) throw refuse('another host over plain HTTP');
  return target;
}
