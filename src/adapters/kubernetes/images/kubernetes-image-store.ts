import { type ImageListener, ImageStore, WriteError } from '../../../application/ports/image-store.ts';
import type { EventRecorder } from '../../../application/ports/event-recorder.ts';
import type { LeaderElection } from '../../../application/ports/leadership.ts';
import type { Log } from '../../../application/ports/log.ts';
import type { ControllerStatus, OperatorStatus } from '../../../domain/image/image-status.ts';
import { ANNOTATION_PREFIX, type Image, type ObjectKey } from '../../../domain/image/image.ts';
import type { Informer } from '../client/informer.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { hasStatus } from '../client/kube-error.ts';
import { apiVersionOf, IMAGES } from '../client/resource.ts';
import { imageOf, type RawImage } from './image-mapping.ts';
import { writeErrorOf } from '../client/write-error.ts';
import {
  annotationsPrecondition,
  type Precondition,
  controllerPrecondition,
  operatorPrecondition,
  holdsStill,
} from './precondition.ts';

/** Who writes: each component has its own fields, and its own field manager for them. */
export type FieldManager = 'kimup-controller' | 'kimup-operator';

/** A write is sent again when one that does not matter to it came between; each time two requests more. */
const WRITE_ATTEMPTS = 4;

/**
 * The Images of the cluster, read from an informer, written by server-side apply. What a write answers is read from then on, so
 * that nobody decides twice on the same state.
 */
export class KubernetesImageStore extends ImageStore {
  /** What each object of the informer reads as; `null` when it can't be read. */
  private readonly images = new WeakMap<RawImage, Image | null>();
  private readonly lists = new WeakMap<readonly RawImage[], readonly Image[]>();

  /**
   * @param informer of Images; whoever made it starts and stops it
   * @param leadership who does not lead writes nothing
   */
  constructor(
    private readonly client: KubeClient,
    private readonly informer: Informer<RawImage>,
    private readonly fieldManager: FieldManager,
    private readonly events: EventRecorder,
    private readonly log: Log,
    private readonly leadership: Pick<LeaderElection, 'isLeader'>,
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

  /** A watch that nothing comes through says so late; whatever else is asked of the API server, sooner. */
  override staleForMs(): number {
    return Math.max(this.informer.staleForMs(), this.client.unansweredForMs());
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
    const prefixed = Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [ANNOTATION_PREFIX + key, value]),
    );
    await this.write(image, annotationsPrecondition(Object.keys(annotations)), (resourceVersion) =>
      this.client.mergePatch<RawImage>(
        IMAGES,
        { namespace, name },
        { metadata: { uid, resourceVersion, annotations: prefixed } },
        this.fieldManager,
        this.isStillLeader,
      ),
    );
  }

  /**
   * The status subresource takes no notice of a uid in what is applied, only of a resourceVersion: that is what keeps a status
   * from another Image of the same name too.
   */
  private async writeStatus(
    writer: FieldManager,
    image: Image,
    status: ControllerStatus | OperatorStatus,
  ): Promise<void> {
    if (writer !== this.fieldManager)
      throw new Error(`the status of the ${writer} is not for the ${this.fieldManager} to write`);
    const { namespace, name, uid } = image;
    await this.write(
      image,
      writer === 'kimup-controller' ? controllerPrecondition : operatorPrecondition,
      (resourceVersion) =>
        this.client.apply<RawImage>(
          IMAGES,
          { namespace, name, subresource: 'status' },
          { metadata: { namespace, name, uid, resourceVersion }, status },
          writer,
          this.isStillLeader,
        ),
    );
  }

  /**
   * Sends a write that was decided on `image`, guarded by the newest version that is known, as long as that one is the same in all
   * that the decision rests on, and this replica is the leader. The API server refuses it where a newer one has come since; that one is
   * read, and judged in the same way.
   */
  private async write(
    image: Image,
    basis: Precondition,
    send: (resourceVersion: string) => Promise<RawImage>,
  ): Promise<void> {
    const { namespace, name } = image;
    try {
      let present = this.informer.get(namespace, name);
      for (let attempt = 1; ; attempt++) {
        const version = this.versionToWrite(image, basis, present);
        try {
          this.informer.observe(await send(version));
          return;
        } catch (error) {
          if (!hasStatus(error, 409) || attempt === WRITE_ATTEMPTS) throw error;
        }
        present = await this.client.get<RawImage>(IMAGES, { namespace, name });
        this.informer.observe(present);
      }
    } catch (error) {
      throw writeErrorOf(error);
    }
  }

  private readonly isStillLeader = (): boolean => this.leadership.isLeader();

  /** @throws WriteError when what was decided on `image` is not to be written to `present` */
  private versionToWrite(image: Image, basis: Precondition, present: RawImage | undefined): string {
    const { namespace, name, uid } = image;
    if (present?.metadata?.uid !== uid || present.metadata.resourceVersion === undefined) {
      throw new WriteError(`Image ${namespace}/${name} was deleted or recreated in the meantime`, 'gone');
    }
    const now = this.read(present);
    if (now === undefined || !holdsStill(basis, image, now))
      throw new WriteError(`Image ${namespace}/${name} has changed since it was read`, 'conflict');
    if (!this.leadership.isLeader())
      throw new WriteError(`Image ${namespace}/${name} is not written: this replica is not the leader`, 'retry');
    return present.metadata.resourceVersion;
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

  private reportUnreadable(
    { metadata: { namespace = '', name = '', uid = '' } = {} }: RawImage,
    problem: string,
  ): void {
    this.log.warn("ignoring an Image that can't be read", { namespace, name, problem });
    this.events.record(
      { kind: IMAGES.kind, apiVersion: apiVersionOf(IMAGES), namespace, name, uid },
      'Warning',
      'InvalidImage',
      `kimup ignores this Image: ${problem}. Correct the field, and check that the CRDs are those of this version of kimup.`,
    );
  }
}
