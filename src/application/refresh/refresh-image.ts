import { Injectable } from '@nestjs/common';
import { checksumOf } from '../../domain/image/checksum.ts';
import { reduce, toStatus } from '../../domain/image/controller-state.ts';
import { needsRefresh, hasEndedUpdate, REFRESH_ACTIONS } from '../../domain/image/image-state.ts';
import { type Image, keyOf, parseKey } from '../../domain/image/image.ts';
import type { RefreshOutcome } from '../../domain/image/refresh-outcome.ts';
import { DONE, Postponed, requeue, type Result } from '../controller/result.ts';
import type { WorkContext } from '../controller/work-queue.ts';
import { Clock } from '../ports/clock.ts';
import { ImageStore, WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';
import { RefreshScheduler } from '../trigger/refresh-scheduler.ts';
import { FindUpdate } from './find-update.ts';
import { RefreshReport } from './refresh-report.ts';

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
  private readonly owed = new Set<string>();
  /** Until when the registry of an Image asked to be left alone, milliseconds since the epoch. */
  private readonly leftAlone = new Map<string, number>();

  constructor(
    private readonly images: ImageStore,
    private readonly triggers: RefreshScheduler,
    private readonly updates: FindUpdate,
    private readonly reports: RefreshReport,
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
      this.owed.delete(key);
      this.leftAlone.delete(key);
      this.updates.forget(key);
      return DONE;
    }
    const asked = REFRESH_ACTIONS.has(image.annotations['action'] ?? '');
    const due = asked || needsRefresh(image) || this.owed.has(key) || this.triggers.dueSince(key) !== undefined;
    if (!due && !hasEndedUpdate(image)) return DONE;
    const began = this.clock.now();
    // Ticks wait for as long as the registry asked for; people and changes don't.
    const leftAloneMs = (this.leftAlone.get(key) ?? 0) - began;
    if (leftAloneMs > 0 && !asked && !needsRefresh(image) && !hasEndedUpdate(image)) return requeue(leftAloneMs);
    // Before the annotation is gone, and with it when it was seen.
    const notBefore = asked ? (this.triggers.askedAt(key) ?? began) : queuedAt;
    try {
      // Taken up before the registry is asked: whoever asks again meanwhile is heard.
      if (asked) {
        this.owed.add(key);
        await this.images.annotate(image, { action: null });
      }
      const outcome = await this.refresh(image, notBefore, began);
      if (due) this.triggers.served(key, began);
      if (due) this.metrics.done('events_triggered', (this.clock.now() - began) / 1_000, outcome.kind !== 'ok');
      return this.resultOf(key, outcome, began);
    } catch (error) {
      if (!(error instanceof WriteError) || error.consequence === 'gone') throw error;
      // That may be over soon: an API server that has just started knows no roles yet.
      if (error.consequence === 'refused')
        this.log.error('the API server rejects the status of an Image', { image: key, error });
      this.owed.add(key);
      throw error;
    }
  }

  /** @throws RefreshPostponed where it is to be tried again */
  private resultOf(key: string, outcome: RefreshOutcome, began: number): Result {
    this.leftAlone.delete(key);
    if (outcome.kind !== 'retry') {
      this.owed.delete(key);
      return DONE;
    }
    this.owed.add(key);
    if (outcome.retryAfterMs !== undefined) this.leftAlone.set(key, began + outcome.retryAfterMs);
    throw new RefreshPostponed(outcome.message, outcome.retryAfterMs);
  }

  /** Reads, decides, writes the status, and only then says so. */
  private async refresh(image: Image, notBefore: number, began: number): Promise<RefreshOutcome> {
    const found = await this.updates.find(image, notBefore, began);
    const { start, outcome, gone } = found;
    const problems = this.triggers.problems(keyOf(image));
    const at = new Date(began).toISOString();
    const { generation } = image;
    const state = reduce(found.state, { type: 'Refreshed', outcome, gone, problems, generation, at });
    await this.images.writeControllerStatus(image, toStatus(state));
    this.reports.report({ image, start, state, outcome, problems, began });
    const mirror = { tag: state.tag, checksum: checksumOf(state) };
    if (image.annotations['tag'] !== mirror.tag || image.annotations['checksum'] !== mirror.checksum)
      await this.images.annotate(image, mirror);
    return outcome;
  }
}
