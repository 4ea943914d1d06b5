export const REFRESH_RESULTS = [
  'Success',
  'Scheduled',
  'Error',
  'GetImageError',
  'PullSecretsError',
  'RegistryError',
  'TagsError',
  'GetRuleError',
  'ActionError',
] as const;

/** `status.result`: how the last refresh ended, in the words of the contract. */
export type RefreshResult = (typeof REFRESH_RESULTS)[number];

/** A condition as in metav1.Condition. `lastTransitionTime` is RFC 3339. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/** The move that was decided and is under way. Times are RFC 3339. */
export interface Update {
  readonly tag: string;
  /** `sha256:…` of the tag when it was decided. */
  readonly digest?: string;
  readonly rule: string;
  readonly since: string;
}

/** What stands in the place of a rule's name where a changed `spec.baseTag` moves an Image. */
export const BASE_TAG_RULE = 'spec.baseTag';

export const HISTORY_OUTCOMES = ['Healthy', 'Failed'] as const;

export type HistoryOutcome = (typeof HISTORY_OUTCOMES)[number];

/** How many moves an Image's history holds at most. */
export const HISTORY_LENGTH = 10;

/** A move of the Image that has ended. Times are RFC 3339. */
export interface HistoryEntry {
  readonly from: string;
  /** The same as `from` where `spec.baseTag` was changed to the tag that the Image was on. */
  readonly to: string;
  /** `sha256:…` of `to` when the move was decided. */
  readonly digest?: string;
  /** What moved it: a rule's name, or {@link BASE_TAG_RULE}. */
  readonly rule: string;
  readonly began: string;
  readonly ended: string;
  /** Failed: the Image stayed on `from`. */
  readonly outcome: HistoryOutcome;
  readonly message?: string;
}

/** How many of the tags that an Image was on are remembered at most. */
export const ORIGINS_LENGTH = 100;

/** A tag that the Image was on before, or started at: containers may still name it. */
export interface Origin {
  readonly tag: string;
  /** The `spec.baseTag` that counted then. */
  readonly baseTag: string;
}

/** What became of the update at one workload. */
export interface WorkloadRollout {
  readonly kind: WorkloadKind;
  readonly name: string;
  /** The Image's entry in the pod template before; absent where there was none. */
  readonly previousTag?: string;
  /** Overridden, and the template names nothing: what its pods get until the next move, as an entry. */
  readonly pinnedTag?: string;
  readonly phase: WorkloadPhase;
  /** When it last made progress, RFC 3339. */
  readonly since: string;
  readonly message?: string;
}

export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

export const WORKLOAD_PHASES = ['Pending', 'Progressing', 'Healthy', 'Failed', 'Overridden'] as const;

export type WorkloadPhase = (typeof WORKLOAD_PHASES)[number];

export const ROLLOUT_PHASES = ['Progressing', 'Healthy', 'Failed'] as const;

export type RolloutPhase = (typeof ROLLOUT_PHASES)[number];

/** A workload that names the repository and is not moved, because of the tags of its containers. */
export interface LeftAlone {
  readonly kind: WorkloadKind;
  readonly name: string;
  /** Which container keeps what, and why. */
  readonly message: string;
}

/** Workloads that are brought to the tag that the Image is on already, beside a rollout that failed. */
export interface LateRollout {
  readonly tag: string;
  readonly digest?: string;
  readonly workloads: readonly WorkloadRollout[];
}

/** What became of the update: written by the operator alone. */
export interface Rollout {
  readonly tag: string;
  readonly digest?: string;
  /** The `spec.image` that it was for; absent where an older kimup wrote it. */
  readonly image?: string;
  readonly phase: RolloutPhase;
  /** The update's own `since`, by which it is told which update this is of; without an update, when it was begun. */
  readonly since: string;
  readonly message?: string;
  readonly workloads: readonly WorkloadRollout[];
  /** Workloads in scope that stay as they are because of their tags; absent where there are none. */
  readonly leftAlone?: readonly LeftAlone[];
  /** Only where it is Failed: a Healthy one has them among its own. */
  readonly late?: LateRollout;
}

/** Why a rule does not take a newer tag, for `kubectl describe`. */
export interface CandidateReason {
  readonly tag: string;
  readonly rule: string;
  readonly reason: string;
}

/** Since when kimup knows the digest of a tag. RFC 3339. */
export interface FirstSeen {
  readonly tag: string;
  readonly digest: string;
  readonly time: string;
}

/** `Image.status`. Each field has one writer: the operator writes `rollout`, the controller all the rest. */
export interface ImageStatus {
  /** What the Image is on: proven, and what pods get whose template names nothing. */
  readonly tag?: string;
  readonly digest?: string;
  readonly result?: RefreshResult;
  /** When the Image was last refreshed, RFC 3339. */
  readonly time?: string;
  /** The `spec.image` and `spec.baseTag` that this status was written for. */
  readonly image?: string;
  readonly baseTag?: string;
  readonly observedGeneration?: number;
  readonly update?: Update;
  readonly rollout?: Rollout;
  /** At most ten. */
  readonly candidates?: readonly CandidateReason[];
  /** Of the tags that are too young yet (`spec.tags.minimumAge`), at most a hundred. */
  readonly firstSeen?: readonly FirstSeen[];
  /** The last moves, the oldest first: at most {@link HISTORY_LENGTH}. */
  readonly history?: readonly HistoryEntry[];
  /** Each tag once, the latest last: at most {@link ORIGINS_LENGTH}. */
  readonly origins?: readonly Origin[];
  readonly conditions: readonly Condition[];
}

/** The part of the status that the controller writes, whole: what is left out goes from the object. */
export type ControllerStatus = Omit<ImageStatus, 'rollout'>;

/** The part of the status that the operator writes, whole. */
export type OperatorStatus = Pick<ImageStatus, 'rollout' | 'conditions'>;
