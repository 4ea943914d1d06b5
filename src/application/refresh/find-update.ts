import { Injectable } from '@nestjs/common';
import { pinsDigest } from '../../domain/assignment/assign-tag.ts';
import type { DecisionInput } from '../../domain/decision/decision-input.ts';
import { BASE_TAG_RULE, type Rollout, type Update } from '../../domain/image/image-status.ts';
import type { Image } from '../../domain/image/image.ts';
import { type ImageReference, parseImageReference } from '../../domain/reference/image-reference.ts';
import { InvalidImageReferenceError } from '../../domain/reference/reference-grammar.ts';
import { tagGone } from '../../domain/image/tag-gone.ts';
import { failedRollout } from '../../domain/image/image-state.ts';
import { InvalidRuleError } from '../../domain/tag/invalid-rule-error.ts';
import { Clock } from '../ports/clock.ts';
import { Metrics } from '../ports/metrics.ts';
import { PullSecretsError, SecretReader } from '../ports/secret-reader.ts';
import { type RegistryAccess, RegistryError } from '../ports/tag-registry.ts';
import { RuleCache } from '../images/rule-cache.ts';
import { type Decided, decideWithFacts, type FactSource, withoutFailed } from '../decision/decide-with-facts.ts';
import { Explanations } from '../decision/explanations.ts';
import { FirstSeenDigests } from '../decision/first-seen.ts';
import type { ControllerState, RefreshOutcome } from './refresh-status.ts';
import { changeBaseTag, type BaseTagChange } from './controller-state.ts';
import { SharedTagLists } from './shared-tag-lists.ts';

/** Where an Image is after the registry was asked, and how that went. */
export interface Found {
  readonly position: ControllerState;
  readonly end: RefreshOutcome;
  /** What there is to say of the tag that it is on, where the registry does not list it; absent where that was not found out. */
  readonly gone?: { readonly message: string | undefined };
}

/** A repository of which answers are wanted that are no older than `notBefore` (milliseconds since the epoch). */
interface Repository {
  readonly reference: ImageReference;
  readonly access: RegistryAccess;
  readonly notBefore: number;
}

/** From what the registry has to what moves. */
@Injectable()
export class FindUpdate {
  readonly #tagLists: SharedTagLists;
  readonly #secrets: SecretReader;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #built: RuleCache;
  readonly #explanations = new Explanations();

  constructor(tagLists: SharedTagLists, secrets: SecretReader, metrics: Metrics, clock: Clock, rules: RuleCache) {
    this.#tagLists = tagLists;
    this.#secrets = secrets;
    this.#metrics = metrics;
    this.#clock = clock;
    this.#built = rules;
  }

  /** Nothing is kept any more of an Image that is gone. */
  forget(key: string): void {
    this.#explanations.forget(key);
  }

  /**
   * @param start where the Image is before
   * @param notBefore what the registry said earlier does not count, milliseconds since the epoch
   * @param now when the refresh began, milliseconds since the epoch
   */
  async find(image: Image, start: ControllerState, notBefore: number, now: number): Promise<Found> {
    try {
      const reference = parseImageReference(image.spec.image);
      this.#built.of(image.spec);
      const access: RegistryAccess = {
        credentials:
          image.spec.imagePullSecrets.length === 0
            ? []
            : await this.#secrets.pullCredentials(image.namespace, image.spec.imagePullSecrets, reference),
        insecureSkipTLSVerify: image.spec.insecureSkipTLSVerify,
      };
      const repository: Repository = { reference, access, notBefore };
      const tags = await this.#tags(repository);
      this.#metrics.tagsAvailable(image.spec.image, tags.length);
      const rebased = await changeBaseTag(image, start, rfc3339(now), (tag) => this.#digest(repository, tag));
      const found =
        rebased === undefined ? await this.#decide(image, start, tags, repository, now) : afterRebase(rebased, now);
      return { ...found, gone: { message: tagGone(found.position.tag, tags) } };
    } catch (error) {
      if (error instanceof InvalidRuleError) this.#metrics.done('rules_evaluated', 0, true);
      return { position: start, end: failure(error) };
    }
  }

  async #tags({ reference, access, notBefore }: Repository): Promise<readonly string[]> {
    const began = this.#clock.now();
    let failed = true;
    try {
      const tags = await this.#tagLists.listTags(reference, access, notBefore);
      failed = false;
      return tags;
    } finally {
      this.#metrics.done('tags_request', (this.#clock.now() - began) / 1_000, failed);
    }
  }

  #digest({ reference, access, notBefore }: Repository, tag: string): Promise<string> {
    return this.#tagLists.digest(reference, tag, access, notBefore);
  }

  async #decide(
    image: Image,
    start: ControllerState,
    tags: readonly string[],
    repository: Repository,
    now: number,
  ): Promise<Found> {
    const seen = new FirstSeenDigests(image.status.firstSeen ?? [], now);
    const facts: FactSource = {
      digest: (tag) => this.#digest(repository, tag),
      platforms: (digest) => this.#tagLists.platforms(repository.reference, digest, repository.access),
      firstSeen: (tag, digest) => seen.of(tag, digest),
    };
    const { rules, filter } = this.#built.of(image.spec);
    let decided = await this.#evaluate(
      { rules, filter, currentTag: start.tag, currentDigest: start.digest, tags, now, updating: start.update },
      facts,
    );
    const failed = start.update === undefined ? failedRollout(image) : undefined;
    let back: RefreshOutcome | undefined;
    if (failed !== undefined && decided.answer.kind === 'move') {
      const other = await withoutFailed(decided, failed, digestOf(decided), facts);
      if (other !== decided && other.answer.kind !== 'move') back = rolloutFailed(start.tag, failed);
      decided = other;
    }
    const { answer } = decided;
    const explanation = this.#explanations.of(image, decided);
    const known = start.digest ?? answer.currentDigest ?? (await this.#baseline(image, start, repository));
    const position: ControllerState = {
      ...start,
      ...(known === undefined ? {} : { digest: known }),
      candidates: explanation.candidates,
      firstSeen: seen.remembered(),
    };
    if (back !== undefined) return { position, end: back };
    if (answer.kind === 'hold') return { position, end: { kind: 'fine', message: answer.reason } };
    if (answer.kind === 'stay') return { position, end: { kind: 'fine', message: explanation.message } };
    if (answer.action !== 'apply') {
      this.#metrics.done('actions_executed', 0, true);
      return {
        position,
        end: {
          kind: 'stalled',
          result: 'ActionError',
          reason: 'UnsupportedAction',
          message: `rule ${JSON.stringify(answer.rule)} asks for approval of ${answer.tag}, which this version of kimup can't take; use the action apply`,
        },
      };
    }
    const digest = digestOf(decided);
    const update: Update = {
      tag: answer.tag,
      ...(digest === undefined ? {} : { digest }),
      rule: answer.rule,
      since: rfc3339(now),
    };
    return { position: { ...position, update }, end: { kind: 'fine', message: answer.reason } };
  }

  /** Where pods are to get a digest and none was recorded, the one that the tag has now; none of a tag that is gone. */
  async #baseline(image: Image, start: ControllerState, repository: Repository): Promise<string | undefined> {
    if (!pinsDigest(image.spec) || start.update !== undefined) return undefined;
    try {
      return await this.#digest(repository, start.tag);
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  /** What waits for a registry meanwhile is not the rules' time; the facts are asked one after the other. */
  async #evaluate(input: DecisionInput, facts: FactSource): Promise<Decided> {
    const began = this.#clock.now();
    let waitedMs = 0;
    const timed = async <T>(ask: () => Promise<T>): Promise<T> => {
      const from = this.#clock.now();
      try {
        return await ask();
      } finally {
        waitedMs += this.#clock.now() - from;
      }
    };
    const decided = await decideWithFacts(input, {
      digest: (tag) => timed(() => facts.digest(tag)),
      platforms: (digest) => timed(() => facts.platforms(digest)),
      firstSeen: (tag, digest) => facts.firstSeen(tag, digest),
    });
    const seconds = (this.#clock.now() - began - waitedMs) / 1_000 / Math.max(1, input.rules.length);
    for (const _rule of input.rules) this.#metrics.done('rules_evaluated', seconds, false);
    return decided;
  }
}

/** What the tag to move to points at, as the decision saw it. */
function digestOf({ input, answer }: Decided): string | undefined {
  const digest = answer.kind === 'move' ? input.facts?.get(answer.tag)?.digest : undefined;
  return typeof digest === 'string' ? digest : undefined;
}

function afterRebase(rebased: BaseTagChange, now: number): Found {
  const { position, message } = rebased;
  const end: RefreshOutcome = { kind: 'fine', message };
  if (rebased.kind === 'there') return { position, end };
  const { digest } = rebased;
  return {
    position: {
      ...position,
      update: {
        tag: position.baseTag,
        ...(digest === undefined ? {} : { digest }),
        rule: BASE_TAG_RULE,
        since: rfc3339(now),
      },
    },
    end,
  };
}

/** How a refresh ends while the last rollout failed and nothing newer is there. */
function rolloutFailed(tag: string, failed: Rollout): RefreshOutcome {
  return {
    kind: 'stalled',
    result: 'ActionError',
    reason: 'RolloutFailed',
    message: `stays on ${tag}: the rollout of ${failed.tag} failed (${failed.message ?? 'no reason given'}); push a newer tag, or push ${failed.tag} anew`,
  };
}

/** What an error of a refresh means, in the words of `status.result`. */
function failure(error: unknown): RefreshOutcome {
  if (error instanceof InvalidImageReferenceError) {
    return {
      kind: 'stalled',
      result: 'GetImageError',
      reason: 'InvalidImage',
      message: `spec.image: ${error.message}`,
    };
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
  return {
    kind: 'retry',
    result: 'Error',
    reason: 'Error',
    message: 'kimup failed at this refresh for a reason that it did not foresee; the log of its controller says more',
    unforeseen: error,
  };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
