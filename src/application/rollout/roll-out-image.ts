import { Injectable } from '@nestjs/common';
import type { Annotations } from '../../domain/assignment/scope.ts';
import { conditionsAfter } from '../../domain/image/conditions.ts';
import { type Image, keyOf, parseKey } from '../../domain/image/image.ts';
import {
  AMBIGUOUS,
  ambiguousCondition,
  OPERATOR_CONDITIONS,
  rolledOutCondition,
} from '../../domain/rollout/rollout-conditions.ts';
import { type Command, NO_MEMORY, type RolloutMemory, type RolloutPlan } from '../../domain/rollout/rollout-context.ts';
import { rolloutEvents } from '../../domain/rollout/rollout-events.ts';
import { sameButProgress, sameRollout } from '../../domain/rollout/same-rollout.ts';
import { DONE, requeue, type Result } from '../controller/result.ts';
import { imageSubject } from '../images/image-subject.ts';
import { Clock } from '../ports/clock.ts';
import { EventRecorder } from '../ports/event-recorder.ts';
import { ImageStore } from '../ports/image-store.ts';
import { Log } from '../ports/log.ts';
import { NamespaceStore } from '../ports/namespace-store.ts';
import { WorkloadRoller } from '../ports/workload-roller.ts';
import { PlanRollout } from './plan-rollout.ts';
import { RunCommands } from './run-commands.ts';
import { SeenWorkloads } from './seen-workloads.ts';

/** How soon to look again while not everything was seen once. */
const NOT_SYNCED_MS = 1_000;
/** Progress, and nothing else, is written at most this often. */
const PROGRESS_WRITE_MS = 5_000;
/** After something was done the watch brings the news; this is for when it has none. */
const LOOK_AGAIN_MS = 5_000;
/** How soon to look again while a watch is down. */
const BEHIND_MS = 250;

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
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly images: ImageStore,
    private readonly roller: WorkloadRoller,
    private readonly namespaces: NamespaceStore,
    private readonly seen: SeenWorkloads,
    private readonly planRollout: PlanRollout,
    private readonly runCommands: RunCommands,
    private readonly events: EventRecorder,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Forgets what it knew of the cluster beside the stores: for when another replica led meanwhile. */
  forget(): void {
    this.known.clear();
    this.seen.clear();
  }

  /**
   * @param key of an Image
   * @returns when to look again though nothing changes, if at all
   * @throws WriteError when something could not be written or asked for
   */
  async reconcile(key: string): Promise<Result> {
    if (!this.images.synced() || !this.roller.synced() || !this.namespaces.synced()) return requeue(NOT_SYNCED_MS);
    // What changed since is not seen: a workload that was made meanwhile would count as none to roll.
    if (this.roller.staleForMs() > 0 || this.namespaces.staleForMs() > 0) return requeue(BEHIND_MS);
    const image = this.images.get(parseKey(key));
    const namespace = image && this.namespaces.annotations(image.namespace);
    if (image === undefined || namespace === undefined) {
      this.known.delete(key);
      return DONE;
    }
    return this.look(image, namespace);
  }

  private async look(image: Image, namespace: Annotations): Promise<Result> {
    const known = this.knownOf(image);
    const before = image.status.rollout;
    const plan = await this.planRollout.plan(image, namespace, known.memory);
    const now = this.clock.now();
    let again = plan.requeueAt === undefined ? undefined : Math.max(0, plan.requeueAt - now);

    const wasAmbiguous = image.status.conditions.find(({ type }) => type === AMBIGUOUS)?.message;
    const sameAmbiguity = wasAmbiguous === plan.ambiguous;
    if (!sameAmbiguity || !sameRollout(before, plan.rollout)) {
      const onlyProgress = sameAmbiguity && sameButProgress(before, plan.rollout);
      const wait = onlyProgress ? known.writtenAt + PROGRESS_WRITE_MS - now : 0;
      if (wait > 0) {
        known.memory = plan.memory;
        await this.run(image, plan.commands);
        return requeue(Math.min(wait, again ?? wait));
      }
      await this.write(image, known, plan);
      if (plan.ambiguous !== undefined && !sameAmbiguity)
        this.events.record(imageSubject(image), 'Warning', AMBIGUOUS, plan.ambiguous);
    }
    known.memory = plan.memory;
    if (known.memory === NO_MEMORY && known.writtenAt === 0) this.known.delete(keyOf(image));
    if (plan.commands.length > 0) {
      await this.run(image, plan.commands);
      again = Math.min(again ?? LOOK_AGAIN_MS, LOOK_AGAIN_MS);
    }
    return again === undefined ? DONE : requeue(again);
  }

  /** Touches the workloads, and remembers what was refused. Throws the first error when all were tried. */
  private async run(image: Image, commands: readonly Command[]): Promise<void> {
    const { refused, errors } = await this.runCommands.run(image, commands);
    if (refused.size > 0) {
      const known = this.knownOf(image);
      known.memory = { ...known.memory, refused: new Map([...known.memory.refused, ...refused]) };
    }
    if (errors.length > 0) throw errors[0];
  }

  private async write(image: Image, known: Known, { rollout, ambiguous }: RolloutPlan): Promise<void> {
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
      this.events.record(imageSubject(image), type, reason, message);
      this.log[type === 'Normal' ? 'info' : 'warn']('rollout', {
        image: keyOf(image),
        reason,
        tag: (rollout ?? before)?.tag,
        message,
      });
    }
  }

  private knownOf(image: Image): Known {
    const key = keyOf(image);
    let known = this.known.get(key);
    if (known?.uid !== image.uid) this.known.set(key, (known = { uid: image.uid, memory: NO_MEMORY, writtenAt: 0 }));
    return known;
  }
}
