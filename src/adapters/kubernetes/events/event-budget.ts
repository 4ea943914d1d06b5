import { BoundedMap } from '../../../support/bounded-map.ts';

/** How many events one subject may have: 25 at once, then one more every five minutes, as Kubernetes' own recorder allows. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** Subjects that are remembered; the one that was forgotten starts anew. */
const MAX_SUBJECTS = 4_096;

/** Keeps one subject's events from filling etcd. */
export class EventBudget {
  private readonly buckets = new BoundedMap<string, { readonly tokens: number; readonly at: number }>(MAX_SUBJECTS);

  /** Whether `subject` may have one more event at `now` (milliseconds), which is then counted. */
  take(subject: string, now: number): boolean {
    const bucket = this.buckets.get(subject) ?? { tokens: BURST, at: now };
    const tokens = Math.min(BURST, bucket.tokens + Math.max(0, now - bucket.at) / REFILL_MS);
    const allowed = tokens >= 1;
    this.buckets.set(subject, { tokens: allowed ? tokens - 1 : tokens, at: now });
    return allowed;
  }
}
