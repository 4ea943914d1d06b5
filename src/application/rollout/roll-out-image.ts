import { Injectable } from '@nestjs/common';
import type { Annotations } from '../../domain/assignment/scope.ts';
import { conditionsAfter } from '../../domain/image/conditions.ts';
import { type Image, keyOf, parseKey } from '../../domain/image/image.ts';
import type { Rollout } from '../../domain/image/image-status.ts';
import { readReference, repositoryId } from '../../domain/reference/image-reference.ts';
import { reconcileRollout } from '../../domain/rollout/reconcile-rollout.ts';
import { sameButProgress, sameRollout } from '../../domain/rollout/same-rollout.ts';
import {
  DEFAULT_ROLLOUT_OPTIONS,
  type Command,
  NO_MEMORY,
  type RolloutMemory,
  type RolloutPlan,
} from '../../domain/rollout/rollout-context.ts';
import {
  formatImagesAnnotation,
  IMAGES_ANNOTATION,
  parseImagesAnnotation,
} from '../../domain/assignment/images-annotation.ts';
import { parsePinnedTag } from '../../domain/reference/pinned-tag.ts';
import {
  AMBIGUOUS,
  ambiguousCondition,
  OPERATOR_CONDITIONS,
  rolledOutCondition,
} from '../../domain/rollout/rollout-conditions.ts';
import { rolloutEvents } from '../../domain/rollout/rollout-events.ts';
import { type PodState, workloadId } from '../../domain/rollout/workload.ts';
import { ImageIndex } from '../images/image-index.ts';
import { Clock } from '../ports/clock.ts';
import { EventRecorder } from '../ports/event-recorder.ts';
import { ImageStore, WriteError } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { NamespaceStore } from '../ports/namespace-store.ts';
import { UNKNOWN_MANAGER, WorkloadRoller } from '../ports/workload-roller.ts';
import type { WorkResult } from '../controller/work-queue.ts';
import { mapConcurrent } from '../../support/map-concurrent.ts';
import { SeenWorkloads } from './seen-workloads.ts';

/** How the operator rolls out. */
export class RolloutSettings {
  constructor(
    /** Namespaces that are left alone whatever they say. */
    readonly excludedNamespaces: readonly string[] = [],
    /** How many Images are worked on at the same time; each is a handful of requests when something happens. */
    readonly concurrency: number = 8,
    readonly options = DEFAULT_ROLLOUT_OPTIONS,
  ) {}
}

/** Progress, and nothing else, is written at most this often. */
const PROGRESS_WRITE_MS = 5_000;
/** After something was done the watch brings the news; this is for when it has none. */
const LOOK_AGAIN_MS = 5_000;
/** How soon to look again while a watch is down. */
const BEHIND_MS = 250;
/** How many requests one Image makes at the same time. */
const REQUESTS_AT_ONCE = 4;
/** A plan asks for pods, then for who had the last word, and perhaps again after that; more is a mistake of ours. */
const MAX_QUESTIONS = 10;

/** What is remembered of an Image between two looks; losing it costs some reading. */
interface Known {
  readonly uid: string;
  memory: RolloutMemory;
  /** When something was written last, milliseconds since the epoch; 0 for never. */
  writtenAt: number;
}

/**
 * Rolls an Image's update out, one look at a time: reads the present state, writes what became of it into the Image's
 * status, then touches workloads. May be called at any time and killed between any two steps; where nothing is to be done
 * it asks nobody and writes nothing.
 */
@Injectable()
export class RollOutImage {
  readonly #index: ImageIndex;
  readonly #known = new Map<string, Known>();
  readonly #seen: SeenWorkloads;

  constructor(
    private readonly images: ImageStore,
    private readonly roller: WorkloadRoller,
    private readonly namespaces: NamespaceStore,
    private readonly events: EventRecorder,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly settings: RolloutSettings,
  ) {
    this.#index = ImageIndex.of(images);
    this.#seen = new SeenWorkloads(roller);
  }

  /** Forgets what it knew of the cluster beside the stores: for when another replica led meanwhile. */
  forget(): void {
    this.#known.clear();
    this.#seen.clear();
  }

  /**
   * @param key of an Image
   * @returns when to look again though nothing changes
   * @throws WriteError when the queue is to try again with its own backoff
   */
  async reconcile(key: string): Promise<WorkResult> {
    if (!this.images.synced() || !this.roller.synced() || !this.namespaces.synced()) return { retryAfterMs: 1_000 };
    // What changed since is not seen: a workload that was made meanwhile would count as none to roll.
    if (this.roller.staleForMs() > 0 || this.namespaces.staleForMs() > 0) return { retryAfterMs: BEHIND_MS };
    const image = this.images.get(parseKey(key));
    const namespace = image && this.namespaces.annotations(image.namespace);
    if (image === undefined || namespace === undefined) {
      this.#known.delete(key);
      return {};
    }
    try {
      return await this.#look(image, namespace);
    } catch (error) {
      if (error instanceof WriteError && error.consequence === 'gone') return {};
      throw error;
    }
  }

  async #look(image: Image, namespace: Annotations): Promise<WorkResult> {
    const known = this.#knownOf(image);
    const before = image.status.rollout;
    const plan = await this.#plan(image, namespace, before, known.memory);
    const now = this.clock.now();
    let again = plan.requeueAt === undefined ? undefined : Math.max(0, plan.requeueAt - now);

    const wasAmbiguous = image.status.conditions.find(({ type }) => type === AMBIGUOUS)?.message;
    const sameTies = wasAmbiguous === plan.ambiguous;
    if (!sameTies || !sameRollout(before, plan.rollout)) {
      const wait = sameTies && sameButProgress(before, plan.rollout) ? known.writtenAt + PROGRESS_WRITE_MS - now : 0;
      if (wait > 0) {
        known.memory = plan.memory;
        await this.#do(image, plan.commands);
        return { retryAfterMs: Math.min(wait, again ?? wait) };
      }
      await this.#write(image, known, plan);
      if (plan.ambiguous !== undefined && !sameTies) this.#event(image, 'Warning', AMBIGUOUS, plan.ambiguous);
    }
    known.memory = plan.memory;
    if (known.memory === NO_MEMORY && known.writtenAt === 0) this.#known.delete(keyOf(image));
    if (plan.commands.length > 0) {
      await this.#do(image, plan.commands);
      again = Math.min(again ?? LOOK_AGAIN_MS, LOOK_AGAIN_MS);
    }
    return again === undefined ? {} : { retryAfterMs: again };
  }

  /** The plan for the present state, with all that it wants to know first. */
  async #plan(
    image: Image,
    namespace: Annotations,
    rollout: Rollout | undefined,
    memory: RolloutMemory,
  ): Promise<RolloutPlan> {
    const pods = new Map<string, readonly PodState[]>();
    const lastWords = new Map<string, string>();
    const reference = readReference(image.spec.image);
    const rivals = (reference && this.#index.find(image.namespace, repositoryId(reference))) ?? [];
    const excluded = this.settings.excludedNamespaces.includes(image.namespace);
    for (let question = 0; question < MAX_QUESTIONS; question++) {
      const plan = reconcileRollout({
        own: this.#index.tracked(image),
        rollout,
        competingImages: rivals,
        excluded,
        workloads: this.#seen.list(image.namespace),
        namespace,
        pods,
        annotationManagers: lastWords,
        memory,
        now: this.clock.now(),
        options: this.settings.options,
      });
      if (plan.podsNeeded.length === 0 && plan.ownersNeeded.length === 0) return plan;
      await mapConcurrent(plan.podsNeeded, REQUESTS_AT_ONCE, async (workload) => {
        pods.set(workloadId(workload), await this.roller.pods(workload));
      });
      await mapConcurrent(plan.ownersNeeded, REQUESTS_AT_ONCE, async (workload) => {
        const word = await this.roller.annotationManager(workload);
        if (word === undefined) this.#seen.gone(workload);
        else this.#seen.put(word.workload);
        lastWords.set(workloadId(workload), word?.manager ?? UNKNOWN_MANAGER);
      });
    }
    throw new Error(`the rollout of Image ${keyOf(image)} still asks after ${MAX_QUESTIONS} rounds`);
  }

  async #write(image: Image, known: Known, { rollout, ambiguous }: RolloutPlan): Promise<void> {
    const now = this.clock.now();
    const before = image.status.rollout;
    const states = [
      ...(rollout === undefined ? [] : [rolledOutCondition(rollout)]),
      ...(ambiguous === undefined ? [] : [ambiguousCondition(ambiguous)]),
    ];
    const conditions = conditionsAfter(
      image.status.conditions.filter(({ type }) => OPERATOR_CONDITIONS.has(type)),
      states,
      image.generation,
      new Date(now).toISOString(),
    );
    await this.images.writeOperatorStatus(image, { ...(rollout === undefined ? {} : { rollout }), conditions });
    known.writtenAt = now;
    for (const { type, reason, message } of rolloutEvents(before, rollout)) {
      this.#event(image, type, reason, message);
      this.log[type === 'Normal' ? 'info' : 'warn']('rollout', {
        image: keyOf(image),
        reason,
        tag: (rollout ?? before)?.tag,
        message,
      });
    }
  }

  /** Touches the workloads. What one refuses does not hold up the others. */
  async #do(image: Image, effects: readonly Command[]): Promise<void> {
    const failures: unknown[] = [];
    await mapConcurrent(effects, REQUESTS_AT_ONCE, async (effect) => {
      try {
        await this.#doOne(image, effect);
      } catch (error) {
        if (error instanceof WriteError && error.consequence === 'gone') return this.#seen.gone(effect.workload);
        failures.push(error);
        if (!(error instanceof WriteError) || error.consequence !== 'refused') return;
        const { kind, name } = effect.workload;
        const known = this.#knownOf(image);
        known.memory = {
          ...known.memory,
          refused: new Map(known.memory.refused).set(workloadId(effect.workload), error.message),
        };
        this.#event(
          image,
          'Warning',
          'WorkloadRefused',
          `${kind} ${name} can't be rolled, and is tried again: ${error.message}`,
        );
      }
    });
    if (failures.length > 0) throw failures[0];
  }

  async #doOne(image: Image, effect: Command): Promise<void> {
    const { workload } = effect;
    const fields = { image: keyOf(image), kind: workload.kind, workload: workload.name };
    switch (effect.type) {
      case 'set-entry': {
        const entries = parseImagesAnnotation(workload.template.annotations[IMAGES_ANNOTATION]);
        const entry = effect.entry === undefined ? undefined : parsePinnedTag(effect.entry);
        if (entry === undefined) entries.delete(image.name);
        else entries.set(image.name, entry);
        this.#seen.put(
          await this.roller.setImagesAnnotation(
            workload,
            entries.size === 0 ? undefined : formatImagesAnnotation(entries),
          ),
        );
        this.log.info('set the entry of a workload', { ...fields, entry: effect.entry });
        return;
      }
      case 'delete-pod':
        await this.roller.deletePod(workload, effect.pod);
        this.log.info('deleted a pod to have it made anew', {
          ...fields,
          pod: effect.pod.name,
          trouble: effect.pod.trouble,
        });
    }
  }

  #event({ namespace, name, uid }: Image, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.events.record(
      { apiVersion: 'kimup.cloudavenue.io/v1alpha1', kind: 'Image', namespace, name, uid },
      type,
      reason,
      message,
    );
  }

  #knownOf(image: Image): Known {
    const key = keyOf(image);
    let known = this.#known.get(key);
    if (known?.uid !== image.uid) this.#known.set(key, (known = { uid: image.uid, memory: NO_MEMORY, writtenAt: 0 }));
    return known;
  }
}
