import { Injectable } from '@nestjs/common';
import type { Annotations } from '../../domain/assignment/scope.ts';
import { type Image, keyOf } from '../../domain/image/image.ts';
import { readReference, repositoryId } from '../../domain/reference/image-reference.ts';
import { reconcileRollout } from '../../domain/rollout/reconcile-rollout.ts';
import type { RolloutMemory, RolloutPlan } from '../../domain/rollout/rollout-context.ts';
import { type PodState, type Workload, workloadId } from '../../domain/rollout/workload.ts';
import { mapConcurrent } from '../../support/map-concurrent.ts';
import { ImageIndex } from '../images/image-index.ts';
import { Clock } from '../ports/clock.ts';
import { UNKNOWN_MANAGER, WorkloadRoller } from '../ports/workload-roller.ts';
import { REQUESTS_AT_ONCE, RolloutSettings } from './rollout-settings.ts';
import { SeenWorkloads } from './seen-workloads.ts';

/** A plan asks for pods, then for who changed the images annotation last, and perhaps again after that; more is a mistake of ours. */
const MAX_LOOKUPS = 10;

/** Makes the plan of an Image's rollout, with all that it wants to know first: pods, and who manages annotations. */
@Injectable()
export class PlanRollout {
  constructor(
    private readonly index: ImageIndex,
    private readonly roller: WorkloadRoller,
    private readonly seen: SeenWorkloads,
    private readonly clock: Clock,
    private readonly settings: RolloutSettings,
  ) {}

  /**
   * The plan for the present state.
   * @param namespace the annotations of the Image's namespace
   * @throws WriteError when the API server could not be asked
   */
  async plan(image: Image, namespace: Annotations, memory: RolloutMemory): Promise<RolloutPlan> {
    const pods = new Map<string, readonly PodState[]>();
    const annotationManagers = new Map<string, string>();
    const reference = readReference(image.spec.image);
    const competingImages = (reference && this.index.find(image.namespace, repositoryId(reference))) ?? [];
    const excluded = this.settings.excludedNamespaces.includes(image.namespace);
    for (let lookup = 0; lookup < MAX_LOOKUPS; lookup++) {
      const plan = reconcileRollout({
        own: this.index.tracked(image),
        rollout: image.status.rollout,
        competingImages,
        excluded,
        workloads: this.seen.list(image.namespace),
        namespace,
        pods,
        annotationManagers,
        memory,
        now: this.clock.now(),
        options: this.settings.options,
      });
      if (plan.podsNeeded.length === 0 && plan.ownersNeeded.length === 0) return plan;
      await mapConcurrent(plan.podsNeeded, REQUESTS_AT_ONCE, async (workload) => {
        pods.set(workloadId(workload), await this.roller.pods(workload));
      });
      await mapConcurrent(plan.ownersNeeded, REQUESTS_AT_ONCE, async (workload) => {
        annotationManagers.set(workloadId(workload), await this.annotationManager(workload));
      });
    }
    throw new Error(`the rollout of Image ${keyOf(image)} still asks after ${MAX_LOOKUPS} rounds`);
  }

  private async annotationManager(workload: Workload): Promise<string> {
    const answer = await this.roller.annotationManager(workload);
    if (answer === undefined) this.seen.gone(workload);
    else this.seen.put(answer.workload);
    return answer?.manager ?? UNKNOWN_MANAGER;
  }
}
