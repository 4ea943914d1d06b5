import type { AlertAction } from '../../domain/action/action.ts';
import type { ControllerEvent } from '../../domain/image/controller-state.ts';
import type { RefreshOutcome } from '../../domain/image/refresh-outcome.ts';

/** A tag that a rule found, for the rule's actions. */
export interface ActionRequest {
  readonly tag: string;
  /** `sha256:…` of the tag, as the decision saw it. */
  readonly digest?: string | undefined;
  /** The rule's name. */
  readonly rule: string;
  /** Why the rule takes the tag, a sentence without its full stop. */
  readonly reason: string;
  /** When it was decided, RFC 3339. */
  readonly at: string;
}

/** What has to be done outside of the Image, after its status is written: an alert to send. */
export interface ActionWork {
  readonly kind: 'alert';
  readonly type: AlertAction;
  /** The rule's name. */
  readonly rule: string;
  /** The tag that it found. */
  readonly tag: string;
  /** Why the rule takes the tag. */
  readonly reason: string;
}

/** What follows from an action. */
export interface ActionResult {
  /** What it changes of the controller's state. */
  readonly events: readonly ControllerEvent[];
  /** How the refresh ends by it; absent where the action has no say in that. */
  readonly outcome?: RefreshOutcome;
  /** What has to be done outside, in this order. No strategy has any yet: alerts are not built. */
  readonly work: readonly ActionWork[];
}

/**
 * What one type of action does. Pure: it says what follows, and the refresh writes it down. To add one: a file beside this
 * with its test, and its line in action-catalogue.ts.
 */
export type ActionStrategy = (request: ActionRequest) => ActionResult;
