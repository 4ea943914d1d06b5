/** Where an object lives: `namespace` and `name` as the API server has them. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, the one spelling of a key in logs, queues and maps. */
export function keyOf(object: ObjectKey): string {
  return `${object.namespace}/${object.name}`;
}

/** The inverse of {@link keyOf}. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export const TRIGGER_TYPES = ['crontab', 'webhook'] as const;

export type TriggerType = (typeof TRIGGER_TYPES)[number];

/** When to look for a newer tag. */
export interface Trigger {
  readonly type: TriggerType;
  readonly value?: string;
}

/** A value given in place, or where it stands in the Image's own namespace. */
export interface ValueOrValueFrom {
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyRef;
    readonly configMapKeyRef?: KeyRef;
    readonly alertConfigRef?: { readonly name: string };
  };
}

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

export const ACTION_TYPES = ['apply', 'request-approval', 'alert-discord', 'alert-email'] as const;

export type ActionType = (typeof ACTION_TYPES)[number];

/** What to do about an update that a rule found. */
export interface Action {
  readonly type: ActionType;
  readonly data?: ValueOrValueFrom;
}

/** What moves an Image, at once or when a person has agreed; all other actions tell of a tag. */
export type MoveAction = 'apply' | 'request-approval';

/** Whether an action is a {@link MoveAction}. */
export function movesImage<T extends Pick<Action, 'type'>>(action: T): action is T & { readonly type: MoveAction } {
  return action.type === 'apply' || action.type === 'request-approval';
}

export const RULE_TYPES = [
  'semver-major',
  'semver-minor',
  'semver-patch',
  'semver-range',
  'calver-major',
  'calver-minor',
  'calver-patch',
  'calver-prerelease',
  'regex',
  'numerical',
  'alphabetical',
  'digest',
  'always',
] as const;

export type RuleType = (typeof RULE_TYPES)[number];

/** Of a user's pattern, characters: the time that RE2 takes is linear in its size too. */
export const LONGEST_PATTERN = 1_000;

/** Of the range of a `semver-range`, characters. */
export const LONGEST_RANGE = 256;

/** `os/architecture` or `os/architecture/variant` (OCI image index, "platform"), as a regular expression of RE2 and of JavaScript. */
export const PLATFORM = '^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9._-]+)?$';

/** What counts as an update, as the user wrote it. {@link buildRule} makes it a rule that can be asked. */
export interface RuleSpec {
  readonly name: string;
  readonly type: RuleType;
  readonly value?: string;
  readonly actions: readonly Action[];
}

/** Which tags the rules see, and of which they may take one: `spec.tags`, as the user wrote it. */
export interface TagsSpec {
  /** RE2, searched: only tags that match. */
  readonly include?: string;
  /** RE2, searched: no tag that matches. */
  readonly exclude?: string;
  /** RE2 with a group: what the rules see instead of the whole tag. */
  readonly extract?: string;
  /** `linux/amd64`, `linux/arm64/v8`: a tag must have all of them. */
  readonly platforms?: readonly string[];
  /** A duration (`90m`, `72h`, `7d`): how long kimup must have known the tag's digest. */
  readonly minimumAge?: string;
}

/** What the user wants: `Image.spec`. */
export interface ImageSpec {
  readonly image: string;
  readonly baseTag: string;
  readonly imagePullSecrets: readonly string[];
  readonly insecureSkipTLSVerify: boolean;
  readonly triggers: readonly Trigger[];
  readonly rules: readonly RuleSpec[];
  readonly tags?: TagsSpec;
  /** Whether pods get `tag@digest`, whatever the rule. */
  readonly pinDigest?: boolean;
}

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
  readonly before?: string;
  /** Overridden, and the template names nothing: what its pods get until the next move, as an entry. */
  readonly keeps?: string;
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

/** An Image as it is now in the API. */
export interface Image extends ObjectKey {
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  /** The annotations under `kimup.cloudavenue.io/`, the prefix left off: `action`, `tag`, … */
  readonly annotations: Readonly<Record<string, string>>;
  readonly deleting: boolean;
  readonly spec: ImageSpec;
  readonly status: ImageStatus;
}

/** Whether the status speaks of the present `spec.image` and `spec.baseTag`, so that its tag may be put on pods. */
export function statusIsCurrent(image: Image): boolean {
  return image.status.tag !== undefined
    && image.status.image === image.spec.image
    && image.status.baseTag === image.spec.baseTag;
}

/** The prefix of every annotation of kimup's. */
export const ANNOTATION_PREFIX = 'kimup.cloudavenue.io/';
