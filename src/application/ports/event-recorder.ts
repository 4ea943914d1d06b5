import type { ObjectKey } from '../../domain/image/image.ts';

/** What an event is about. */
export interface EventSubject extends ObjectKey {
  readonly kind: string;
  readonly apiVersion: string;
  readonly uid: string;
}

/**
 * Tells people what happened, by Kubernetes events. Never fails and never waits: what can't be told is logged and dropped. The
 * same of the same object may be told once with a count, and what is too much of one object may be left out.
 */
export abstract class EventRecorder {
  /**
   * @param reason CamelCase, machine-readable
   * @param message a sentence: what, which field, what to do; of a longer one the first 1,024 characters, at the most, are kept
   */
  abstract record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
