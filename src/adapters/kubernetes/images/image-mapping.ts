import { ANNOTATION_PREFIX, type Image } from '../../../domain/image/image.ts';
import type {
  CandidateReason,
  Condition,
  FirstSeen,
  HistoryEntry,
  ImageStatus,
  LeftAlone,
  Origin,
  RefreshResult,
  Rollout,
  Update,
  WorkloadRollout,
} from '../../../domain/image/image-status.ts';
import type { Action } from '../../../domain/action/action.ts';
import type { ImageSpec } from '../../../domain/image/image-spec.ts';
import type { RuleSpec } from '../../../domain/rule/rule-spec.ts';
import type { TagsSpec } from '../../../domain/tag/tags-spec.ts';
import type { Trigger } from '../../../domain/trigger/trigger.ts';
import { type FieldPath, fieldText } from '../../../support/field-path.ts';
import { isObject } from '../../../support/json.ts';
import type { KubeObject } from '../client/resource.ts';

/** An Image as it came from the API server. Its schema says what is in it, but it may be older or newer than this program. */
export interface RawImage extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
  /** What it was read as already, where spec and status were let go. */
  readonly read?: Image;
}

/** An Image that can't be understood. The message begins with the field. */
export class UnreadableImageError extends Error {
  override readonly name = 'UnreadableImageError';

  /** @param field what is at fault, from the Image's root */
  constructor(
    message: string,
    readonly field: FieldPath,
  ) {
    super(message);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The domain's Image. Fields that are not there get the schema's defaults, unknown ones are passed over. Of the status, which is
 * kimup's own, what can't be read counts as not written; a spec that can't be read is an error, since guessing would change its meaning.
 * @throws UnreadableImageError
 */
export function imageOf(raw: RawImage): Image {
  if (raw.read !== undefined) return raw.read;
  const { name, namespace, uid, resourceVersion, generation, annotations, deletionTimestamp } = raw.metadata ?? {};
  if (!name || !namespace || !uid)
    throw new UnreadableImageError('metadata: name, namespace and uid are required', ['metadata']);
  return {
    name,
    namespace,
    uid,
    resourceVersion: resourceVersion ?? '',
    generation: generation ?? 0,
    annotations: ownAnnotations(annotations),
    deleting: deletionTimestamp !== undefined,
    spec: specOf(raw.spec),
    status: statusOf(raw.status),
  };
}

function ownAnnotations(annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations)
      .filter(([key]) => key.startsWith(ANNOTATION_PREFIX))
      .map(([key, value]) => [key.slice(ANNOTATION_PREFIX.length), value]),
  );
}

function specOf(raw: unknown): ImageSpec {
  const spec = object(raw, ['spec']);
  return {
    image: string(spec['image'], ['spec', 'image']),
    baseTag: optional(spec['baseTag'], ['spec', 'baseTag'], string) ?? 'latest',
    imagePullSecrets: list(spec['imagePullSecrets'], ['spec', 'imagePullSecrets'], (entry, at) =>
      string(object(entry, at)['name'], [...at, 'name']),
    ),
    insecureSkipTLSVerify: optional(spec['insecureSkipTLSVerify'], ['spec', 'insecureSkipTLSVerify'], boolean) ?? false,
    ...present('tags', optional(spec['tags'], ['spec', 'tags'], tagsOf)),
    ...present('pinDigest', optional(spec['pinDigest'], ['spec', 'pinDigest'], boolean)),
    triggers: list(spec['triggers'], ['spec', 'triggers'], triggerOf),
    rules: list(spec['rules'], ['spec', 'rules'], ruleOf),
  };
}

function tagsOf(raw: unknown, at: FieldPath): TagsSpec {
  const tags = object(raw, at);
  return {
    ...present('include', optional(tags['include'], [...at, 'include'], string)),
    ...present('exclude', optional(tags['exclude'], [...at, 'exclude'], string)),
    ...present('extract', optional(tags['extract'], [...at, 'extract'], string)),
    ...present(
      'platforms',
      optional(tags['platforms'], [...at, 'platforms'], (value, where) => list(value, where, string)),
    ),
    ...present('minimumAge', optional(tags['minimumAge'], [...at, 'minimumAge'], string)),
  };
}

function triggerOf(raw: unknown, at: FieldPath): Trigger {
  const trigger = object(raw, at);
  // A type that this program does not know is the use cases' to report: it is kept.
  const type = string(trigger['type'], [...at, 'type']) as Trigger['type'];
  const value = optional(trigger['value'], [...at, 'value'], string);
  return value === undefined ? { type } : { type, value };
}

function ruleOf(raw: unknown, at: FieldPath): RuleSpec {
  const rule = object(raw, at);
  const value = optional(rule['value'], [...at, 'value'], string);
  return {
    name: string(rule['name'], [...at, 'name']),
    type: string(rule['type'], [...at, 'type']) as RuleSpec['type'],
    ...(value === undefined ? {} : { value }),
    actions: list(rule['actions'], [...at, 'actions'], actionOf),
  };
}

function actionOf(raw: unknown, at: FieldPath): Action {
  const action = object(raw, at);
  const type = string(action['type'], [...at, 'type']) as Action['type'];
  const data = optional(action['data'], [...at, 'data'], object) as Action['data'];
  return data === undefined ? { type } : { type, data };
}

/** How each field of a status is read; undefined where it is not there, or not what it should be. */
const STATUS: { readonly [K in keyof Required<ImageStatus>]: (value: unknown) => ImageStatus[K] | undefined } = {
  tag: (value) => readable(value, isString),
  digest: (value) => readable(value, isString),
  result: (value) => readable(value, isString) as RefreshResult | undefined,
  time: (value) => readable(value, isString),
  image: (value) => readable(value, isString),
  baseTag: (value) => readable(value, isString),
  observedGeneration: (value) => readable(value, (it) => typeof it === 'number'),
  update: (value) => readable(value, isUpdate),
  rollout: rolloutOf,
  candidates: (value) => listOf(value, isCandidate),
  firstSeen: (value) => listOf(value, isFirstSeen),
  history: (value) => listOf(value, isHistoryEntry),
  origins: (value) => listOf(value, isOrigin),
  conditions: (value) => listOf(value, isCondition) ?? [],
};

function statusOf(raw: unknown): ImageStatus {
  const status = isObject(raw) ? raw : {};
  const fields = Object.entries(STATUS).map(([field, read]) => [field, read(status[field])] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as unknown as ImageStatus;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isUpdate(value: unknown): value is Update {
  return isObject(value) && hasStrings(value, 'tag', 'rule', 'since');
}

function rolloutOf(value: unknown): Rollout | undefined {
  if (!isObject(value) || !hasStrings(value, 'tag', 'phase', 'since')) return undefined;
  const { late, image, leftAlone, ...rollout } = value;
  return {
    ...rollout,
    workloads: workloadsOf(value),
    ...present('leftAlone', listOf(leftAlone, isLeftAlone)),
    ...present('image', readable(image, isString)),
    ...(isObject(late) && hasStrings(late, 'tag') ? { late: { ...late, workloads: workloadsOf(late) } } : {}),
  } as unknown as Rollout;
}

function workloadsOf({ workloads }: Fields): readonly WorkloadRollout[] {
  return Array.isArray(workloads) ? workloads.filter(isWorkload) : [];
}

function isWorkload(value: unknown): value is WorkloadRollout {
  return isObject(value) && hasStrings(value, 'kind', 'name', 'phase', 'since');
}

function isCandidate(value: unknown): value is CandidateReason {
  return isObject(value) && hasStrings(value, 'tag', 'rule', 'reason');
}

function isFirstSeen(value: unknown): value is FirstSeen {
  return isObject(value) && hasStrings(value, 'tag', 'digest', 'time');
}

function isHistoryEntry(value: unknown): value is HistoryEntry {
  return isObject(value) && hasStrings(value, 'from', 'to', 'rule', 'began', 'ended', 'outcome');
}

function isOrigin(value: unknown): value is Origin {
  return isObject(value) && hasStrings(value, 'tag', 'baseTag');
}

function isLeftAlone(value: unknown): value is LeftAlone {
  return isObject(value) && hasStrings(value, 'kind', 'name', 'message');
}

function listOf<T>(value: unknown, is: (value: unknown) => value is T): readonly T[] | undefined {
  return Array.isArray(value) ? value.filter(is) : undefined;
}

function isCondition(value: unknown): value is Condition {
  return isObject(value) && hasStrings(value, 'type', 'status', 'reason', 'message', 'lastTransitionTime');
}

function hasStrings(value: Fields, ...names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}

function readable<T>(value: unknown, is: (value: unknown) => value is T): T | undefined {
  return is(value) ? value : undefined;
}

function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

function object(value: unknown, at: FieldPath): Fields {
  if (!isObject(value)) throw mustBe(at, 'an object');
  return value;
}

function string(value: unknown, at: FieldPath): string {
  if (typeof value !== 'string') throw mustBe(at, 'a string');
  return value;
}

function boolean(value: unknown, at: FieldPath): boolean {
  if (typeof value !== 'boolean') throw mustBe(at, 'true or false');
  return value;
}

function optional<T>(value: unknown, at: FieldPath, read: (value: unknown, at: FieldPath) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value, at);
}

function list<T>(value: unknown, at: FieldPath, read: (entry: unknown, at: FieldPath) => T): readonly T[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw mustBe(at, 'a list');
  return value.map((entry: unknown, index) => read(entry, [...at, index]));
}

function mustBe(at: FieldPath, what: string): UnreadableImageError {
  return new UnreadableImageError(`${fieldText(at)} must be ${what}`, at);
}
