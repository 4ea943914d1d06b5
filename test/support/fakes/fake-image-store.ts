import { type ImageListener, ImageStore, WriteError } from '../../../src/application/ports/image-store.ts';
import {
  annotationsPrecondition,
  type Precondition,
  controllerPrecondition,
  operatorPrecondition,
  holdsStill,
} from '../../../src/adapters/kubernetes/images/precondition.ts';
import { keyOf, type Image, type ObjectKey } from '../../../src/domain/image/image.ts';
import type { Condition, ControllerStatus, OperatorStatus } from '../../../src/domain/image/image-status.ts';
import { type GivenImage, imageOf } from '../builders/image.ts';

export type { GivenImage } from '../builders/image.ts';

/** One request that a real store would make. */
export interface Write {
  readonly key: string;
  readonly writer: 'controller' | 'operator' | 'annotate';
  readonly body: unknown;
}

/** Images in memory. As in a cluster, every write shows as a change, and to listeners too. */
export class FakeImageStore extends ImageStore {
  /** What {@link staleForMs} says. */
  downMs = 0;
  /** What was written, in order. */
  readonly writes: Write[] = [];
  private readonly images = new Map<string, Image>();
  private readonly listeners: ImageListener[] = [];
  private readonly failures: unknown[] = [];
  private resourceVersion = 0;
  private uids = 0;
  private isSynced = true;

  /** Makes an Image, or changes the one of that name: `spec`, `status` and `annotations` are replaced where they are given. */
  put(given: GivenImage = {}): Image {
    const { namespace = 'default', name = 'demos', uid, annotations, deleting, spec, status } = given;
    const known = this.images.get(keyOf({ namespace, name }));
    const previous = uid === undefined || known?.uid === uid ? known : undefined;
    if (known !== undefined && previous === undefined) this.delete(known);
    if (previous === undefined) return this.set(imageOf({ ...given, uid: uid ?? `uid-${++this.uids}` }));
    const anew = imageOf(given);
    return this.set({
      ...previous,
      generation: previous.generation + (spec === undefined ? 0 : 1),
      annotations: annotations ?? previous.annotations,
      deleting: deleting ?? previous.deleting,
      spec: spec === undefined ? previous.spec : anew.spec,
      status: status === undefined ? previous.status : anew.status,
    });
  }

  delete(key: ObjectKey): void {
    const image = this.images.get(keyOf(key));
    if (image === undefined) return;
    this.images.delete(keyOf(key));
    for (const listener of this.listeners) listener.deleted(image);
  }

  /** Lets the next write fail with this. */
  failNext(error: WriteError): void {
    this.failures.push(error);
  }

  setSynced(synced: boolean): void {
    this.isSynced = synced;
  }

  override get(key: ObjectKey): Image | undefined {
    return this.images.get(keyOf(key));
  }

  override list(namespace?: string): readonly Image[] {
    return [...this.images.values()].filter((image) => namespace === undefined || image.namespace === namespace);
  }

  override staleForMs(): number {
    return this.downMs;
  }

  override synced(): boolean {
    return this.isSynced;
  }

  override subscribe(listener: ImageListener): void {
    for (const image of this.images.values()) listener.changed(image, undefined);
    this.listeners.push(listener);
  }

  override async writeControllerStatus(image: Image, status: ControllerStatus): Promise<void> {
    const present = this.present(image, 'controller', status, controllerPrecondition);
    const { rollout } = present.status;
    this.write(present, {
      ...present,
      status: {
        ...status,
        ...(rollout === undefined ? {} : { rollout }),
        conditions: this.conditions(present, 'controller', status.conditions),
      },
    });
  }

  override async writeOperatorStatus(image: Image, status: OperatorStatus): Promise<void> {
    const present = this.present(image, 'operator', status, operatorPrecondition);
    const { rollout: _, ...others } = present.status;
    this.write(present, {
      ...present,
      status: { ...others, ...status, conditions: this.conditions(present, 'operator', status.conditions) },
    });
  }

  override async annotate(image: Image, annotations: Readonly<Record<string, string | null>>): Promise<void> {
    const present = this.present(image, 'annotate', annotations, annotationsPrecondition(Object.keys(annotations)));
    const merged = Object.entries({ ...present.annotations, ...annotations }).filter(
      (entry): entry is [string, string] => entry[1] !== null,
    );
    this.write(present, { ...present, annotations: Object.fromEntries(merged) });
  }

  private present(image: Image, writer: Write['writer'], body: unknown, basis: Precondition): Image {
    this.writes.push({ key: keyOf(image), writer, body });
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const present = this.images.get(keyOf(image));
    if (present === undefined) throw new WriteError(`Image ${keyOf(image)} not found`, 'gone');
    if (present.uid !== image.uid) throw new WriteError(`Image ${keyOf(image)} has another uid`, 'gone');
    if (!holdsStill(basis, image, present))
      throw new WriteError(`Image ${keyOf(image)} has changed since it was read`, 'conflict');
    return present;
  }

  /** By type; those that this writer wrote before and leaves out now go. */
  private conditions(image: Image, writer: string, written: readonly Condition[]): readonly Condition[] {
    const owner = this.owners.get(image.uid) ?? new Map<string, string>();
    this.owners.set(image.uid, owner);
    const types = new Set(written.map((condition) => condition.type));
    const kept = image.status.conditions.filter(
      (condition) => !types.has(condition.type) && owner.get(condition.type) !== writer,
    );
    for (const type of types) owner.set(type, writer);
    return [...kept, ...written];
  }

  private readonly owners = new Map<string, Map<string, string>>();

  /** As in the API server, a write that changes nothing is no change. */
  private write(previous: Image, image: Image): void {
    if (JSON.stringify({ ...previous, resourceVersion: '' }) !== JSON.stringify({ ...image, resourceVersion: '' }))
      this.set(image);
  }

  private set(image: Image): Image {
    const now = { ...image, resourceVersion: String(++this.resourceVersion) };
    const previous = this.images.get(keyOf(now));
    this.images.set(keyOf(now), now);
    for (const listener of this.listeners) listener.changed(now, previous);
    return now;
  }
}
