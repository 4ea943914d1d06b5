import { Injectable } from '@nestjs/common';
import type { ImageReference } from '../../domain/reference/image-reference.ts';
import { Clock } from '../ports/clock.ts';
import { type RegistryAccess, TagRegistry } from '../ports/tag-registry.ts';
import { RequestCoalescer } from './request-coalescer.ts';

const LISTS = 256;
const TAGS = 200_000;
const DIGESTS = 1_024;
const PLATFORMS = 4_096;
const PLATFORMS_KEPT_MS = 24 * 3_600_000;

/**
 * One request for all Images that want the same repository at the same time under the same credentials.
 *
 * An asker says since when it wants to know (`notBefore`, milliseconds since the epoch: when its refresh became due). An
 * answer, a failure too, is shared with it when the request for it was started then or later; so nobody gets what was known
 * before, and Images that waited in a queue for the same registry don't each wait for its timeout again. Answers are kept
 * for 30 s, at most 256 lists of 200,000 tags in all. What a digest stands for never changes: its platforms are kept for a day.
 */
@Injectable()
export class SharedTagLists {
  private readonly lists: RequestCoalescer<readonly string[]>;
  private readonly digests: RequestCoalescer<string>;
  private readonly platformLists: RequestCoalescer<readonly string[]>;

  constructor(
    private readonly registry: TagRegistry,
    clock: Clock,
  ) {
    this.lists = new RequestCoalescer(clock, { answers: LISTS, weight: TAGS, weightOf: (tags) => tags.length });
    this.digests = new RequestCoalescer(clock, { answers: DIGESTS, weight: DIGESTS, weightOf: () => 1 });
    this.platformLists = new RequestCoalescer(clock, {
      answers: PLATFORMS,
      weight: PLATFORMS,
      weightOf: () => 1,
      keptMs: PLATFORMS_KEPT_MS,
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
