import { Injectable } from '@nestjs/common';
import type { ImageReference } from '../../domain/reference/image-reference.ts';
import { Clock } from '../ports/clock.ts';
import { type RegistryAccess, TagRegistry } from '../ports/tag-registry.ts';
import { RequestCoalescer } from './request-coalescer.ts';

/** How much of what registries said is kept. */
export class SharedTagListLimits {
  constructor(
    /** Tag lists, and tags in all of them. */
    readonly lists: number = 256,
    readonly tags: number = 200_000,
    readonly digests: number = 1_024,
    /** Digests whose platforms are kept, and for how long, milliseconds. */
    readonly platforms: number = 4_096,
    readonly platformsKeptMs: number = 24 * 3_600_000,
  ) {}
}

/**
 * One request for all Images that want the same repository at the same time under the same credentials.
 *
 * An asker says since when it wants to know (`notBefore`, milliseconds since the epoch: when its refresh became due). An
 * answer, a failure too, is shared with it when the request for it was started then or later; so nobody gets what was known
 * before, and Images that waited in a queue for the same registry don't each wait for its timeout again. Answers are kept
 * for 30 s, within the {@link SharedTagListLimits}. What a digest stands for never changes: its platforms are kept for longer.
 */
@Injectable()
export class SharedTagLists {
  private readonly lists: RequestCoalescer<readonly string[]>;
  private readonly digests: RequestCoalescer<string>;
  private readonly platformLists: RequestCoalescer<readonly string[]>;

  constructor(
    private readonly registry: TagRegistry,
    clock: Clock,
    limits: SharedTagListLimits = new SharedTagListLimits(),
  ) {
    const { lists, tags, digests, platforms, platformsKeptMs } = limits;
    this.lists = new RequestCoalescer(clock, { answers: lists, weight: tags, weightOf: (list) => list.length });
    this.digests = new RequestCoalescer(clock, { answers: digests, weight: digests, weightOf: () => 1 });
    this.platformLists = new RequestCoalescer(clock, {
      answers: platforms,
      weight: platforms,
      weightOf: () => 1,
      keptMs: platformsKeptMs,
      forgetFailures: true,
    });
  }

  /** {@link TagRegistry.listTags}, started at or after `notBefore`. */
  listTags(reference: ImageReference, access: RegistryAccess, notBefore: number): Promise<readonly string[]> {
    return this.lists.get(repositoryOf(reference), access, notBefore, () => this.registry.listTags(reference, access));
  }

  /** {@link TagRegistry.digest}, started at or after `notBefore`. */
  digest(reference: ImageReference, tag: string, access: RegistryAccess, notBefore: number): Promise<string> {
    return this.digests.get(`${repositoryOf(reference)}:${tag}`, access, notBefore, () =>
      this.registry.digest(reference, tag, access),
    );
  }

  /** {@link TagRegistry.platforms}, whenever it was asked. */
  platforms(reference: ImageReference, digest: string, access: RegistryAccess): Promise<readonly string[]> {
    return this.platformLists.get(`${repositoryOf(reference)}@${digest}`, access, 0, () =>
      this.registry.platforms(reference, digest, access),
    );
  }
}

function repositoryOf(reference: ImageReference): string {
  return `${reference.registry}/${reference.repository}`;
}
