import { ImageStore, type ControllerStatus, type ImageListener, type OperatorStatus } from '../../application/ports/image-store.ts';
import type { EventRecorder } from '../../application/ports/event-recorder.ts';
import type { Log } from '../../application/ports/log.ts';
import { ANNOTATION_PREFIX, type Image, type ObjectKey } from '../../domain/image/image.ts';
import type { Informer } from './client/informer.ts';
import type { KubeClient } from './client/kube-client.ts';
import { apiVersionOf, IMAGES } from './client/resource.ts';
import { imageOf, type RawImage } from './image-mapping.ts';
import { writeErrorOf } from './write-error.ts';

/** Who writes: each component has its own fields, and its own field manager for them. */
export type FieldManager = 'kimup-controller' | 'kimup-operator';

/** The Images of the cluster, read from an informer, written by server-side apply. */
export class KubernetesImageStore extends ImageStore {
  /** What each object of the informer reads as; `null` when it can't be read. */
  private readonly images = new WeakMap<RawImage, Image | null>();
  private readonly lists = new WeakMap<readonly RawImage[], readonly Image[]>();

  /** @param informer of Images; whoever made it starts and stops it */
  constructor(
    private readonly client: KubeClient,
    private readonly informer: Informer<RawImage>,
    private readonly fieldManager: FieldManager,
    private readonly events: EventRecorder,
    private readonly log: Log,
  ) {
    super();
  }

  override get({ namespace, name }: ObjectKey): Image | undefined {
    const raw = this.informer.get(namespace, name);
    return raw && this.read(raw);
  }

  override list(namespace?: string): readonly Image[] {
    const raws = this.informer.list(namespace);
    let images = this.lists.get(raws);
    if (images === undefined) {
      images = raws.map((raw) => this.read(raw)).filter((image) => image !== undefined);
      this.lists.set(raws, images);
    }
    return images;
  }

  override synced(): boolean {
    return this.informer.synced();
  }

  /** An Image that can't be read any more is told of as deleted. */
  override subscribe(listener: ImageListener): void {
    this.informer.subscribe({
      changed: (now, previous) => {
        const image = this.read(now);
        const before = previous && this.read(previous);
        if (image !== undefined) listener.changed(image, before);
        else if (before !== undefined) listener.deleted(before);
      },
      deleted: (last) => {
        const image = this.read(last);
        if (image !== undefined) listener.deleted(image);
      },
    });
  }

  override async writeControllerStatus(image: Image, status: ControllerStatus): Promise<void> {
    await this.writeStatus('kimup-controller', image, status);
  }

  override async writeOperatorStatus(image: Image, status: OperatorStatus): Promise<void> {
    await this.writeStatus('kimup-operator', image, status);
  }

  override async annotate(image: Image, annotations: Readonly<Record<string, string | null>>): Promise<void> {
    const { namespace, name, uid } = image;
    const prefixed = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [ANNOTATION_PREFIX + key, value]));
    await this.client.mergePatch(IMAGES, { namespace, name }, { metadata: { uid, annotations: prefixed } }, this.fieldManager)
      .catch((error: unknown) => { throw writeErrorOf(error); });
  }

  private async writeStatus(writer: FieldManager, { namespace, name, uid }: Image, status: ControllerStatus | OperatorStatus): Promise<void> {
    if (writer !== this.fieldManager) throw new Error(`the status of the ${writer} is not for the ${this.fieldManager} to write`);
    // The uid guards it: without, an apply would write to whatever has this name by now.
    await this.client.apply(IMAGES, { namespace, name, subresource: 'status' }, { metadata: { namespace, name, uid }, status }, writer)
      .catch((error: unknown) => { throw writeErrorOf(error); });
  }

  private read(raw: RawImage): Image | undefined {
    let image = this.images.get(raw);
    if (image === undefined) {
      try {
        image = imageOf(raw);
      } catch (error) {
        image = null;
        this.reportUnreadable(raw, error instanceof Error ? error.message : String(error));
      }
      this.images.set(raw, image);
    }
    return image ?? undefined;
  }

  private reportUnreadable({ metadata: { namespace = '', name = '', uid = '' } = {} }: RawImage, problem: string): void {
    this.log.warn('an Image can\'t be read and is left out', { namespace, name, problem });
    this.events.record({ kind: IMAGES.kind, apiVersion: apiVersionOf(IMAGES), namespace, name, uid }, 'Warning', 'InvalidImage', `kimup leaves this Image out: ${problem}. Correct the field, and check that the CRDs are those of this version of kimup.`);
  }
}
