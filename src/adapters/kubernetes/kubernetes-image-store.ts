import { ImageStore, WriteError, type ControllerStatus, type ImageListener, type OperatorStatus } from '../../application/ports/image-store.ts';
import type { EventRecorder } from '../../application/ports/event-recorder.ts';
import type { Log } from '../../application/ports/log.ts';
import { ANNOTATION_PREFIX, type Image, type ObjectKey } from '../../domain/image/image.ts';
import type { Informer } from './client/informer.ts';
import type { KubeClient } from './client/kube-client.ts';
import { hasStatus } from './client/kube-error.ts';
import { apiVersionOf, IMAGES } from './client/resource.ts';
import { imageOf, type RawImage } from './image-mapping.ts';
import { writeErrorOf } from './write-error.ts';

/** Who writes: each component has its own fields, and its own field manager for them. */
export type FieldManager = 'kimup-controller' | 'kimup-operator';

/** A status is written again when somebody else's write came between; each time a request more. */
const WRITE_ATTEMPTS = 4;

/** The Images of the cluster, read from an informer, written by server-side apply. */
export class KubernetesImageStore extends ImageStore {
  /** What each object of the informer reads as; `null` when it can't be read. */
  private readonly images = new WeakMap<RawImage, Image | null>();
  private readonly lists = new WeakMap<readonly RawImage[], readonly Image[]>();
  /** By uid: the resourceVersion after this store's last write, until the informer has come that far. */
  private readonly versions = new Map<string, string>();

  /** @param informer of Images; whoever made it starts and stops it */
  constructor(
    private readonly client: KubeClient,
    private readonly informer: Informer<RawImage>,
    private readonly fieldManager: FieldManager,
    private readonly events: EventRecorder,
    private readonly log: Log,
  ) {
    super();
    informer.subscribe({
      changed: ({ metadata: { uid = '', resourceVersion = '' } = {} }) => {
        const written = this.versions.get(uid);
        if (written !== undefined && !isNewer(written, resourceVersion)) this.versions.delete(uid);
      },
      deleted: ({ metadata }) => this.versions.delete(metadata?.uid ?? ''),
    });
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

  override async annotate({ namespace, name, uid }: Image, annotations: Readonly<Record<string, string | null>>): Promise<void> {
    const prefixed = Object.fromEntries(Object.entries(annotations).map(([key, value]) => [ANNOTATION_PREFIX + key, value]));
    try {
      this.written(await this.client.mergePatch<RawImage>(IMAGES, { namespace, name }, { metadata: { uid, annotations: prefixed } }, this.fieldManager));
    } catch (error) {
      throw writeErrorOf(error);
    }
  }

  /**
   * The status subresource takes no notice of a uid in what is applied, only of a resourceVersion: that is what keeps a status
   * from another Image of the same name. It is the present one, not that of `image`: who else wrote meanwhile does not matter.
   */
  private async writeStatus(writer: FieldManager, image: Image, status: ControllerStatus | OperatorStatus): Promise<void> {
    if (writer !== this.fieldManager) throw new Error(`the status of the ${writer} is not for the ${this.fieldManager} to write`);
    const { namespace, name, uid } = image;
    try {
      let resourceVersion = this.presentVersion(image);
      for (let attempt = 1; ; attempt++) {
        try {
          const metadata = { namespace, name, uid, resourceVersion };
          this.written(await this.client.apply<RawImage>(IMAGES, { namespace, name, subresource: 'status' }, { metadata, status }, writer));
          return;
        } catch (error) {
          if (!hasStatus(error, 409) || attempt === WRITE_ATTEMPTS) throw error;
        }
        const { metadata } = await this.client.get<RawImage>(IMAGES, { namespace, name });
        if (metadata?.uid !== uid || metadata.resourceVersion === undefined) throw goneError(image);
        resourceVersion = metadata.resourceVersion;
      }
    } catch (error) {
      throw writeErrorOf(error);
    }
  }

  /** The newest resourceVersion that is known of `image`: the informer's, or that of a write which it has not heard of yet. */
  private presentVersion(image: Image): string {
    const present = this.informer.get(image.namespace, image.name)?.metadata;
    if (present?.uid !== image.uid || present.resourceVersion === undefined) throw goneError(image);
    const written = this.versions.get(image.uid);
    if (written !== undefined && isNewer(written, present.resourceVersion)) return written;
    this.versions.delete(image.uid);
    return present.resourceVersion;
  }

  private written({ metadata: { namespace, name = '', uid = '', resourceVersion = '' } = {} }: RawImage): void {
    const present = this.informer.get(namespace, name)?.metadata;
    if (present?.uid === uid && isNewer(resourceVersion, this.versions.get(uid) ?? present.resourceVersion ?? '')) this.versions.set(uid, resourceVersion);
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

function goneError({ namespace, name }: Image): WriteError {
  return new WriteError(`Image ${namespace}/${name} was deleted or made again meanwhile`, 'gone');
}

/** Resource versions are decimal numbers of any length (Kubernetes 1.35 made that a promise). */
function isNewer(version: string, than: string): boolean {
  return version.length === than.length ? version > than : version.length > than.length;
}
