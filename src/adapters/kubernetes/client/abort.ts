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
