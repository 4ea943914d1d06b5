import { CONTAINER_LISTS, type Pod } from '../../domain/assignment/pod.ts';
import { type Annotations, ENABLED_ANNOTATION, saysEnabled } from '../../domain/assignment/scope.ts';
import { pinned, resolveTag } from '../../domain/assignment/assign-tag.ts';
import type { Image } from '../../domain/image/image.ts';
import { type ImageReference, readReference, repositoryId } from '../../domain/reference/image-reference.ts';
import type { BuiltSpec } from '../../domain/rule/rule-catalogue.ts';
import { IMAGES_ANNOTATION, parseImagesAnnotation } from '../../domain/assignment/images-annotation.ts';
import type { PinnedTag } from '../../domain/reference/pinned-tag.ts';
import {
  type Contender,
  contenderFor,
  IMAGE_ANNOTATION,
  selectImage,
  type Selection,
  whyItStays,
} from '../../domain/assignment/image-ownership.ts';
import { Track } from '../../domain/track/track.ts';

/** Something that makes pods, or a pod, as its manifest has it. */
export interface WorkloadToPlan {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** The pod, or the template that its pods are made from. */
  readonly pod: Pod;
}

/** What the files say beside the Images. */
export interface Surroundings {
  readonly workloads: readonly WorkloadToPlan[];
  /** The annotations of namespaces, by name; of others nothing is known. */
  readonly namespaces: ReadonlyMap<string, Annotations>;
}

/** An Image as it is once its move is decided, and the tag that pods get then; `undefined` where that is not known. */
export interface MovedImage {
  readonly image: Image;
  readonly built: BuiltSpec;
  readonly to: PinnedTag | undefined;
}

/** What becomes of a workload's containers that name an Image's repository. */
export interface PlannedWorkload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly containers: readonly PlannedContainer[];
}

export interface PlannedContainer {
  readonly name: string;
  /** As the manifest has it. */
  readonly image: string;
  /** The whole new text; null where it stays. */
  readonly becomes: string | null;
  readonly reason: string;
}

/** What becomes of the workloads that name each Image's repository, in the order of the Images: the same as where pods are created. */
export function planWorkloads(
  images: readonly MovedImage[],
  { workloads, namespaces }: Surroundings,
): readonly (readonly PlannedWorkload[])[] {
  const competingImages = Map.groupBy(images, ({ image: { namespace, spec } }) =>
    placeOf(namespace, readReference(spec.image)),
  );
  const planned = new Map<MovedImage, PlannedWorkload[]>(images.map((image) => [image, []]));
  for (const workload of workloads) {
    const why = outOfScope(workload, namespaces.get(workload.namespace));
    const named = Map.groupBy(containersOf(workload), ({ reference }) => placeOf(workload.namespace, reference));
    for (const [place, containers] of named) {
      const all = competingImages.get(place) ?? [];
      const contenders = contendersAt(workload.pod, all);
      const named = workload.pod.metadata?.annotations?.[IMAGE_ANNOTATION];
      const selected = containers.map((container) => ({
        ...container,
        selection: selectImage(container.image, container.reference, contenders, named),
      }));
      for (const moved of all) {
        const { kind, namespace, name } = workload;
        planned.get(moved)!.push({
          kind,
          namespace,
          name,
          containers: selected.map(({ name: container, image, reference, selection }) => ({
            name: container,
            image,
            ...(why === undefined ? becomes(reference, moved.image, selection) : stays(why)),
          })),
        });
      }
    }
  }
  return images.map((image) => planned.get(image)!);
}

/** A repository in a namespace. */
function placeOf(namespace: string, reference: ImageReference | undefined): string {
  return reference === undefined ? '' : `${namespace} ${repositoryId(reference)}`;
}

function containersOf({
  pod,
}: WorkloadToPlan): readonly { readonly name: string; readonly image: string; readonly reference: ImageReference }[] {
  return CONTAINER_LISTS.flatMap((list) => pod.spec?.[list] ?? []).flatMap(({ name, image = '' }) => {
    const reference = readReference(image);
    return reference === undefined ? [] : [{ name, image, reference }];
  });
}

type Becomes = Pick<PlannedContainer, 'becomes' | 'reason'>;

function stays(reason: string): Becomes {
  return { becomes: null, reason };
}

function becomes(reference: ImageReference, image: Image, selection: Selection): Becomes {
  switch (selection.kind) {
    case 'tie':
      return stays(
        `several Images match this container, so none of them sets its tag; set the annotation ${IMAGE_ANNOTATION} to one of ${selection.contenders
          .map(({ image: { name } }) => name)
          .sort()
          .join(', ')}`,
      );
    case 'none': {
      const own = selection.left.find(({ contender }) => contender.image.name === image.name)!;
      return stays(
        own.contender.waits === true
          ? UNKNOWN
          : whyItStays(own.because, reference.tag, own.contender.to.tag, image.name),
      );
    }
    case 'one': {
      const {
        contender: {
          image: { name },
          to,
          waits,
        },
        fit,
      } = selection;
      if (name !== image.name) return stays(`gets its tag from Image ${name}`);
      if (waits === true) return stays(UNKNOWN);
      return fit.kind === 'equal'
        ? stays(`it has ${to.tag}, the tag of Image ${name}`)
        : { becomes: fit.image, reason: `gets ${to.tag}, the tag of Image ${name}` };
    }
  }
}

const UNKNOWN = "the Image's tag is not known, because the registry could not be queried";

/** What each Image puts on the pod: what its template names, where nothing moves. */
function contendersAt(pod: Pod, images: readonly MovedImage[]): readonly Contender[] {
  const pinnedTags = parseImagesAnnotation(pod.metadata?.annotations?.[IMAGES_ANNOTATION]);
  return images.map(({ image, built, to }) => {
    const named = image.status.update === undefined ? pinnedTags.get(image.name) : undefined;
    const tag = to === undefined ? undefined : named === undefined ? pinned(image, to) : resolveTag(image, named);
    return contenderFor({ image, track: new Track(image, { find: () => built }) }, tag);
  });
}

/** Why kimup leaves the workload alone, as far as the files tell; in scope where they say nothing. */
function outOfScope({ namespace, pod }: WorkloadToPlan, annotations: Annotations): string | undefined {
  if (namespace === 'kube-system') return 'kimup never changes pods in kube-system';
  if ((saysEnabled(pod.metadata?.annotations) ?? saysEnabled(annotations)) !== false) return undefined;
  return saysEnabled(pod.metadata?.annotations) === false
    ? `not in scope: its pods have ${ENABLED_ANNOTATION}: "false"`
    : `not in scope: its namespace has ${ENABLED_ANNOTATION}: "false"`;
}
