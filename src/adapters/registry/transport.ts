import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import type { Metrics } from '../../application/ports/metrics.ts';
import { RegistryError } from '../../application/ports/tag-registry.ts';
import { guardedLookup, isRefusedAddress, RefusedAddressError, type Resolver } from './address-guard.ts';
import { invalidAnswer, noAnswer } from './registry-errors.ts';
import type { Limits } from './limits.ts';
import type { Session } from './session.ts';

/** A whole answer of a server. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** What answered, after redirects. */
  readonly url: URL;
}

export interface Question {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
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
  private readonly strict: Agent;
  private readonly insecure: Agent;

  constructor(private readonly metrics: Metrics, private readonly limits: Limits, resolver: Resolver | undefined) {
    const lookup = guardedLookup(resolver);
    this.strict = agent(limits, lookup, true);
    this.insecure = agent(limits, lookup, false);
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
      if (redirects === this.limits.redirects) throw invalidAnswer(session.subject, `redirected more than ${redirects} times`);
      url = redirectTarget(session, question, answer);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.strict.destroy(), this.insecure.destroy()]);
  }

  private async askOnce(session: Session, question: Question, url: URL): Promise<Answer> {
    const authorization = url.origin === question.url.origin ? question.authorization : undefined;
    const started = performance.now();
    let failed = true;
    try {
      session.throwIfStopped();
      // A connection to an address as such makes no lookup.
      if (isRefusedAddress(url.hostname)) throw new RefusedAddressError(url.hostname);
      const { statusCode: status, headers, body } = await request(url, {
        method: question.method,
        dispatcher: session.insecureSkipTLSVerify ? this.insecure : this.strict,
        signal: session.signal,
        headers: {
          accept: question.accept,
          'user-agent': 'kimup',
          ...(authorization === undefined ? {} : { authorization }),
          ...(question.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        body: question.form ?? null,
      });
      const answer = { status, headers, url, body: await this.read(session, body, status < 300 ? question.maxBytes : undefined) };
      // A 401 before signing in is how a registry says how to.
      failed = status >= 400 && !(status === 401 && authorization === undefined);
      return answer;
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      session.throwIfStopped();
      throw noAnswer(session.subject, session.shown(url.host), error);
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
      throw invalidAnswer(session.subject, 'gave an answer that was cut short');
    }
    if (maxBytes !== undefined && size > maxBytes) throw invalidAnswer(session.subject, `gave an answer of more than ${maxBytes} bytes`);
    return Buffer.concat(chunks);
  }
}

function redirectTarget(session: Session, question: Question, answer: Answer): URL {
  const { location } = answer.headers;
  const target = typeof location === 'string' && location.length <= 8_192 ? URL.parse(location, answer.url.href) : null;
  if (target === null) throw invalidAnswer(session.subject, 'redirected to nowhere');
  // The host alone: the rest may hold a signature.
  const refuse = (why: string) => invalidAnswer(session.subject, `redirected to ${session.shown(`${target.protocol}//${target.host}`)}, which is refused (${why})`);
  if (question.form !== undefined) throw refuse('credentials are not sent on');
  if (target.username !== '' || target.password !== '') throw refuse('it holds credentials');
  if (target.protocol === 'https:') return target;
  if (target.protocol !== 'http:') throw refuse('neither HTTPS nor HTTP');
  if (answer.url.protocol === 'https:') throw refuse('from HTTPS to HTTP');
  if (target.origin !== session.origin) throw refuse('another host over plain HTTP');
  return target;
}

function agent(limits: Limits, lookup: LookupFunction, rejectUnauthorized: boolean): Agent {
  return new Agent({
    connections: limits.connections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: limits.requestTimeoutMs,
    bodyTimeout: limits.requestTimeoutMs,
    connect: { lookup, rejectUnauthorized, timeout: limits.connectTimeoutMs },
  });
}
