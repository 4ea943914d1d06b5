import { setTimeout as sleep } from 'node:timers/promises';
import { request, type Dispatcher } from 'undici';
import { abortAfter, unlessAborted } from './abort.ts';
import type { KubeConnection } from './kube-connection.ts';
import { hasStatus, isDistrust, KubeError, kubeErrorOf, neverSent, noAnswer } from './kube-error.ts';
import { type Backoff, backoffMs } from '../../../support/backoff.ts';

/** Asked right before a request is sent, each time it is: whether it is still wanted. Where not, it fails as `Aborted`. */
export type IsStillLeader = () => boolean;

/** One request to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly contentType?: string;
  readonly body?: object;
  /** As in `get Image default/demos`, for messages. */
  readonly what: string;
  readonly isStillLeader?: IsStillLeader | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A request takes at most this long, its answer included. */
const TIMEOUT_MS = 15_000;
const ATTEMPTS = 3;
const BACKOFF: Backoff = { firstMs: 100, factor: 4 };
/** What the API server may make a request wait before it is tried again here; beyond that it is for the caller to wait. */
const MAX_RETRY_AFTER_MS = 5_000;
/** An error's body is only read for its message. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

/**
 * Sends requests to the API server, and fails with a {@link KubeError}.
 *
 * A request is tried up to three times where that is safe: when it never reached the API server, when that refused it untouched
 * (429), and for what may be done twice (everything but create and delete) also when the connection broke or it answered 503.
 */
export class KubeTransport {
  /** Since when no request was answered, on the monotonic clock; `undefined` where the last one was. */
  private unansweredSince: number | undefined;

  constructor(private readonly connection: KubeConnection) {}

  /** For how long no request to the API server was answered, milliseconds; 0 where the last one was. */
  unansweredForMs(): number {
    return this.unansweredSince === undefined ? 0 : performance.now() - this.unansweredSince;
  }

  /** What the API server answers, read from its JSON. */
  async call<T>(call: KubeRequest): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      let wait = backoffMs(BACKOFF, attempt, Math.random());
      try {
        return await this.once<T>(call);
      } catch (error) {
        if (!(error instanceof KubeError) || attempt === ATTEMPTS || call.signal?.aborted) throw error;
        if (!isSafeAgain(error, call, attempt) || (error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) throw error;
        this.forgetRefused(error);
        wait = Math.max(wait, error.retryAfterMs ?? 0);
      }
      await sleep(wait, undefined, call.signal === undefined ? {} : { signal: call.signal }).catch((error: unknown) => {
        throw noAnswer(call.what, error, call.signal);
      });
    }
  }

  /**
   * The answer to a request that is sent once, its body unread.
   * @param signal ends the request and its answer
   * @param watch over the connections for watches
   */
  async send(call: KubeRequest, signal: AbortSignal, watch: boolean): Promise<Dispatcher.ResponseData> {
    try {
      const { headers, dispatcher } = await this.connection.access(watch);
      if (call.isStillLeader?.() === false)
        throw new KubeError(`${call.what}: not sent: this replica is not the leader`, 0, 'Aborted');
      const answer = request(this.connection.server + call.path + queryOf(call.query), {
        method: call.method,
        dispatcher,
        signal,
        headers: call.contentType === undefined ? headers : { ...headers, 'content-type': call.contentType },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      // undici takes no notice of a signal before there is a connection: who waits for one is let go here.
      const inTime = await unlessAborted(signal, answer, letGo);
      this.unansweredSince = undefined;
      return inTime;
    } catch (error) {
      const failure = noAnswer(call.what, error, call.signal);
      if (failure.reason !== 'Aborted') this.unansweredSince ??= performance.now();
      throw failure;
    }
  }

  /** After an error that refuses the credentials, or that distrusts the API server's, the next request reads them anew, files and plugins included. */
  forgetRefused(error: unknown): void {
    if (hasStatus(error, 401) || isDistrust(error)) this.connection.refused();
  }

  private async once<T>(call: KubeRequest): Promise<T> {
    using deadline = abortAfter(TIMEOUT_MS, call.signal);
    const answer = await this.send(call, deadline.signal, false);
    if (answer.statusCode >= 300) throw await errorOf(call.what, answer);
    let text: string;
    try {
      text = await answer.body.text();
    } catch (error) {
      throw noAnswer(call.what, error, call.signal);
    }
    return parse<T>(call.what, text);
  }
}

/** Ends an answer whose body nobody reads. */
export function letGo({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => undefined).destroy();
}

/** The error that an answer is. */
export async function errorOf(what: string, answer: Dispatcher.ResponseData): Promise<KubeError> {
  let body = '';
  try {
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      body += chunk.toString('utf8');
      if (body.length > MAX_ERROR_BODY_BYTES) break;
    }
  } catch {
    // The status is known; its explanation is lost.
  }
  const retryAfter = answer.headers['retry-after'];
  return kubeErrorOf(what, answer.statusCode, body, typeof retryAfter === 'string' ? retryAfter : undefined);
}

function isSafeAgain(error: KubeError, { method }: KubeRequest, attempt: number): boolean {
  const twiceIsSafe = method === 'GET' || method === 'PATCH' || method === 'PUT';
  switch (error.status) {
    case 429:
      return true;
    case 401:
      return attempt === 1;
    case 503:
      return twiceIsSafe;
    case 0:
      return error.reason !== 'Timeout' && error.reason !== 'Aborted' && (twiceIsSafe || neverSent(error));
    default:
      return false;
  }
}

function queryOf(query: KubeRequest['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, value);
  }
  return search.size === 0 ? '' : `?${search}`;
}

function parse<T>(what: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new KubeError(`${what}: the response is not JSON`, 0, 'NoAnswer', undefined, { cause });
  }
}
