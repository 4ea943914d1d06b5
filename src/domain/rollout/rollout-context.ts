import { type Annotations, inScope } from '../assignment/scope.ts';
import type { Image } from '../image/image.ts';
import type { LeftAlone, Rollout, WorkloadRollout } from '../image/image-status.ts';
import { statusIsCurrent } from '../image/image-state.ts';
import type { TrackedImage } from '../assignment/image-ownership.ts';
import { type PinnedTag, pinnedTagOf } from '../reference/pinned-tag.ts';
import { byName, type PodState, type Workload, workloadId } from './workload.ts';
import { RepositoryImages, WorkloadTags } from './workload-tags.ts';

export interface RolloutOptions {
  /** How long a workload that is no Deployment may be without progress before its rollout has failed, milliseconds. */
  readonly rolloutDeadlineMs: number;
  /** How many workloads of an Image are rolled at the same time. */
  readonly maxConcurrent: number;
}

/** What holds where the operator's flags say nothing else. */
export const DEFAULT_ROLLOUT_OPTIONS: RolloutOptions = { rolloutDeadlineMs: 600_000, maxConcurrent: 10 };

/** What is worth remembering between two looks at an Image. All of it may be lost: it saves requests and writes, no more. */
export interface RolloutMemory {
  /** The best score of each workload that is being rolled, and since when: a pod that comes and goes is no progress. */
  readonly best: ReadonlyMap<string, Best>;
  /** What the workloads whose pods were looked at for an older tag were like then. */
  readonly inspected: ReadonlyMap<string, string>;
  /** What the API server said of the workloads that it refused to change since the last look, by {@link workloadId}. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface Best {
  readonly score: number;
  readonly at: number;
  /** The last pod that was deleted because kimup's webhook had not seen it. */
  readonly recreated?: RecreatedPod | undefined;
}

/** How many such pods there were, how often one was deleted without there being fewer, and when. */
export interface RecreatedPod {
  readonly left: number;
  readonly tries: number;
  readonly at: number;
}

export const NO_MEMORY: RolloutMemory = { best: new Map(), inspected: new Map(), refused: new Map() };

/** The present state, as far as a rollout cares. */
export interface RolloutInput {
  readonly own: TrackedImage;
  /** `status.rollout` as it was last written. */
  readonly rollout: Rollout | undefined;
  /** All Images of the namespace for the same repository, this one among them: if a container is on the track of several, only one of them may set its tag. */
  readonly competingImages: readonly TrackedImage[];
  /** Whether kimup leaves the namespace alone whatever it says. */
  readonly excluded: boolean;
  /** All workloads of the namespace. */
  readonly workloads: readonly Workload[];
  /** The annotations of the namespace. */
  readonly namespace: Annotations;
  /** The pods of the workloads that an earlier plan asked for, by {@link workloadId}. */
  readonly pods: ReadonlyMap<string, readonly PodState[]>;
  /** Who changed the workloads' images annotations last, for those that an earlier plan asked for, by {@link workloadId}; their present state is in `workloads`. */
  readonly annotationManagers: ReadonlyMap<string, string>;
  readonly memory: RolloutMemory;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly options: RolloutOptions;
}

/** Workloads that can't tell which of several Images is theirs, and the names of those. */
export interface AmbiguousWorkloads {
  readonly workloads: readonly Workload[];
  readonly images: readonly string[];
}

/** What is to be done in the cluster, once the plan's rollout stands in the status. */
export type Command =
  | { readonly type: 'set-pinned-tag'; readonly workload: Workload; readonly pinnedTag: string | undefined }
  | { readonly type: 'delete-pod'; readonly workload: Workload; readonly pod: PodState };

/** What to write, then what to do. */
export interface RolloutPlan {
  /** Where these are not empty the plan is no plan yet: ask again with the pods of these workloads … */
  readonly podsNeeded: readonly Workload[];
  /** … and with the live state of these, and who changed their images annotation last. */
  readonly ownersNeeded: readonly Workload[];
  /** The next `status.rollout`: written first, where it is not {@link sameRollout} as before. */
  readonly rollout: Rollout | undefined;
  /** Which workloads get no tag because several Images could give them one, and what to do; `undefined` where there are none. */
  readonly ambiguous: string | undefined;
  readonly commands: readonly Command[];
  readonly memory: RolloutMemory;
  /** When to look again though nothing changed, milliseconds since the epoch. */
  readonly requeueAt?: number;
}

/** How many workloads that are left alone a status names at most. */
const MOST_LEFT_ALONE = 1_000;

/** A plan in the making: the input, and what was found out about it so far. */
export class RolloutContext {
  commands: Command[] = [];
  readonly input: RolloutInput;
  readonly image: Image;
  readonly best = new Map<string, Best>();
  readonly inspected: Map<string, string>;
  readonly workloads: ReadonlyMap<string, Workload>;
  private readonly podsNeeded = new Map<string, Workload>();
  private readonly ownersNeeded = new Map<string, Workload>();
  private readonly images: RepositoryImages;
  private readonly tagsByWorkload = new Map<Workload, WorkloadTags>();
  private nextRequeue: number | undefined;

  constructor(input: RolloutInput) {
    this.input = input;
    this.image = input.own.image;
    this.images = new RepositoryImages(input.own, input.competingImages);
    this.inspected = new Map(input.memory.inspected);
    this.workloads = new Map(input.workloads.map((workload) => [workloadId(workload), workload]));
  }

  /** The workload of a row, as long as it is the one that the row was written for and this Image selects it. */
  workloadOf(row: WorkloadRollout): Workload | undefined {
    const workload = this.workloads.get(workloadId(row));
    return workload !== undefined && this.selects(workload) && workload.createdAt <= Date.parse(row.since)
      ? workload
      : undefined;
  }

  /** What this Image makes of the workload's containers. */
  tags(workload: Workload): WorkloadTags {
    let tags = this.tagsByWorkload.get(workload);
    if (tags === undefined) this.tagsByWorkload.set(workload, (tags = new WorkloadTags(this.images, workload)));
    return tags;
  }

  /** Whether the workload is in scope and, if several Images match its repository, this Image sets the tag of at least one of its containers. */
  selects(workload: Workload): boolean {
    if (!this.inScope(workload)) return false;
    return this.input.competingImages.length < 2 || this.targets().some((to) => this.tags(workload).concernedBy(to));
  }

  /** The workloads that would get `to` if it were known which of several Images is theirs, and those Images. */
  ambiguousWorkloads(to: PinnedTag): AmbiguousWorkloads {
    if (this.input.competingImages.length < 2) return { workloads: [], images: [] };
    const found = this.input.workloads
      .filter((workload) => this.inScope(workload))
      .map((workload) => ({ workload, images: this.tags(workload).tiedAt(to) }))
      .filter(({ images }) => images.length > 0);
    return {
      workloads: found.map(({ workload }) => workload),
      images: [...new Set(found.flatMap(({ images }) => images))],
    };
  }

  /** The workloads in scope that stay as they are under `to`, because of their tags. */
  leftAlone(to: PinnedTag): readonly LeftAlone[] {
    return this.input.workloads
      .filter((workload) => this.inScope(workload))
      .map((workload) => this.tags(workload).leftAt(to))
      .filter((left) => left !== undefined)
      .sort(byName)
      .slice(0, MOST_LEFT_ALONE);
  }

  /** The tags that this Image has to do with now: its own, the one that it moves to, the one that was rolled out last. */
  private targets(): readonly PinnedTag[] {
    const {
      status: { tag, digest, update },
    } = this.image;
    const { rollout } = this.input;
    const own = tag === undefined || !statusIsCurrent(this.image) ? undefined : { tag, digest };
    return [own, update, rollout].filter((one) => one !== undefined).map(pinnedTagOf);
  }

  /** Whether kimup cares for the workload at all. */
  inScope(workload: Workload): boolean {
    return !this.input.excluded && !workload.deleting && inScope(workload.template.annotations, this.input.namespace);
  }

  /** The pods of a workload; `undefined` when they have to be asked for first. */
  pods(workload: Workload): readonly PodState[] | undefined {
    const pods = this.input.pods.get(workloadId(workload));
    if (pods === undefined) this.podsNeeded.set(workloadId(workload), workload);
    return pods;
  }

  /** Who changed a workload's images annotation last; `undefined` when that has to be asked for first. */
  annotationManager(workload: Workload): string | undefined {
    const manager = this.input.annotationManagers.get(workloadId(workload));
    if (manager === undefined) this.ownersNeeded.set(workloadId(workload), workload);
    return manager;
  }

  requeueAt(at: number): void {
    if (this.nextRequeue === undefined || at < this.nextRequeue) this.nextRequeue = at;
  }

  plan(rollout: Rollout | undefined, ambiguous: string | undefined): RolloutPlan {
    for (const id of this.inspected.keys()) if (!this.workloads.has(id)) this.inspected.delete(id);
    return {
      podsNeeded: [...this.podsNeeded.values()],
      ownersNeeded: [...this.ownersNeeded.values()],
      rollout,
      ambiguous,
      commands: this.commands,
      // Most Images have nothing to remember, and there are thousands.
      memory:
        this.best.size === 0 && this.inspected.size === 0
          ? NO_MEMORY
          : { best: this.best, inspected: this.inspected, refused: NO_MEMORY.refused },
      ...(this.nextRequeue === undefined ? {} : { requeueAt: this.nextRequeue }),
    };
  }
}

/** RFC 3339. */
export function rfc3339(at: number): string {
  return new Date(at).toISOString();
}
