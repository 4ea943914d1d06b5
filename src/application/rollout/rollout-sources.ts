import { IMAGES_ANNOTATION, parseImagesAnnotation } from '../../domain/assignment/images-annotation.ts';
import { type Image, keyOf } from '../../domain/image/image.ts';
import { readReference, repositoryId } from '../../domain/reference/image-reference.ts';
import { type Workload, workloadId } from '../../domain/rollout/workload.ts';
import { type Source, Subscription } from '../controller/source.ts';
import type { ImageIndex } from '../images/image-index.ts';
import type { ImageStore } from '../ports/image-store.ts';
import type { NamespaceStore } from '../ports/namespace-store.ts';
import type { WorkloadRoller } from '../ports/workload-roller.ts';

/** An Image that changed, and the others of its repository where it came to it, left it or was deleted. */
export function imageChanges(images: ImageStore, index: ImageIndex): Source {
  return new Subscription({
    keys: () => images.list().map(keyOf),
    subscribe: (enqueue, whileStarted) => {
      const addCompeting = (image: Image): void => {
        for (const other of imagesFor(index, image.namespace, image.spec.image)) enqueue(keyOf(other));
      };
      images.subscribe({
        changed: whileStarted((image, previous) => {
          enqueue(keyOf(image));
          // Who else is for its repository, or was, is selected now, or no longer.
          if (
            previous === undefined ||
            previous.spec.image !== image.spec.image ||
            previous.deleting !== image.deleting
          ) {
            addCompeting(image);
            if (previous !== undefined) addCompeting(previous);
          }
        }),
        deleted: whileStarted((image) => {
          enqueue(keyOf(image));
          addCompeting(image);
        }),
      });
    },
  });
}

/** The Images that a workload's change may matter to. */
export function workloadChanges(images: ImageStore, index: ImageIndex, roller: WorkloadRoller): Source {
  return new Subscription({
    subscribe: (enqueue, whileStarted) => {
      const changed = (workload: Workload): void => {
        if (!index.hasAny(workload.namespace)) return;
        for (const image of imagesOf(workload, images, index)) enqueue(keyOf(image));
      };
      roller.subscribe({ changed: whileStarted(changed), deleted: whileStarted(changed) });
    },
  });
}

/** All Images of a namespace whose annotations changed. */
export function namespaceChanges(images: ImageStore, namespaces: NamespaceStore): Source {
  return new Subscription({
    subscribe: (enqueue, whileStarted) => {
      const changed = ({ name }: { readonly name: string }): void => {
        for (const image of images.list(name)) enqueue(keyOf(image));
      };
      namespaces.subscribe({ changed: whileStarted(changed), deleted: whileStarted(changed) });
    },
  });
}

/** Those for a repository of its containers, named by its template, or that roll it. One may come several times. */
function* imagesOf(workload: Workload, images: ImageStore, index: ImageIndex): Generator<Image> {
  const { namespace, template } = workload;
  for (const { image } of template.containers) if (image !== undefined) yield* imagesFor(index, namespace, image);
  for (const name of parseImagesAnnotation(template.annotations[IMAGES_ANNOTATION]).keys()) {
    const named = images.get({ namespace, name });
    if (named !== undefined) yield named;
  }
  const id = workloadId(workload);
  for (const image of images.list(namespace)) {
    const { rollout } = image.status;
    if (rollout === undefined || rollout.phase === 'Healthy') continue;
    const rows = [...rollout.workloads, ...(rollout.late?.workloads ?? [])];
    if (rows.some((row) => workloadId(row) === id)) yield image;
  }
}

function imagesFor(index: ImageIndex, namespace: string, text: string): readonly Image[] {
  const reference = readReference(text);
  return (reference && index.find(namespace, repositoryId(reference)))?.map(({ image }) => image) ?? [];
}
