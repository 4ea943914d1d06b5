import type { Metrics } from '../../application/ports/metrics.ts';
import { RegistryError } from '../../application/ports/tag-registry.ts';
import type { Resolver } from '../net/address-guard.ts';
import { BoundedHttp, type HttpAnswer, IncompleteBodyError, TooLargeBodyError } from '../net/bounded-http.ts';
import type { ProxyEnvironment } from '../net/proxy-environment.ts';
import { isRedirect, redirectTarget, RefusedRedirectError } from '../net/redirect.ts';
import type { Route } from '../net/routes.ts';
import type { Limits } from './limits.ts';
import { type Asked, invalidAnswer, noAnswer } from './registry-errors.ts';
import type { Session } from './session.ts';

/** A whole answer of a server. */
export interface Answer extends HttpAnswer {
  /** What answered, after redirects. */
  readonly url: URL;
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

/** Bounded HTTP to registries and their token servers: redirects, who gets credentials, errors and metrics. */
export class Transport {
  private readonly http: BoundedHttp;

  constructor(
    private readonly metrics: Metrics,
    private readonly limits: Limits,
    proxies: ProxyEnvironment,
    resolver: Resolver | undefined,
  ) {
    this.http = new BoundedHttp(limits, proxies, resolver);
  }

  /**
   * The answer, whatever its status. Redirects are followed; `authorization` goes to the origin of `question.url` only.
   * @throws RegistryError when there is no answer, it is broken or too large, or a redirect is refused
   */
  async ask(session: Session, question: Question): Promise<Answer> {
    let url = question.url;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.askOnce(session, question, url);
      if (!isRedirect(answer.status)) return answer;
      if (redirects === this.limits.redirects)
        throw invalidAnswer(session.subject, `redirected more than ${redirects} times`);
      url = targetOf(session, question, answer);
    }
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private async askOnce(session: Session, question: Question, url: URL): Promise<Answer> {
    const authorization = url.origin === question.url.origin ? question.authorization : undefined;
    const started = performance.now();
    let failed = true;
    let route: Route | undefined;
    try {
      session.throwIfStopped();
      route = this.http.routeTo(url, session.insecureSkipTLSVerify);
      for (const secret of route.proxy?.secrets ?? []) session.secrets.add(secret);
      const answer = await this.http.exchange(route, {
        method: question.method,
        headers: headersOf(question, authorization),
        body: question.form,
        maxBytes: question.maxBytes,
        signal: session.signal,
      });
      // A 401 before signing in is how a registry says how to.
      failed = answer.status >= 400 && !(answer.status === 401 && authorization === undefined);
      return { ...answer, url };
    } catch (error) {
      throw failure(session, url, error, route);
    } finally {
      this.metrics.registryRequest(session.subject.host, (performance.now() - started) / 1_000, failed);
    }
  }
}

function headersOf({ accept, form }: Question, authorization: string | undefined): Readonly<Record<string, string>> {
  return {
    accept,
    ...(authorization === undefined ? {} : { authorization }),
    ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
  };
}

/** What a request that failed is to whoever asks for tags. */
function failure(session: Session, url: URL, error: unknown, route: Route | undefined): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof TooLargeBodyError) return invalidAnswer(session.subject, error.message);
  session.throwIfStopped();
  if (error instanceof IncompleteBodyError) return invalidAnswer(session.subject, error.message);
  return noAnswer(session.subject, session.shown(url.host), error, route?.proxy);
}

function targetOf(session: Session, question: Question, answer: Answer): URL {
  try {
    return redirectTarget(answer.url, answer.headers['location'], session.origin, question.form !== undefined);
  } catch (error) {
    if (!(error instanceof RefusedRedirectError)) throw error;
    const { target, reason } = error;
    if (target === undefined) throw invalidAnswer(session.subject, 'sent a redirect without a valid Location header');
    // The host alone: the rest may hold a signature.
    throw invalidAnswer(
      session.subject,
      `redirected to ${session.shown(`${target.protocol}//${target.host}`)}, which kimup does not follow (${reason})`,
    );
  }
}
