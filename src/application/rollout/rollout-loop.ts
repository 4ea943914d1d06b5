import { Injectable } from '@nestjs/common';
import { type Image, keyOf } from '../../domain/image/image.ts';
import { readReference, repositoryId } from '../../domain/reference/image-reference.ts';
import { IMAGES_ANNOTATION, parseImagesAnnotation } from '../../domain/assignment/images-annotation.ts';
import { type Workload, workloadId } from '../../domain/rollout/workload.ts';
import { ImageIndex } from '../images/image-index.ts';
import { Clock } from '../ports/clock.ts';
import { ImageStore, WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { Metrics } from '../ports/metrics.ts';
import { NamespaceStore } from '../ports/namespace-store.ts';
import { WorkloadRoller } from '../ports/workload-roller.ts';
import { queueFacts, WorkQueue } from '../controller/work-queue.ts';
import { RolloutSettings, RollOutImage } from './roll-out-image.ts';

const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;

/** Rolls Images out for as long as this replica leads: a change of an Image, a workload or a namespace is a key to look at. */
@Injectable()
export class RolloutLoop {
  readonly #index: ImageIndex;
  #queue: WorkQueue | undefined;
  #retries = 0;
  #subscribed = false;

  constructor(
    private readonly images: ImageStore,
    private readonly roller: WorkloadRoller,
    private readonly namespaces: NamespaceStore,
    private readonly rollOut: RollOutImage,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly settings: RolloutSettings,
    metrics: Metrics,
  ) {
    this.#index = ImageIndex.of(images);
    metrics.workqueue('rollout', () => queueFacts(this.#queue, this.#retries));
  }

  /** Begins: with a look at every Image, then at those that something changed for. The stores should have seen all once. */
  start(): void {
    if (this.#queue !== undefined) return;
    this.rollOut.forget();
    this.#queue = new WorkQueue(
      this.clock,
      {
        concurrency: this.settings.concurrency,
        baseDelayMs: BASE_DELAY_MS,
        maxDelayMs: MAX_DELAY_MS,
        failed: (key, error, { failures, inMs }) => this.#failed(key, error, failures, inMs),
      },
      (key) => this.rollOut.reconcile(key),
    );
    if (this.#subscribed) for (const image of this.images.list()) this.#add(image);
    else this.#subscribe();
  }

  /** Ends: takes up nothing new, and resolves when what is in flight has ended. */
  async stop(): Promise<void> {
    const queue = this.#queue;
    this.#queue = undefined;
    await queue?.drain();
  }

  #subscribe(): void {
    this.#subscribed = true;
    this.images.subscribe({
      changed: (image, previous) => {
        this.#add(image);
        // Who else is for its repository, or was, has the say now, or no longer.
        if (previous === undefined || previous.spec.image !== image.spec.image || previous.deleting !== image.deleting)
          this.#addRivals(image, previous);
      },
      deleted: (image) => {
        this.#add(image);
        this.#addRivals(image, undefined);
      },
    });
    this.roller.subscribe({
      changed: (workload) => this.#addFor(workload),
      deleted: (workload) => this.#addFor(workload),
    });
    const inNamespace = ({ name }: { readonly name: string }): void => {
      for (const image of this.images.list(name)) this.#add(image);
    };
    this.namespaces.subscribe({ changed: inNamespace, deleted: inNamespace });
  }

  #add(image: Image): void {
    this.#queue?.add(keyOf(image));
  }

  #addRivals(...of: readonly (Image | undefined)[]): void {
    for (const image of of) {
      for (const rival of image === undefined ? [] : this.#for(image.namespace, image.spec.image)) this.#add(rival);
    }
  }

  /** The Images that a workload's change may matter to: for a repository of its containers, or named by its template or theirs. */
  #addFor(workload: Workload): void {
    if (this.#queue === undefined || !this.#index.hasAny(workload.namespace)) return;
    const { namespace, template } = workload;
    for (const { image } of template.containers) {
      for (const one of image === undefined ? [] : this.#for(namespace, image)) this.#add(one);
    }
    for (const name of parseImagesAnnotation(template.annotations[IMAGES_ANNOTATION]).keys()) {
      if (this.images.get({ namespace, name }) !== undefined) this.#queue.add(keyOf({ namespace, name }));
    }
    const id = workloadId(workload);
    for (const image of this.images.list(namespace)) {
      const { rollout } = image.status;
      const rows =
        rollout === undefined || rollout.phase === 'Healthy'
          ? []
          : [...rollout.workloads, ...(rollout.late?.workloads ?? [])];
      if (rows.some((row) => workloadId(row) === id)) this.#add(image);
    }
  }

  #for(namespace: string, text: string): readonly Image[] {
    const reference = readReference(text);
    return (reference && this.#index.find(namespace, repositoryId(reference)))?.map(({ image }) => image) ?? [];
  }

  #failed(key: string, error: unknown, failures: number, inMs: number): void {
    this.#retries++;
    const fields = { image: key, failures, retryInMs: Math.round(inMs), error };
    if (error instanceof WriteError && (error.consequence === 'conflict' || error.consequence === 'retry'))
      this.log.debug('rollout is tried again', fields);
    else this.log.error('rollout broke off and is tried again', fields);
  }
}
