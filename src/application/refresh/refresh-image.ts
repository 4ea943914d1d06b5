import { Injectable } from '@nestjs/common';
import { type Image, keyOf, parseKey, type Update } from '../../domain/image/image.ts';
import { formatEntry } from '../../domain/rollout/template-entries.ts';
import { Clock } from '../ports/clock.ts';
import { EventRecorder } from '../ports/event-recorder.ts';
import { ImageStore, WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';
import { SecretReader } from '../ports/secret-reader.ts';
import { TriggerImages } from '../trigger/trigger-images.ts';
import { failedRollout, FindUpdate, rolloutFailed } from './find-update.ts';
import { needsRefresh, needsSettling, REFRESH_ACTIONS, settled, startOver } from './need.ts';
import { type Position, type RefreshEnd, refreshStatus } from './refresh-status.ts';
import { SharedTagLists } from './shared-tag-lists.ts';

/** When a key was queued, milliseconds since the epoch. */
export interface Queued {
  readonly queuedAt: number;
}

/** The refresh could not be completed now; the queue tries it again. */
export class RefreshPostponed extends Error {
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

  readonly #updates: FindUpdate;

  constructor(
    private readonly images: ImageStore,
    private readonly triggers: TriggerImages,
    tagLists: SharedTagLists,
    secrets: SecretReader,
    private readonly events: EventRecorder,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.#updates = new FindUpdate(tagLists, secrets, metrics, clock);
  }

  /**
   * @returns when to try again where the registry said so
   * @throws RefreshPostponed or WriteError when the queue is to try again with its own backoff
   */
  async refresh(key: string, { queuedAt }: Queued): Promise<{ readonly retryAfterMs: number } | void> {
    const image = this.images.get(parseKey(key));
    if (image === undefined || image.deleting) {
      this.#owed.delete(key);
      this.#updates.forget(key);
      return;
    }
    const asked = REFRESH_ACTIONS.has(image.annotations['action'] ?? '');
    const due = asked || needsRefresh(image) || this.#owed.has(key) || this.triggers.dueSince(key) !== undefined;
    if (!due && !needsSettling(image)) return;
    const began = this.clock.now();
    try {
      // Taken up before the registry is asked: whoever asks again meanwhile is heard.
      if (asked) {
        this.#owed.add(key);
        await this.images.annotate(image, { action: null });
      }
      const end = await this.#refresh(image, due, queuedAt, began);
      if (due) this.triggers.served(key, began);
      if (due) this.metrics.done('events_triggered', (this.clock.now() - began) / 1_000, end.kind !== 'fine');
      if (end.kind !== 'retry') {
        if (due) this.#owed.delete(key);
        return;
      }
      this.#owed.add(key);
      if (end.retryAfterMs !== undefined) return { retryAfterMs: end.retryAfterMs };
      throw new RefreshPostponed(end.message);
    } catch (error) {
      if (!(error instanceof WriteError)) throw error;
      if (error.consequence === 'gone') return;
      // That may be over soon: an API server that has just started knows no roles yet.
      if (error.consequence === 'refused') this.log.error('the API server refuses the status of an Image', { image: key, error });
      if (due) this.#owed.add(key);
      throw error;
    }
  }

  async #refresh(image: Image, due: boolean, queuedAt: number, began: number): Promise<RefreshEnd> {
    const now = new Date(began).toISOString();
    const start = this.#settle(image);
    const { position, end } = due ? await this.#updates.find(image, start, queuedAt, began) : { position: start, end: this.#rest(image, start) };
    const problems = this.triggers.problems(keyOf(image));
    await this.images.writeControllerStatus(image, refreshStatus(image, position, end, problems, due ? now : (image.status.time ?? now)));
    this.#tell(image, position, end);
    if (needsRefresh(image)) for (const { field, message } of problems) this.#event(image, 'Warning', 'InvalidTrigger', `${field}: ${message}`);
    if (image.annotations['tag'] !== position.tag) await this.images.annotate(image, { tag: position.tag });
    return end;
  }

  /** Where the Image is, with an update that has ended taken in, before anything new is decided. */
  #settle(image: Image): Position {
    const { spec, status } = image;
    const { tag } = status;
    if (tag === undefined || startOver(image)) {
      // A status that is not there at all, beside the mirror of its tag, is a restored backup.
      const mirrored = status.image === undefined ? image.annotations['tag'] : undefined;
      return { tag: mirrored ?? spec.baseTag, image: spec.image, baseTag: spec.baseTag };
    }
    const { candidates, firstSeen } = status;
    const at = { image: spec.image, baseTag: status.baseTag ?? spec.baseTag, candidates, firstSeen };
    switch (settled(image)) {
      case 'Healthy':
        return { tag: status.update!.tag, digest: status.update!.digest, ...at };
      case 'Failed':
        return { tag, digest: status.digest, ...at };
      case undefined:
        return { tag, digest: status.digest, update: status.update, ...at };
    }
  }

  /** How things stand without asking anybody. */
  #rest(image: Image, position: Position): RefreshEnd {
    const failed = failedRollout(image);
    if (failed !== undefined && settled(image) === 'Failed') return rolloutFailed(position.tag, failed);
    return { kind: 'fine', message: `on ${position.tag}` };
  }

  /** Says by events what has changed; a refresh without news says nothing. */
  #tell(image: Image, position: Position, end: RefreshEnd): void {
    const { status } = image;
    const { update } = position;
    const key = keyOf(image);
    if (settled(image) === 'Healthy') {
      this.#event(image, 'Normal', 'Updated', `${fromTo(status.tag!, status.digest, status.update!)} by rule ${JSON.stringify(status.update!.rule)}: every rolled workload is healthy on it`);
      this.log.info('updated', { image: key, from: status.tag, to: position.tag });
    }
    if (update !== undefined && (update.tag !== status.update?.tag || update.digest !== status.update?.digest)) {
      this.metrics.done('actions_executed', 0, false);
      this.#event(image, 'Normal', 'UpdateFound', `${fromTo(position.tag, position.digest, update)} by rule ${JSON.stringify(update.rule)}${end.kind === 'fine' ? `: ${end.message}` : ''}`);
      this.log.info('update found', { image: key, from: position.tag, to: update.tag, digest: update.digest, rule: update.rule });
    }
    if (end.kind === 'fine') return;
    const known = status.conditions.find((condition) => condition.type === 'Ready');
    if (end.kind === 'stalled' && known?.reason === end.reason && known.message === end.message) return;
    this.#event(image, 'Warning', end.reason, end.message);
    this.log.warn('refresh failed', { image: key, result: end.result, reason: end.reason, message: end.message });
  }

  #event(image: Image, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { namespace, name, uid } = image;
    this.events.record({ apiVersion: 'kimup.cloudavenue.io/v1alpha1', kind: 'Image', namespace, name, uid }, type, reason, message);
  }
}

/** `v1.9.0 -> v1.10.2`; with digests where only they change. */
function fromTo(tag: string, digest: string | undefined, to: Pick<Update, 'tag' | 'digest'>): string {
  return tag === to.tag ? `${formatEntry({ tag, ...(digest === undefined ? {} : { digest }) })} -> ${formatEntry(to)}` : `${tag} -> ${to.tag}`;
}
