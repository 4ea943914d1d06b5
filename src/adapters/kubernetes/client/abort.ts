/**
 * What `promise` comes to; rejects with the signal's reason as soon as `signal` aborts, whatever becomes of the promise.
 * @param late told of a result that nobody waits for any more
 */
export async function unlessAborted<T>(
  signal: AbortSignal,
  promise: Promise<T>,
  late: (result: T) => void = () => undefined,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } catch (error) {
    promise.then(late, () => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** There was no answer within the time that a request may take. */
export class DeadlineError extends Error {}

/** A signal that aborts with a {@link DeadlineError} after `ms`, or with `outer`. Dispose of it when what it bounds has ended. */
export function abortAfter(ms: number, outer: AbortSignal | undefined): Disposable & { readonly signal: AbortSignal } {
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
