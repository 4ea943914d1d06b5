import { Injectable } from '@nestjs/common';
import { type ControllerState, currentState } from '../../domain/image/controller-state.ts';
import type { Image } from '../../domain/image/image.ts';
import type { RefreshOutcome } from '../../domain/image/refresh-outcome.ts';
import { type ImageReference, parseImageReference } from '../../domain/reference/image-reference.ts';
import type { BuiltSpec } from '../../domain/rule/rule-catalogue.ts';
import { InvalidRuleError } from '../../domain/tag/invalid-rule-error.ts';
import { ActionCatalogue } from '../action/action-catalogue.ts';
import { evaluateImage, type Evaluation, type KnownTags } from '../decision/evaluate-image.ts';
import { Explanations } from '../decision/explanations.ts';
import { RuleCache } from '../images/rule-cache.ts';
import { Clock } from '../ports/clock.ts';
import { Metrics } from '../ports/metrics.ts';
import { SecretReader } from '../ports/secret-reader.ts';
import type { RegistryAccess } from '../ports/tag-registry.ts';
import { refreshFailure } from './refresh-failure.ts';
import { SharedTagLists } from './shared-tag-lists.ts';
import { Stopwatch } from './stopwatch.ts';

/** Where an Image is after the registry was asked, and how that went. */
export interface Found {
  /** Where it was before. */
  readonly start: ControllerState;
  readonly state: ControllerState;
  readonly outcome: RefreshOutcome;
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
  constructor(
    private readonly tagLists: SharedTagLists,
    private readonly secrets: SecretReader,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly rules: RuleCache,
    private readonly actions: ActionCatalogue,
    private readonly explanations: Explanations,
  ) {}

  /** Nothing is kept any more of an Image that is gone. */
  forget(key: string): void {
    this.explanations.forget(key);
  }

  /**
   * Never throws: what fails is in the outcome.
   * @param notBefore what the registry said earlier does not count, milliseconds since the epoch
   * @param now when the refresh began, milliseconds since the epoch
   */
  async find(image: Image, notBefore: number, now: number): Promise<Found> {
    try {
      const reference = parseImageReference(image.spec.image);
      const built = this.rules.of(image.spec);
      const repository = { reference, access: await this.accessTo(image, reference), notBefore };
      const tags = await this.listTags(repository);
      this.metrics.tagsAvailable(image.spec.image, tags.length);
      return await this.evaluate(image, built, tags, repository, now);
    } catch (error) {
      if (error instanceof InvalidRuleError) this.metrics.done('rules_evaluated', 0, true);
      const state = currentState(image, new Date(now).toISOString());
      return { start: state, state, outcome: refreshFailure(error) };
    }
  }

  private async accessTo({ namespace, spec }: Image, reference: ImageReference): Promise<RegistryAccess> {
    const { imagePullSecrets, insecureSkipTLSVerify } = spec;
    const credentials =
      imagePullSecrets.length === 0 ? [] : await this.secrets.pullCredentials(namespace, imagePullSecrets, reference);
    return { credentials, insecureSkipTLSVerify };
  }

  private async listTags({ reference, access, notBefore }: Repository): Promise<readonly string[]> {
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

  /** What waits for a registry meanwhile, and what is explained to people, is not the rules' time. */
  private async evaluate(
    image: Image,
    built: BuiltSpec,
    tags: readonly string[],
    { reference, access, notBefore }: Repository,
    now: number,
  ): Promise<Evaluation> {
    const stopwatch = new Stopwatch(this.clock);
    const facts: KnownTags['facts'] = {
      digest: (tag) => stopwatch.pauseFor(() => this.tagLists.digest(reference, tag, access, notBefore)),
      platforms: (digest) => stopwatch.pauseFor(() => this.tagLists.platforms(reference, digest, access)),
    };
    const evaluation = await evaluateImage(image, built, { tags, facts }, this.actions, now, {
      explain: (decided) => stopwatch.pausedDuring(() => this.explanations.of(image, decided)),
    });
    if (evaluation.decided !== undefined) {
      const seconds = stopwatch.elapsedMs() / 1_000 / Math.max(1, built.rules.length);
      for (const _rule of built.rules) this.metrics.done('rules_evaluated', seconds, false);
    }
    if (evaluation.move !== undefined && evaluation.outcome.kind !== 'ok')
      this.metrics.done('actions_executed', 0, true);
    return evaluation;
  }
}
