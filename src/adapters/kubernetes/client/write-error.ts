import { WriteError } from '../../../application/ports/image-store.ts';
import { KubeError } from './kube-error.ts';

/** What a failed write means for whoever wrote: the one place where the API server's answers become consequences. */
export function writeErrorOf(error: unknown): WriteError {
  if (error instanceof WriteError) return error;
  if (!(error instanceof KubeError))
    return new WriteError(error instanceof Error ? error.message : String(error), 'refused', { cause: error });
  return new WriteError(error.message, consequenceOf(error), { cause: error, retryAfterMs: error.retryAfterMs });
}

function consequenceOf({ status, message }: KubeError): WriteError['consequence'] {
  switch (status) {
    case 404:
    case 410:
      return 'gone';
    case 409:
    case 422:
      // A body with a uid is refused when the object was made again meanwhile: the one that was meant is gone.
      if (/\buid\b/i.test(message)) return 'gone';
      return status === 409 ? 'conflict' : 'refused';
    case 403:
      // What was meant goes with its namespace.
      return /because it is being terminated/.test(message) ? 'gone' : 'refused';
    case 0:
    case 401:
    case 408:
    case 429:
      return 'retry';
    default:
      return status >= 500 ? 'retry' : 'refused';
  }
}
