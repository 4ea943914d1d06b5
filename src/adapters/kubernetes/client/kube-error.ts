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
