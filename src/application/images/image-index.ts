import { Injectable } from '@nestjs/common';
import type { Image } from '../../domain/image/image.ts';
import { readReference, repositoryId } from '../../domain/reference/image-reference.ts';
import type { TrackedImage } from '../../domain/assignment/image-ownership.ts';
import { Track } from '../../domain/track/track.ts';
import { type ImageListener, ImageStore } from '../ports/image-store.ts';
import { RuleCache } from './rule-cache.ts';

/**
 * The Images by namespace and repository, each with its track, kept by the store's changes, so that looking one up costs the
 * same however many there are. It subscribes when it is made: whoever is given it and subscribes then is told of a change
 * after it.
 */
@Injectable()
export class ImageIndex implements ImageListener {
  private readonly byNamespace = new Map<string, Map<string, readonly TrackedImage[]>>();
  /** Under which repository each Image is kept, by its uid. */
  private readonly repositories = new Map<string, string>();

  constructor(
    images: ImageStore,
    private readonly rules: RuleCache,
  ) {
    images.subscribe(this);
  }

  /** The Images of `namespace` for the repository (its {@link repositoryId}) that are not being deleted. */
  find(namespace: string, repository: string): readonly TrackedImage[] | undefined {
    return this.byNamespace.get(namespace)?.get(repository);
  }

  /** Whether any Image of `namespace` could put a tag on anything. */
  hasAny(namespace: string): boolean {
    return this.byNamespace.has(namespace);
  }

  /** An Image with its track, as it is given. */
  tracked(image: Image): TrackedImage {
    return { image, track: new Track(image, this.rules) };
  }

  changed(image: Image): void {
    this.deleted(image);
    const reference = image.deleting ? undefined : readReference(image.spec.image);
    if (reference === undefined) return;
    const repository = repositoryId(reference);
    let repositories = this.byNamespace.get(image.namespace);
    if (repositories === undefined) this.byNamespace.set(image.namespace, (repositories = new Map()));
    repositories.set(repository, [...(repositories.get(repository) ?? []), this.tracked(image)]);
    this.repositories.set(image.uid, repository);
  }

  deleted(image: Image): void {
    const repository = this.repositories.get(image.uid);
    const repositories = this.byNamespace.get(image.namespace);
    if (repository === undefined || repositories === undefined) return;
    const others = repositories.get(repository)?.filter(({ image: { uid } }) => uid !== image.uid) ?? [];
    if (others.length > 0) repositories.set(repository, others);
    else repositories.delete(repository);
    if (repositories.size === 0) this.byNamespace.delete(image.namespace);
    this.repositories.delete(image.uid);
  }
}
