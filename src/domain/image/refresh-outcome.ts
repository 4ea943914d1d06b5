import type { RefreshResult, Update } from './image-status.ts';

/** How a refresh ended. */
export type RefreshOutcome =
  /** The registry was asked and everything is as it should be, or moves there. */
  | { readonly kind: 'ok'; readonly message: string }
  /** Only a person can mend it: a rule, the image's name, a rollout that failed. */
  | { readonly kind: 'stalled'; readonly result: RefreshResult; readonly reason: string; readonly message: string }
  /** It is tried again by itself. */
  | {
      readonly kind: 'retry';
      readonly result: RefreshResult;
      readonly reason: string;
      readonly message: string;
      /** The least to wait, milliseconds, where the registry said so. */
      readonly retryAfterMs?: number | undefined;
      readonly unforeseen?: unknown;
    };

/** `status.result` for it, with what moves after it. */
export function resultOf(outcome: RefreshOutcome, update: Update | undefined): RefreshResult {
  if (outcome.kind !== 'ok') return outcome.result;
  return update === undefined ? 'Success' : 'Scheduled';
}
