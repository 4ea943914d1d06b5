import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { request, type Dispatcher } from 'undici';
import { KubeConnection } from './kube-connection.ts';
import { hasStatus, KubeError, kubeErrorOf, type Status } from './kube-error.ts';
import { linesOf } from './line-splitter.ts';
import { apiVersionOf, pathOf, type KubeObject, type ObjectPath, type Resource } from './resource.ts';

/** What part of a resource's objects is meant. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** A whole list, and the point in time from which a watch goes on. */
export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection {
  /** Events after this point in time. */
  readonly resourceVersion: string;
  /** After this long the API server ends the watch; 30 s later the client does. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
  /** Told when the API server has taken the watch up. */
  readonly opened?: () => void;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  /** Of a BOOKMARK only `metadata.resourceVersion`. */
  readonly object: T;
}

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
}

/** Asked right before a request is sent, each time it is: whether it is still wanted. Where not, it fails as `Aborted`. */
export type MayStill = () => boolean;

/** A request takes at most this long, its answer included. */
const TIMEOUT_MS = 15_000;
/** Objects a page of a list. */
const PAGE_SIZE = 500;
const ATTEMPTS = 3;
/** What the API server may make a request wait before it is tried again here; beyond that it is for the caller to wait. */
const MAX_RETRY_AFTER_MS = 5_000;
/** An error's body is only read for its message. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

const JSON_TYPE = 'application/json';
/** JSON is YAML, so an apply's body is JSON. */
const APPLY = 'application/apply-patch+yaml';
const MERGE_PATCH = 'application/merge-patch+json';

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly contentType?: string;
  readonly body?: object;
  /** As in `get Image default/demos`, for messages. */
  readonly what: string;
  readonly mayStill?: MayStill | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the Kubernetes API. Every method fails with a {@link KubeError}, or a TypeError for names that could not be an object's.
 *
 * A request is tried up to three times where that is safe: when it never reached the API server, when that refused it untouched
 * (429), and for what may be done twice (everything but create and delete) also when the connection broke or it answered 503.
 */
@Injectable()
export class KubeClient {
  /** Since when no request was answered, on the monotonic clock; `undefined` where the last one was. */
  private unansweredSince: number | undefined;

  constructor(private readonly connection: KubeConnection) {}

  /** For how long no request to the API server was answered, milliseconds; 0 where the last one was. Told from the requests that are made: the Lease's come every other second. */
  unansweredForMs(): number {
    return this.unansweredSince === undefined ? 0 : performance.now() - this.unansweredSince;
  }

  get<T>(resource: Resource, at: ObjectPath, signal?: AbortSignal): Promise<T> {
    return this.call<T>({ method: 'GET', path: pathOf(resource, at), what: describe('get', resource, at), signal });
  }

  /** All objects, of all pages. */
  async list<T>(resource: Resource, where: Selection = {}, signal?: AbortSignal): Promise<T[]> {
    return (await this.listAll<T>(resource, where, signal)).items;
  }

  /**
   * All objects of all pages, each as `keep` returns it, and the resource version of the whole.
   * A list whose continuation has expired (410) is begun anew, once.
   */
  async listAll<T>(
    resource: Resource,
    where: Selection = {},
    signal?: AbortSignal,
    keep: (object: T) => T = (object) => object,
  ): Promise<ObjectList<T>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.pages(resource, where, signal, keep);
      } catch (error) {
        if (!hasStatus(error, 410) || attempt === 2) throw error;
      }
    }
  }

  create<T>(
    resource: Resource,
    at: { readonly namespace?: string },
    body: object,
    fieldManager?: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const name = (body as KubeObject).metadata?.name;
    return this.call<T>({
      method: 'POST',
      path: pathOf(resource, at),
      query: { fieldManager },
      contentType: JSON_TYPE,
      body,
      what: describe('create', resource, { ...at, ...(name === undefined ? {} : { name }) }),
      signal,
    });
  }

  /** Server-side apply with force: `body` is all that `fieldManager` wants of the object; what it set before and leaves out now goes. Kind and name are put in. */
  apply<T>(resource: Resource, at: ObjectPath, body: object, fieldManager: string, mayStill?: MayStill): Promise<T> {
    return this.call<T>({
      method: 'PATCH',
      path: pathOf(resource, at),
      query: { fieldManager, force: 'true' },
      contentType: APPLY,
      body: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        ...body,
        metadata: { ...namespaceAndName(at), ...(body as KubeObject).metadata },
      },
      what: describe('apply', resource, at),
      mayStill,
    });
  }

  /** RFC 7386: only what `body` names changes, null takes away. `metadata.uid` or `metadata.resourceVersion` in it guard it (409). */
  mergePatch<T>(
    resource: Resource,
    at: ObjectPath,
    body: object,
    fieldManager: string,
    mayStill?: MayStill,
  ): Promise<T> {
    return this.call<T>({
      method: 'PATCH',
      path: pathOf(resource, at),
      query: { fieldManager },
      contentType: MERGE_PATCH,
      body,
      what: describe('patch', resource, at),
      mayStill,
    });
  }

  /** Replaces the whole object; `metadata.resourceVersion` in it guards it (409). Only for objects that are kimup's own. */
  replace<T>(resource: Resource, at: ObjectPath, body: object, fieldManager: string, signal?: AbortSignal): Promise<T> {
    return this.call<T>({
      method: 'PUT',
      path: pathOf(resource, at),
      query: { fieldManager },
      contentType: JSON_TYPE,
      body,
      what: describe('replace', resource, at),
      signal,
    });
  }

  /** @param options preconditions: 409 when the object is another by now */
  async delete(
    resource: Resource,
    at: ObjectPath,
    { uid, resourceVersion, propagationPolicy }: DeleteOptions = {},
    mayStill?: MayStill,
  ): Promise<void> {
    await this.call({
      method: 'DELETE',
      path: pathOf(resource, at),
      contentType: JSON_TYPE,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion }, propagationPolicy },
      what: describe('delete', resource, at),
      mayStill,
    });
  }

  /**
   * The changes of a resource's objects, until the API server ends the watch (the iterator ends) or it fails: a KubeError, its
   * status 410 when `resourceVersion` is too old, whether that comes as the answer or inside it; 0 when the connection breaks.
   */
  async *watch<T>(
    resource: Resource,
    { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal, opened }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const what = describe('watch', resource, namespace === undefined ? {} : { namespace });
    using deadline = abortAfter((timeoutSeconds + 30) * 1000, signal);
    const answer = await this.send(
      {
        method: 'GET',
        path: pathOf(resource, namespace === undefined ? {} : { namespace }),
        query: {
          watch: 'true',
          allowWatchBookmarks: 'true',
          resourceVersion,
          timeoutSeconds: String(timeoutSeconds),
          labelSelector,
          fieldSelector,
        },
        what,
      },
      deadline.signal,
      true,
    );
    try {
      if (answer.statusCode !== 200) throw await errorOf(what, answer);
      opened?.();
      for await (const line of linesOf(answer.body)) {
        const event = eventOf(what, line);
        if (event.type === 'ERROR') throw inBandError(what, event.object as Status);
        yield event as WatchEvent<T>;
      }
    } catch (error) {
      // The next watch reads its credentials anew, files and plugins included.
      if (hasStatus(error, 401) || isDistrust(error)) this.connection.refused();
      if (error instanceof KubeError) throw error;
      throw noAnswer(what, error, signal);
    } finally {
      answer.body.on('error', () => undefined).destroy();
    }
  }

  private async pages<T>(
    resource: Resource,
    where: Selection,
    signal: AbortSignal | undefined,
    keep: (object: T) => T,
  ): Promise<ObjectList<T>> {
    const { namespace, labelSelector, fieldSelector } = where;
    const at = namespace === undefined ? {} : { namespace };
    const what = describe('list', resource, at);
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const page: { metadata?: { continue?: string; resourceVersion?: string }; items?: T[] } = await this.call({
        method: 'GET',
        path: pathOf(resource, at),
        query: { limit: String(PAGE_SIZE), continue: next, labelSelector, fieldSelector },
        what,
        signal,
      });
      if (!Array.isArray(page.items) || page.metadata?.resourceVersion === undefined)
        throw new KubeError(`${what}: the answer is no list`, 0, 'NoAnswer');
      for (const item of page.items) items.push(keep(item));
      next = page.metadata.continue;
      if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  private async call<T>(call: Call): Promise<T> {
    const twiceIsSafe = call.method === 'GET' || call.method === 'PATCH' || call.method === 'PUT';
    for (let attempt = 1; ; attempt++) {
      let wait = 100 * 4 ** (attempt - 1) * (1 - Math.random() / 2);
      try {
        return await this.once<T>(call);
      } catch (error) {
        if (!(error instanceof KubeError) || attempt === ATTEMPTS || call.signal?.aborted) throw error;
        const safe =
          error.status === 429 ||
          (error.status === 401 && attempt === 1) ||
          (error.status === 503 && twiceIsSafe) ||
          (error.status === 0 &&
            error.reason !== 'Timeout' &&
            error.reason !== 'Aborted' &&
            (twiceIsSafe || neverSent(error)));
        if (!safe || (error.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) throw error;
        if (error.status === 401 || isDistrust(error)) this.connection.refused();
        wait = Math.max(wait, error.retryAfterMs ?? 0);
      }
      await sleep(wait, undefined, call.signal === undefined ? {} : { signal: call.signal }).catch((error: unknown) => {
        throw noAnswer(call.what, error, call.signal);
      });
    }
  }

  private async once<T>(call: Call): Promise<T> {
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

  private async send(call: Call, signal: AbortSignal, watch: boolean): Promise<Dispatcher.ResponseData> {
    try {
      const { headers, dispatcher } = await this.connection.access(watch);
      if (call.mayStill?.() === false)
        throw new KubeError(`${call.what}: not sent, it is not wanted any more`, 0, 'Aborted');
      const answer = await unlessAborted(
        signal,
        request(this.connection.server + call.path + queryOf(call.query), {
          method: call.method,
          dispatcher,
          signal,
          headers: call.contentType === undefined ? headers : { ...headers, 'content-type': call.contentType },
          ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        }),
      );
      this.unansweredSince = undefined;
      return answer;
    } catch (error) {
      const failure = noAnswer(call.what, error, call.signal);
      if (failure.reason !== 'Aborted') this.unansweredSince ??= performance.now();
      throw failure;
    }
  }
}

function describe(
  verb: string,
  resource: Resource,
  { namespace, name, subresource }: { namespace?: string; name?: string; subresource?: string },
): string {
  const where = name === undefined ? namespace : namespace === undefined ? name : `${namespace}/${name}`;
  return `${verb} ${name === undefined && verb !== 'create' ? resource.plural : resource.kind}${where === undefined ? '' : ` ${where}`}${subresource === undefined ? '' : ` (${subresource})`}`;
}

function namespaceAndName({ namespace, name }: ObjectPath): object {
  return namespace === undefined ? { name } : { namespace, name };
}

function queryOf(query: Call['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, value);
  }
  return search.size === 0 ? '' : `?${search}`;
}

/** One line of a watch. */
function eventOf(what: string, line: string): { readonly type: string; readonly object: unknown } {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new KubeError(`${what}: a line is not JSON`, 0, 'Unreadable', undefined, { cause });
  }
  if (typeof event !== 'object' || event === null) throw new KubeError(`${what}: a line is no event`, 0, 'Unreadable');
  return event as { type: string; object: unknown };
}

function parse<T>(what: string, text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new KubeError(`${what}: the answer is not JSON`, 0, 'NoAnswer', undefined, { cause });
  }
}

async function errorOf(what: string, answer: Dispatcher.ResponseData): Promise<KubeError> {
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

function inBandError(what: string, object: Status | null | undefined): KubeError {
  const status = object ?? {};
  const seconds = status.details?.retryAfterSeconds;
  return new KubeError(
    `${what}: ${status.message ?? 'ended by an error without a message'}`,
    status.code ?? 500,
    status.reason ?? '',
    typeof seconds === 'number' ? seconds * 1000 : undefined,
  );
}

function noAnswer(what: string, cause: unknown, signal: AbortSignal | undefined): KubeError {
  if (cause instanceof KubeError) return cause;
  if (signal?.aborted) {
    const timedOut = (signal.reason as Error | undefined)?.name === 'TimeoutError';
    return new KubeError(
      `${what}: ${timedOut ? 'no answer in time' : 'aborted'}`,
      0,
      timedOut ? 'Timeout' : 'Aborted',
      undefined,
      { cause },
    );
  }
  if (cause instanceof DeadlineError)
    return new KubeError(`${what}: ${cause.message}`, 0, 'Timeout', undefined, { cause });
  return new KubeError(`${what}: ${explain(cause)}`, 0, 'NoAnswer', undefined, { cause });
}

/** A failed connection's message is empty where several addresses were tried: its code says it then. */
function explain(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}

/** Whether the request can't have reached the API server. */
function neverSent(error: KubeError): boolean {
  const { code } = (error.cause ?? {}) as { code?: string };
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'UND_ERR_CONNECT_TIMEOUT';
}

/** undici takes no notice of a signal before there is a connection: who waits for one is let go here. */
async function unlessAborted(
  signal: AbortSignal,
  answer: Promise<Dispatcher.ResponseData>,
): Promise<Dispatcher.ResponseData> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([answer, aborted.promise]);
  } catch (error) {
    answer.then(
      ({ body }) => body.on('error', () => undefined).destroy(),
      () => undefined,
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Whether the API server's certificate was not trusted: its authority may have rotated since the kubeconfig was read. */
function isDistrust(error: unknown): boolean {
  const { code = '' } = ((error as KubeError).cause ?? {}) as { code?: string };
  return /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)_)/.test(code);
}

class DeadlineError extends Error {}

/** A signal that aborts after `ms`, or with `outer`. Dispose of it when what it bounds has ended. */
function abortAfter(ms: number, outer: AbortSignal | undefined): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DeadlineError(`no answer within ${ms / 1000} s`)), ms);
  const forward = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) forward();
  else outer?.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', forward);
    },
  };
}
