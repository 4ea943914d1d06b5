import type { ObjectKey } from '../../domain/image/image.ts';

/** What an event is about. */
export interface EventSubject extends ObjectKey {
  readonly kind: string;
  readonly apiVersion: string;
  readonly uid: string;
}

/** Tells people what happened, by Kubernetes events. Never fails and never waits: what can't be told is logged and dropped. */
export abstract class EventRecorder {
  /**
   * @param reason CamelCase, machine-readable
   * @param message a sentence: what, which field, what to do; at most 1,024 characters are kept
   */
  abstract record(subject: EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
