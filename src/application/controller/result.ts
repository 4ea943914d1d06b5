import { WriteError } from '../ports/image-store.ts';

/** Why work on a key failed. Each is tried again; they differ in who has to hear of it. */
export type FailureReason =
  /** It can't be done now, and whoever did it says so: {@link Postponed}. */
  | 'postponed'
  /** What was decided on has changed meanwhile: it is decided anew. */
  | 'conflict'
  /** The API server could not be asked, or this replica does not lead. */
  | 'retry'
  /** The API server does not take what was written. */
  | 'refused'
  /** Anything else. */
  | 'unexpected';

/** Work on a key that failed. */
export interface Failed {
  readonly kind: 'failed';
  readonly error: unknown;
  readonly reason: FailureReason;
  /** The least to wait before the next try, milliseconds; the queue's own backoff may be longer. */
  readonly atLeastMs: number;
}

/** What becomes of a key after it was worked on. */
export type Result =
  /** Nothing more, until something tells of the key again. */
  | { readonly kind: 'done' }
  /** It is looked at again in `afterMs` milliseconds, though nothing may have changed. No failure. */
  | { readonly kind: 'requeue'; readonly afterMs: number }
  | Failed;

export const DONE: Result = { kind: 'done' };

/** @param afterMs when to look at the key again, milliseconds from now; at once for 0 */
export function requeue(afterMs: number): Result {
  return { kind: 'requeue', afterMs };
}

/** Work that can't be done now and is to be tried again: no fault of kimup's, and already told to whom it concerns. */
export class Postponed extends Error {
  /** @param retryAfterMs the least to wait, milliseconds, where somebody asked for that */
  constructor(
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** What it means for a key that the work on it threw `error`: the one place where that is decided. */
export function resultOf(error: unknown): Result {
  if (error instanceof Postponed) return failed(error, 'postponed', error.retryAfterMs);
  if (!(error instanceof WriteError)) return failed(error, 'unexpected');
  // What was to be written is gone, and the work with it.
  if (error.consequence === 'gone') return DONE;
  return failed(error, error.consequence, error.retryAfterMs);
}

function failed(error: unknown, reason: FailureReason, atLeastMs = 0): Failed {
  return { kind: 'failed', error, reason, atLeastMs };
}
