import { Injectable } from '@nestjs/common';
import { type Image, keyOf, parseKey } from '../../domain/image/image.ts';
import type { Update } from '../../domain/image/image-status.ts';
import { needsRefresh, needsSettling, REFRESH_ACTIONS, settled } from '../../domain/image/image-state.ts';
import { notBuiltYet } from '../../domain/image/not-built-yet.ts';
import { checksumOf } from '../../domain/image/checksum.ts';
import { TAG_GONE } from '../../domain/image/tag-gone.ts';
import { formatPinnedTag } from '../../domain/reference/pinned-tag.ts';
import { DONE, Postponed, requeue, type Result } from '../controller/result.ts';
import type { WorkContext } from '../controller/work-queue.ts';
import { Clock } from '../ports/clock.ts';
import { EventRecorder } from '../ports/event-recorder.ts';
import { ImageStore, WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';
import { RefreshScheduler } from '../trigger/refresh-scheduler.ts';
import { FindUpdate } from './find-update.ts';
import { goneBefore, type ControllerState, type RefreshOutcome, refreshStatus } from './refresh-status.ts';
import { settledState } from './controller-state.ts';

/** The refresh could not be completed now; the queue tries it again, not before the time that the registry asked for. */
export class RefreshPostponed extends Postponed {
  override readonly name = 'RefreshPostponed';
}

/**
 * Refreshes one Image: what the registry has, what the rules make of it, what moves. Reads the present state and may be
 * called at any time; where nothing is to be done it writes nothing, where there is no news it writes the status once.
 */
@Injectable()
export class RefreshImage {
  /** Images whose refresh was asked for or has failed, until one succeeds. */
  readonly #owed = new Set<string>();
  /** Until when the registry of an Image asked to be left alone, milliseconds since the epoch. */
  readonly #leftAlone = new Map<string, number>();

  constructor(
    private readonly images: ImageStore,
    private readonly triggers: RefreshScheduler,
    private readonly updates: FindUpdate,
    private readonly events: EventRecorder,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * @param key of an Image
   * @returns when to look again, where the registry asked to be left alone until then
   * @throws RefreshPostponed or WriteError when the queue is to try again with its own backoff
   */
  async reconcile(key: string, { queuedAt }: WorkContext): Promise<Result> {
    const image = this.images.get(parseKey(key));
    if (image === undefined || image.deleting) {
      this.#owed.delete(key);
      this.#leftAlone.delete(key);
      this.updates.forget(key);
      return DONE;
    }
    const asked = REFRESH_ACTIONS.has(image.annotations['action'] ?? '');
    const due = asked || needsRefresh(image) || this.#owed.has(key) || this.triggers.dueSince(key) !== undefined;
    if (!due && !needsSettling(image)) return DONE;
    const began = this.clock.now();
    // Ticks wait for as long as the registry asked for; people and changes don't.
    const leftAloneMs = (this.#leftAlone.get(key) ?? 0) - began;
    if (leftAloneMs > 0 && !asked && !needsRefresh(image) && !needsSettling(image)) return requeue(leftAloneMs);
    const notBefore = asked ? (this.triggers.askedAt(key) ?? began) : queuedAt;
    try {
      // Taken up before the registry is asked: whoever asks again meanwhile is heard.
      if (asked) {
        this.#owed.add(key);
        await this.images.annotate(image, { action: null });
      }
      const end = await this.#refresh(image, notBefore, began);
      if (due) this.triggers.served(key, began);
      if (due) this.metrics.done('events_triggered', (this.clock.now() - began) / 1_000, end.kind !== 'fine');
      this.#leftAlone.delete(key);
      if (end.kind !== 'retry') {
        this.#owed.delete(key);
        return DONE;
      }
      this.#owed.add(key);
      if (end.retryAfterMs !== undefined) this.#leftAlone.set(key, began + end.retryAfterMs);
      throw new RefreshPostponed(end.message, end.retryAfterMs);
    } catch (error) {
      if (!(error instanceof WriteError)) throw error;
      if (error.consequence === 'gone') return DONE;
      // That may be over soon: an API server that has just started knows no roles yet.
      if (error.consequence === 'refused')
        this.log.error('the API server refuses the status of an Image', { image: key, error });
      this.#owed.add(key);
      throw error;
    }
  }

  async #refresh(image: Image, notBefore: number, began: number): Promise<RefreshOutcome> {
    const now = new Date(began).toISOString();
    const { position, end, gone: listed } = await this.updates.find(image, settledState(image, now), notBefore, began);
    const problems = this.triggers.problems(keyOf(image));
    const before = goneBefore(image, position);
    const gone = listed === undefined ? before : listed.message;
    await this.images.writeControllerStatus(image, refreshStatus(image, position, end, gone, problems, now));
    this.#tell(image, position, end, began);
    if (gone !== undefined && gone !== before) {
      this.#event(image, 'Warning', TAG_GONE, gone);
      this.log.warn('the tag of an Image is gone from its registry', { image: keyOf(image), tag: position.tag });
    }
    if (needsRefresh(image)) {
      for (const { field, message } of problems)
        this.#event(image, 'Warning', 'InvalidTrigger', `${field}: ${message}`);
      for (const { field, message } of notBuiltYet(image.spec))
        this.#event(image, 'Warning', 'NotBuiltYet', `${field}: ${message}`);
    }
    const mirror = { tag: position.tag, checksum: checksumOf(position) };
    if (image.annotations['tag'] !== mirror.tag || image.annotations['checksum'] !== mirror.checksum)
      await this.images.annotate(image, mirror);
    return end;
  }

  /** Says by events what has changed; a refresh without news says nothing. */
  #tell(image: Image, position: ControllerState, end: RefreshOutcome, now: number): void {
    const { status } = image;
    const { update } = position;
    const key = keyOf(image);
    const ended = settled(image);
    if (ended !== undefined)
      this.metrics.done('actions_executed', (now - Date.parse(status.update!.since)) / 1_000, ended === 'Failed');
    if (ended === 'Healthy') {
      this.#event(
        image,
        'Normal',
        'Updated',
        `${fromTo(status.tag!, status.digest, status.update!)} by rule ${JSON.stringify(status.update!.rule)}: every rolled workload is healthy on it`,
      );
      this.log.info('updated', { image: key, from: status.tag, to: position.tag });
    }
    if (update !== undefined && (update.tag !== status.update?.tag || update.digest !== status.update?.digest)) {
      this.#event(
        image,
        'Normal',
        'UpdateFound',
        `${fromTo(position.tag, position.digest, update)} by rule ${JSON.stringify(update.rule)}${end.kind === 'fine' ? `: ${end.message}` : ''}`,
      );
      this.log.info('update found', {
        image: key,
        from: position.tag,
        to: update.tag,
        digest: update.digest,
        rule: update.rule,
      });
    }
    if (end.kind === 'fine') return;
    if (end.kind === 'retry' && end.unforeseen !== undefined)
      this.log.error('a refresh failed for a reason that nobody foresaw: this is a bug of kimup', {
        image: key,
        error: end.unforeseen,
      });
    const known = status.conditions.find((condition) => condition.type === 'Ready');
    if (end.kind === 'stalled' && known?.reason === end.reason && known.message === end.message) return;
    this.#event(image, 'Warning', end.reason, end.message);
    this.log.warn('refresh failed', { image: key, result: end.result, reason: end.reason, message: end.message });
  }

  #event(image: Image, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { namespace, name, uid } = image;
    this.events.record(
      { apiVersion: 'kimup.cloudavenue.io/v1alpha1', kind: 'Image', namespace, name, uid },
      type,
      reason,
      message,
    );
  }
}

/** `v1.9.0 -> v1.10.2`; with digests where only they change. */
function fromTo(tag: string, digest: string | undefined, to: Pick<Update, 'tag' | 'digest'>): string {
  return tag === to.tag
    ? `${formatPinnedTag({ tag, ...(digest === undefined ? {} : { digest }) })} -> ${formatPinnedTag(to)}`
    : `${tag} -> ${to.tag}`;
}
