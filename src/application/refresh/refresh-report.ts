import { Injectable } from '@nestjs/common';
import type { ControllerState } from '../../domain/image/controller-state.ts';
import { needsRefresh, outcomeOfUpdate } from '../../domain/image/image-state.ts';
import type { Update } from '../../domain/image/image-status.ts';
import { type Image, keyOf } from '../../domain/image/image.ts';
import { notBuiltYet } from '../../domain/image/not-built-yet.ts';
import { messageOfTagGone } from '../../domain/image/refresh-conditions.ts';
import type { RefreshOutcome } from '../../domain/image/refresh-outcome.ts';
import { TAG_GONE } from '../../domain/image/tag-gone.ts';
import { formatPinnedTag, pinnedTagOf } from '../../domain/reference/pinned-tag.ts';
import type { TriggerProblem } from '../../domain/trigger/trigger.ts';
import { imageSubject } from '../images/image-subject.ts';
import { EventRecorder } from '../ports/event-recorder.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';

/** A refresh that has been written to the Image's status. */
export interface WrittenRefresh {
  /** The Image as it was before. */
  readonly image: Image;
  readonly start: ControllerState;
  readonly state: ControllerState;
  readonly outcome: RefreshOutcome;
  readonly problems: readonly TriggerProblem[];
  /** When it began, milliseconds since the epoch. */
  readonly began: number;
}

/** Says by events, logs and metrics what a refresh has changed; of one without news it says nothing. */
@Injectable()
export class RefreshReport {
  constructor(
    private readonly events: EventRecorder,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  report(refresh: WrittenRefresh): void {
    this.reportEnd(refresh);
    this.reportUpdate(refresh);
    this.reportFailure(refresh);
    this.reportTagGone(refresh);
    if (needsRefresh(refresh.image)) this.reportSpec(refresh);
  }

  /** Of the update that was under way and has ended. */
  private reportEnd({ image, state, began }: WrittenRefresh): void {
    const { tag, digest, update } = image.status;
    const ended = outcomeOfUpdate(image);
    if (ended === undefined || update === undefined) return;
    this.metrics.done('actions_executed', (began - Date.parse(update.since)) / 1_000, ended === 'Failed');
    if (ended !== 'Healthy' || tag === undefined) return;
    const by = `by rule ${JSON.stringify(update.rule)}`;
    this.event(
      image,
      'Normal',
      'Updated',
      `${fromTo(tag, digest, update)} ${by}: every workload that was rolled out is healthy with it`,
    );
    this.log.info('updated', { image: keyOf(image), from: tag, to: state.tag });
  }

  /** Of the update that begins. */
  private reportUpdate({ image, state, outcome }: WrittenRefresh): void {
    const known = image.status.update;
    const { tag, digest, update } = state;
    if (update === undefined || (update.tag === known?.tag && update.digest === known.digest)) return;
    const by = `by rule ${JSON.stringify(update.rule)}`;
    const why = outcome.kind === 'ok' ? `: ${outcome.message}` : '';
    this.event(image, 'Normal', 'UpdateFound', `${fromTo(tag, digest, update)} ${by}${why}`);
    this.log.info('update found', {
      image: keyOf(image),
      from: tag,
      to: update.tag,
      digest: update.digest,
      rule: update.rule,
    });
  }

  private reportFailure({ image, outcome }: WrittenRefresh): void {
    if (outcome.kind === 'ok') return;
    const { result, reason, message } = outcome;
    if (outcome.kind === 'retry' && outcome.unforeseen !== undefined)
      this.log.error('a refresh failed with an unexpected error: this is a bug in kimup', {
        image: keyOf(image),
        error: outcome.unforeseen,
      });
    const known = image.status.conditions.find(({ type }) => type === 'Ready');
    if (outcome.kind === 'stalled' && known?.reason === reason && known.message === message) return;
    this.event(image, 'Warning', reason, message);
    this.log.warn('refresh failed', { image: keyOf(image), result, reason, message });
  }

  private reportTagGone({ image, start, state }: WrittenRefresh): void {
    const gone = messageOfTagGone(state.conditions);
    if (gone === undefined || gone === messageOfTagGone(start.conditions)) return;
    this.event(image, 'Warning', TAG_GONE, gone);
    this.log.warn('the tag of an Image is gone from its registry', { image: keyOf(image), tag: state.tag });
  }

  /** Of what a new or changed spec asks for and can't have. */
  private reportSpec({ image, problems }: WrittenRefresh): void {
    for (const { field, message } of problems) this.event(image, 'Warning', 'InvalidTrigger', `${field}: ${message}`);
    for (const { field, message } of notBuiltYet(image.spec))
      this.event(image, 'Warning', 'NotBuiltYet', `${field}: ${message}`);
  }

  private event(image: Image, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.events.record(imageSubject(image), type, reason, message);
  }
}

/** `v1.9.0 -> v1.10.2`; with digests where only they change. */
function fromTo(tag: string, digest: string | undefined, to: Pick<Update, 'tag' | 'digest'>): string {
  return tag === to.tag
    ? `${formatPinnedTag(pinnedTagOf({ tag, digest }))} -> ${formatPinnedTag(to)}`
    : `${tag} -> ${to.tag}`;
}
