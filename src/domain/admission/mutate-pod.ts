import type { Image } from '../image/image.ts';
import { readReference, repositoryId } from '../reference/image-reference.ts';
import { type PinnedTag, parsePinnedTag } from '../reference/pinned-tag.ts';
import { IMAGES_ANNOTATION, parseImagesAnnotation } from '../assignment/images-annotation.ts';
import { CONTAINER_LISTS, type ContainerList, deploymentOf, type Pod } from '../assignment/pod.ts';
import {
  type Contender,
  contenderFor,
  IMAGE_ANNOTATION,
  selectImage,
  type Selection,
  type TrackedImage,
  whyItStays,
} from '../assignment/image-ownership.ts';
import { resolveTag } from '../assignment/assign-tag.ts';
import { truncate } from '../../support/text.ts';

/** A container whose image changes. */
export interface ImagePatch {
  readonly list: ContainerList;
  readonly index: number;
  readonly image: string;
}

/** What admission does to a pod, and what it tells whoever creates it. */
export interface PodMutation {
  readonly patches: readonly ImagePatch[];
  readonly warnings: readonly string[];
}

/** The Images of the pod's namespace for a repository, by its {@link repositoryId}; `undefined` or none where there is none. */
export type ImagesFor = (repository: string) => readonly TrackedImage[] | undefined;

/**
 * Puts the Images' tags on the containers of `pod` that name their repositories. Doing it twice changes nothing.
 * @param before the pod as it was, on the update that adds ephemeral containers: only new ones of those are looked at
 */
export function mutatePod(pod: Pod, imagesFor: ImagesFor, before?: Pod): PodMutation {
  const annotations = pod.metadata?.annotations;
  const patches: ImagePatch[] = [];
  const warnings = new Set<string>();
  let pinnedTags: ReadonlyMap<string, PinnedTag> | undefined;

  for (const list of CONTAINER_LISTS) {
    if (before !== undefined && list !== 'ephemeralContainers') continue;
    const containers = pod.spec?.[list] ?? [];
    for (let index = 0; index < containers.length; index++) {
      const container = containers[index]!;
      if (before?.spec?.[list]?.some(({ name }) => name === container.name)) continue;
      const reference = container.image === undefined ? undefined : readReference(container.image);
      if (container.image === undefined || reference === undefined) continue;
      const images = imagesFor(repositoryId(reference));
      if (images === undefined || images.length === 0) continue;
      pinnedTags ??= parseImagesAnnotation(annotations?.[IMAGES_ANNOTATION]);
      const selection = selectImage(
        container.image,
        reference,
        contenders(images, pinnedTags, pod),
        annotations?.[IMAGE_ANNOTATION],
      );
      if (selection.kind === 'one' && selection.fit.kind === 'put' && selection.contender.waits !== true)
        patches.push({ list, index, image: selection.fit.image });
      for (const warning of warningsOf(selection, container.name, container.image, repositoryId(reference)))
        warnings.add(warning);
    }
  }
  return { patches, warnings: [...warnings] };
}

/** With what each puts on the pod. */
function contenders(
  images: readonly TrackedImage[],
  pinnedTags: ReadonlyMap<string, PinnedTag>,
  pod: Pod,
): readonly Contender[] {
  return images.map((one) =>
    contenderFor(one, resolveTag(one.image, pinnedTags.get(one.image.name) ?? kept(one.image, pod))),
  );
}

/** What the pods of a workload that a person took out of the last rollout stay on, until the next. */
function kept(image: Image, pod: Pod): PinnedTag | undefined {
  const rows = image.status.rollout?.workloads;
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (rows === undefined || owner === undefined) return undefined;
  const [kind, name] =
    owner.kind === 'ReplicaSet' ? ['Deployment', deploymentOf(owner.name)] : [owner.kind, owner.name];
  const pinnedTag = rows.find(
    (row) => row.pinnedTag !== undefined && row.name === name && row.kind === kind,
  )?.pinnedTag;
  return pinnedTag === undefined ? undefined : parsePinnedTag(pinnedTag);
}

/** What whoever creates the pod is told. A digest goes without a warning: whoever wrote one meant it. */
function warningsOf(selection: Selection, container: string, own: string, repository: string): readonly string[] {
  switch (selection.kind) {
    case 'one':
      return [];
    case 'tie': {
      const names = selection.contenders
        .map(({ image: { name } }) => name)
        .sort()
        .join(', ');
      return [
        cut(
          `kimup: several Images match ${repository}, so none of them sets its tag; set the annotation ${IMAGE_ANNOTATION} to one of ${names}`,
        ),
      ];
    }
    case 'none':
      return selection.left.flatMap(({ contender: { image, to, waits }, because }) =>
        because === 'digest' || waits === true
          ? []
          : [
              cut(
                `kimup: container ${container} keeps ${own}: ${whyItStays(because, readReference(own)?.tag, to.tag, image.name)}`,
              ),
            ],
      );
  }
}

/** The API server cuts warnings at 256 bytes itself, and from 4,096 in all shows none. */
function cut(warning: string): string {
  return truncate(warning, 250);
}
