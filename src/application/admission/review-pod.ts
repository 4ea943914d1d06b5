import { Injectable } from '@nestjs/common';
import type { Pod } from '../../domain/assignment/pod.ts';
import { mutatePod } from '../../domain/admission/mutate-pod.ts';
import { excludedNamespaces, inScope, MIRROR_POD_ANNOTATION } from '../../domain/assignment/scope.ts';
import { resolveTag } from '../../domain/assignment/assign-tag.ts';
import { IMAGES_ANNOTATION, parseImagesAnnotation } from '../../domain/assignment/images-annotation.ts';
import { ImageStore } from '../ports/image-store.ts';
import { NamespaceStore } from '../ports/namespace-store.ts';
import { ImageIndex } from '../images/image-index.ts';

/** What the API server asks about. */
export interface PodReview {
  readonly namespace: string;
  readonly operation: string;
  /** `ephemeralcontainers` where one is added to a running pod; empty for the pod itself. */
  readonly subResource: string;
  readonly pod: Pod;
  /** The pod as it was, on an update. */
  readonly before?: Pod;
}

/** RFC 6902, section 4.3. */
export interface ReplaceOperation {
  readonly op: 'replace';
  readonly path: string;
  readonly value: string;
}

/** Pods are always let in; `patch` is what changes on the way. */
export interface PodAnswer {
  readonly patch: readonly ReplaceOperation[];
  readonly warnings: readonly string[];
}

/** The namespace in which kimup itself runs. */
export class AdmissionOptions {
  constructor(readonly ownNamespace: string) {}
}

/** This replica can't say what is right for the pod now; another one, or this one a little later, can. */
export class StaleCacheError extends Error {
  override readonly name = 'StaleCacheError';
}

const NOTHING: PodAnswer = { patch: [], warnings: [] };

/** Puts the tags of the Images on a pod that is being created, from memory alone. */
@Injectable()
export class ReviewPod {
  private readonly excluded: ReadonlySet<string>;

  constructor(
    private readonly images: ImageStore,
    private readonly index: ImageIndex,
    private readonly namespaces: NamespaceStore,
    options: AdmissionOptions,
  ) {
    this.excluded = new Set(excludedNamespaces(options.ownNamespace));
  }

  /** Whether every Image and namespace was seen, so that an answer is the right one. */
  ready(): boolean {
    return this.images.synced() && this.namespaces.synced();
  }

  /**
   * What becomes of the pod: nothing, where it is out of scope.
   * @throws StaleCacheError if the pod template names an Image that has no tag yet, and the cache may be out of date
   */
  review({ namespace, operation, subResource, pod, before }: PodReview): PodAnswer {
    if (this.excluded.has(namespace)) return NOTHING;
    const imagesAnnotation = pod.metadata?.annotations?.[IMAGES_ANNOTATION];
    if (imagesAnnotation === undefined && !this.index.hasAny(namespace)) return NOTHING;
    const addsContainers = operation === 'UPDATE' && subResource === 'ephemeralcontainers';
    if (!addsContainers && !(operation === 'CREATE' && subResource === '')) return NOTHING;
    const annotations = pod.metadata?.annotations;
    if (
      annotations?.[MIRROR_POD_ANNOTATION] !== undefined ||
      !inScope(annotations, this.namespaces.annotations(namespace))
    )
      return NOTHING;
    if (imagesAnnotation !== undefined) this.checkKnown(namespace, imagesAnnotation);
    const { patches, warnings } = mutatePod(
      pod,
      (repository) => this.index.find(namespace, repository),
      addsContainers ? (before ?? {}) : undefined,
    );
    return {
      patch: patches.map(({ list, index, image }) => ({
        op: 'replace',
        path: `/spec/${list}/${index}/image`,
        value: image,
      })),
      warnings,
    };
  }

  /** The operator put the names there, so the Images were there: they are gone, or this replica has not heard of them. */
  private checkKnown(namespace: string, annotation: string): void {
    if (this.images.staleForMs() === 0) return;
    for (const [name, pinnedTag] of parseImagesAnnotation(annotation)) {
      const image = this.images.get({ namespace, name });
      // Known, but not yet as far as to put a tag on anything.
      if (image === undefined || resolveTag(image, pinnedTag) === undefined)
        throw new StaleCacheError(
          `kimup: this operator replica can't reach the API server and does not know the tag of Image ${namespace}/${name} yet; try again`,
        );
    }
  }
}
