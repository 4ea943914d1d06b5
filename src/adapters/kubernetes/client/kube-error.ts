import { DeadlineError } from './abort.ts';

/** metav1.Status, as far as it is read. */
export interface Status {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** The API server refused, or did not answer. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /**
   * @param status the HTTP status (in-band for a watch); 0 when there was no answer
   * @param reason `Status.reason`: `NotFound`, `Conflict`, `Expired`, …; for status 0 `NoAnswer`, `Timeout`, `Aborted`, or `Unreadable` for what a watch said
   * @param retryAfterMs how long the API server asks to wait, where it does
   */
  constructor(
    message: string,
    readonly status: number,
    readonly reason: string,
    readonly retryAfterMs?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Whether `error` is a KubeError with this HTTP status. */
export function hasStatus(error: unknown, status: number): error is KubeError {
  return error instanceof KubeError && error.status === status;
}

/** Makes the error of an answer: a Status where the body is one, else what can be said of it. `what` is the request, as in `get Image default/demos`. */
export function kubeErrorOf(what: string, httpStatus: number, body: string, retryAfter: string | undefined): KubeError {
  const status = parseStatus(body);
  const seconds = Number(retryAfter ?? status?.details?.retryAfterSeconds);
  return new KubeError(
    `${what}: ${status?.message ?? `the API server answered ${httpStatus}`}`,
    httpStatus,
    status?.reason ?? '',
    Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
  );
}

function parseStatus(body: string): Status | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && (parsed as Status).kind === 'Status') return parsed;
  } catch {
    // A proxy's page, or nothing: the HTTP status says enough.
  }
  return undefined;
}

/** Makes the error of a Status that came inside a watch. */
export function inBandError(what: string, object: Status | null | undefined): KubeError {
  const status = object ?? {};
  const seconds = status.details?.retryAfterSeconds;
  return new KubeError(
    `${what}: ${status.message ?? 'ended by an error without a message'}`,
    status.code ?? 500,
    status.reason ?? '',
    typeof seconds === 'number' ? seconds * 1000 : undefined,
  );
}

/** Makes the error of a request without an answer. @param signal that of who asked */
export function noAnswer(what: string, cause: unknown, signal: AbortSignal | undefined): KubeError {
  if (cause instanceof KubeError) return cause;
  if (signal?.aborted) {
    const timedOut = (signal.reason as Error | undefined)?.name === 'TimeoutError';
    return new KubeError(
      `${what}: ${timedOut ? 'no response in time' : 'aborted'}`,
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
export function neverSent(error: KubeError): boolean {
  const { code } = (error.cause ?? {}) as { code?: string };
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'UND_ERR_CONNECT_TIMEOUT';
}

/** Whether the API server's certificate was not trusted: its authority may have rotated since the kubeconfig was read. */
export function isDistrust(error: unknown): boolean {
  const { code = '' } = ((error as KubeError).cause ?? {}) as { code?: string };
  return /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_(GET|VERIFY)_)/.test(code);
}
