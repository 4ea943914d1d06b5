import { Injectable } from '@nestjs/common';
import { type Answer, decide } from '../../domain/decision/decide.ts';
import { type Image, keyOf, parseKey, type Rollout, type Update } from '../../domain/image/image.ts';
import { type ImageReference, InvalidImageReferenceError, parseImageReference } from '../../domain/image/image-reference.ts';
import { buildRule } from '../../domain/rule/build-rule.ts';
import { InvalidRuleError, type Rule } from '../../domain/rule/rule.ts';
import { Clock } from '../ports/clock.ts';
import { EventRecorder } from '../ports/event-recorder.ts';
import { ImageStore, WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';
import { PullSecretsError, SecretReader } from '../ports/secret-reader.ts';
import { type RegistryAccess, RegistryError } from '../ports/tag-registry.ts';
import { TriggerImages } from '../trigger/trigger-images.ts';
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

  constructor(
    private readonly images: ImageStore,
    private readonly triggers: TriggerImages,
    private readonly tagLists: SharedTagLists,
    private readonly secrets: SecretReader,
    private readonly events: EventRecorder,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * @returns when to try again where the registry said so
   * @throws RefreshPostponed or WriteError when the queue is to try again with its own backoff
   */
  async refresh(key: string, { queuedAt }: Queued): Promise<{ readonly retryAfterMs: number } | void> {
    const image = this.images.get(parseKey(key));
    if (image === undefined || image.deleting) {
      this.#owed.delete(key);
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
      if (error.consequence === 'refused') {
        this.log.error('the API server refuses the status of an Image', { image: key, error });
        return;
      }
      if (due) this.#owed.add(key);
      throw error;
    }
  }

  async #refresh(image: Image, due: boolean, queuedAt: number, began: number): Promise<RefreshEnd> {
    const now = new Date(began).toISOString();
    const start = this.#settle(image);
    const { position, end } = due ? await this.#look(image, start, queuedAt, now) : { position: start, end: this.#rest(image, start) };
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
    const at = { image: spec.image, baseTag: status.baseTag ?? spec.baseTag };
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

  async #look(image: Image, start: Position, queuedAt: number, now: string): Promise<{ position: Position; end: RefreshEnd }> {
    try {
      const reference = parseImageReference(image.spec.image);
      const rules = image.spec.rules.map((spec, i) => buildRule(spec, i));
      const access: RegistryAccess = {
        credentials: image.spec.imagePullSecrets.length === 0
          ? []
          : await this.secrets.pullCredentials(image.namespace, image.spec.imagePullSecrets, reference),
        insecureSkipTLSVerify: image.spec.insecureSkipTLSVerify,
      };
      const tags = await this.#tags(reference, access, queuedAt);
      this.metrics.tagsAvailable(image.spec.image, tags.length);
      if (start.baseTag !== image.spec.baseTag) return await this.#rebase(image, start, reference, access, queuedAt, now);
      return await this.#decide(image, start, rules, tags, reference, access, queuedAt, now);
    } catch (error) {
      return { position: start, end: failure(error) };
    }
  }

  async #tags(reference: ImageReference, access: RegistryAccess, notBefore: number): Promise<readonly string[]> {
    const began = this.clock.now();
    let failed = true;
    try {
      const tags = await this.tagLists.listTags(reference, access, notBefore);
      failed = false;
      return tags;
    } finally {
      this.metrics.done('tags_request', (this.clock.now() - began) / 1_000, failed);
    }
  }

  /** A changed `spec.baseTag` is a move to it, like a rule's. */
  async #rebase(
    image: Image,
    start: Position,
    reference: ImageReference,
    access: RegistryAccess,
    notBefore: number,
    now: string,
  ): Promise<{ position: Position; end: RefreshEnd }> {
    const { baseTag } = image.spec;
    const at = { tag: start.tag, digest: start.digest, image: image.spec.image, baseTag };
    const message = `spec.baseTag is ${baseTag} now`;
    if (start.tag === baseTag) return { position: at, end: { kind: 'fine', message } };
    const digest = await this.tagLists.digest(reference, baseTag, access, notBefore);
    return { position: { ...at, update: { tag: baseTag, digest, rule: 'spec.baseTag', since: now } }, end: { kind: 'fine', message } };
  }

  async #decide(
    image: Image,
    start: Position,
    rules: readonly Rule[],
    tags: readonly string[],
    reference: ImageReference,
    access: RegistryAccess,
    notBefore: number,
    now: string,
  ): Promise<{ position: Position; end: RefreshEnd }> {
    const question = { rules, currentTag: start.tag, tags, updating: start.update, withMisses: true };
    let decision = this.#evaluate(question);
    let digest: string | undefined;
    const failed = start.update === undefined ? failedRollout(image) : undefined;
    if (decision.kind === 'move') {
      digest = await this.tagLists.digest(reference, decision.tag, access, notBefore);
      if (failed !== undefined && failed.tag === decision.tag && failed.digest === digest) {
        decision = this.#evaluate({ ...question, rejected: { tag: failed.tag, reason: failed.message ?? 'its rollout failed' } });
        if (decision.kind !== 'move') return { position: start, end: rolloutFailed(start.tag, failed) };
        digest = await this.tagLists.digest(reference, decision.tag, access, notBefore);
      }
    }
    if (decision.kind !== 'move') return { position: start, end: { kind: 'fine', message: explain(decision, start.tag) } };
    if (decision.action !== 'apply') {
      return { position: start, end: {
        kind: 'stalled',
        result: 'ActionError',
        reason: 'UnsupportedAction',
        message: `rule ${JSON.stringify(decision.rule)} asks for approval of ${decision.tag}, which this version of kimup can't take; use the action apply`,
      } };
    }
    const update: Update = { tag: decision.tag, ...(digest === undefined ? {} : { digest }), rule: decision.rule, since: now };
    return { position: { ...start, update }, end: { kind: 'fine', message: decision.reason } };
  }

  #evaluate(question: Parameters<typeof decide>[0]): Answer {
    const began = this.clock.now();
    const decision = decide(question);
    if (decision.kind === 'ask') throw new Error(`the digest, platforms or age of ${decision.tag} would be needed`);
    const seconds = (this.clock.now() - began) / 1_000 / Math.max(1, question.rules.length);
    for (const _rule of question.rules) this.metrics.done('rules_evaluated', seconds, false);
    return decision;
  }

  /** Says by events what has changed; a refresh without news says nothing. */
  #tell(image: Image, position: Position, end: RefreshEnd): void {
    const { status } = image;
    const { update } = position;
    const key = keyOf(image);
    if (settled(image) === 'Healthy' && position.tag !== status.tag) {
      this.#event(image, 'Normal', 'Updated', `${status.tag} -> ${position.tag}: every rolled workload is healthy on it`);
      this.log.info('updated', { image: key, from: status.tag, to: position.tag });
    }
    if (update !== undefined && (update.tag !== status.update?.tag || update.digest !== status.update?.digest)) {
      this.metrics.done('actions_executed', 0, false);
      this.#event(image, 'Normal', 'UpdateFound', `${position.tag} -> ${update.tag} by rule ${JSON.stringify(update.rule)}${end.kind === 'fine' ? `: ${end.message}` : ''}`);
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

/** The last rollout, if it failed; its tag is not tried again while it points at the same digest. */
function failedRollout(image: Image): Rollout | undefined {
  const { rollout } = image.status;
  return rollout?.phase === 'Failed' ? rollout : undefined;
}

function rolloutFailed(tag: string, failed: Rollout): RefreshEnd {
  return {
    kind: 'stalled',
    result: 'ActionError',
    reason: 'RolloutFailed',
    message: `stays on ${tag}: the rollout of ${failed.tag} failed (${failed.message ?? 'no reason given'}); push a newer tag, or push ${failed.tag} anew`,
  };
}

function explain(decision: Exclude<Answer, { kind: 'move' }>, tag: string): string {
  return decision.kind === 'hold' ? decision.reason : `on ${tag}; ${decision.outcomes.map(({ rule, reason }) => `${rule}: ${reason}`).join('; ')}`;
}

/** What an error of a refresh means, in the words of `status.result`. Errors that nobody foresaw are thrown on. */
function failure(error: unknown): RefreshEnd {
  if (error instanceof InvalidImageReferenceError) {
    return { kind: 'stalled', result: 'GetImageError', reason: 'InvalidImage', message: `spec.image: ${error.message}` };
  }
  if (error instanceof InvalidRuleError) {
    return { kind: 'stalled', result: 'GetRuleError', reason: 'InvalidRule', message: error.message };
  }
  if (error instanceof PullSecretsError) {
    return { kind: 'retry', result: 'PullSecretsError', reason: 'PullSecretsError', message: error.message };
  }
  if (error instanceof RegistryError) {
    // A repository that is not there, or an answer that is none, is about the tags; all else about the registry.
    const result = error.code === 'not-found' || error.code === 'invalid-answer' ? 'TagsError' : 'RegistryError';
    return { kind: 'retry', result, reason: result, message: error.message, retryAfterMs: error.retryAfterMs };
  }
  throw error;
}
