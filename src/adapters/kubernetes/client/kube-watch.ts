import { abortAfter } from './abort.ts';
import { inBandError, KubeError, noAnswer, type Status } from './kube-error.ts';
import { errorOf, letGo, type KubeTransport } from './kube-transport.ts';
import { linesOf } from './line-splitter.ts';
import { describe, pathOf, type Resource, type Selection } from './resource.ts';

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

/** One watch, from its request to its end: what {@link KubeClient.watch} does. */
export async function* watch<T>(
  transport: KubeTransport,
  resource: Resource,
  { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal, opened }: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const at = namespace === undefined ? {} : { namespace };
  const what = describe('watch', resource, at);
  const query = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(timeoutSeconds),
    labelSelector,
    fieldSelector,
  };
  using deadline = abortAfter((timeoutSeconds + 30) * 1000, signal);
  const answer = await transport.send(
    { method: 'GET', path: pathOf(resource, at), query, what },
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
    transport.forgetRefused(error);
    throw noAnswer(what, error, signal);
  } finally {
    letGo(answer);
  }
}

/** One line of a watch. */
function eventOf(what: string, line: string): { readonly type: string; readonly object: unknown } {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new KubeError(`${what}: a line is not JSON`, 0, 'Unreadable', undefined, { cause });
  }
  if (typeof event !== 'object' || event === null)
    throw new KubeError(`${what}: a line is not a watch event`, 0, 'Unreadable');
  return event as { type: string; object: unknown };
}
