import type { Answer } from '../../domain/decision/decide.ts';
import { explain } from '../../domain/decision/explain.ts';
import type { DecisionInput } from '../../domain/decision/decision-input.ts';
import { BASE_TAG_RULE, type Update } from '../../domain/image/image-status.ts';
import type { Image } from '../../domain/image/image.ts';
import type { MoveAction } from '../../domain/action/action.ts';
import type { RuleType } from '../../domain/rule/rule-spec.ts';
import { tagGone } from '../../domain/image/tag-gone.ts';
import { failedRollout } from '../../domain/image/image-state.ts';
import { pinnedTagOf } from '../../domain/reference/pinned-tag.ts';
import type { Rule } from '../../domain/rule/rule.ts';
import type { TagFilter } from '../../domain/tag/tag-filter.ts';
import { RegistryError } from '../ports/tag-registry.ts';
import { decideWithFacts, type Decided, type FactSource, withoutFailed } from '../decision/decide-with-facts.ts';
import type { TriggerProblem } from '../trigger/understand-triggers.ts';
import { FirstSeenDigests } from '../decision/first-seen.ts';
import type { ControllerState } from '../refresh/refresh-status.ts';
import { changeBaseTag, settledState } from '../refresh/controller-state.ts';
import { type MovedImage, type PlannedWorkload, planWorkloads, type Surroundings } from './plan-workloads.ts';

/** An Image, its rules and filter checked and built. */
export interface ImageToPlan {
  readonly image: Image;
  readonly rules: readonly Rule[];
  readonly filter: TagFilter;
}

/** What is known of an Image's repository. */
export interface KnownTags {
  readonly tags: readonly string[];
  /** How single tags are asked about; or why nobody can tell. */
  readonly facts: Omit<FactSource, 'firstSeen'> | { readonly unknown: string };
}

/** Where tags come from: a registry, or a file. */
export abstract class TagSource {
  /** @throws RegistryError */
  abstract of(image: Image): Promise<KnownTags>;
}

/** What would happen to an Image, and why: the shape that `-o json` shows. */
export interface PlanEntry {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly currentTag: string;
  readonly rules: readonly {
    readonly name: string;
    readonly type: RuleType;
    readonly tag: string | null;
    readonly reason: string;
  }[];
  /** `rule` is `spec.baseTag` where that was changed, and moves the Image. */
  readonly move: { readonly rule: string; readonly tag: string; readonly action: MoveAction } | null;
  /** One a tag and rule, where that was asked for. */
  readonly candidates?: readonly {
    readonly tag: string;
    readonly rule: string;
    readonly verdict: 'selected' | 'older' | 'excluded';
    readonly reason: string;
  }[];
  /** What becomes of the workloads that name the repository, where there are workloads in the files. */
  readonly workloads?: readonly PlannedWorkload[];
  /** Those that the controller would refuse, where there are any. */
  readonly triggers?: readonly TriggerProblem[];
  /** Why nothing is known: the registry failed. */
  readonly error?: string;
}

/** An entry, and what the table says beside it. */
export interface Plan {
  readonly entry: PlanEntry;
  /** Why the Image moves, or stays where a rule found a tag. */
  readonly why?: string | undefined;
}

export interface PlanOptions {
  /** Whether each tag is told of. */
  readonly explain: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How many Images wait for registries at the same time. */
const CONCURRENT = 8;

/**
 * What would happen to these Images, in their order, and to the workloads beside them. An Image whose registry fails is told of
 * with its error; the others go on.
 */
export async function planImages(
  images: readonly ImageToPlan[],
  source: TagSource,
  options: PlanOptions,
  surroundings?: Surroundings,
): Promise<readonly Plan[]> {
  const plans: { readonly plan: Plan; readonly moved: MovedImage }[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < images.length; at = next++) plans[at] = await planImage(images[at]!, source, options);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENT, images.length) }, worker));
  if (surroundings === undefined || surroundings.workloads.length === 0) return plans.map(({ plan }) => plan);
  const workloads = planWorkloads(
    plans.map(({ moved }) => moved),
    surroundings,
  );
  return plans.map(({ plan }, at) => ({ ...plan, entry: { ...plan.entry, workloads: workloads[at]! } }));
}

async function planImage(
  { image, rules, filter }: ImageToPlan,
  source: TagSource,
  { explain: withCandidates, now }: PlanOptions,
): Promise<{ readonly plan: Plan; readonly moved: MovedImage }> {
  const { spec } = image;
  const built = { rules, filter };
  // From where the controller would go on.
  const start = settledState(image, rfc3339(now));
  const currentTag = start.tag;
  const about = { namespace: image.namespace, name: image.name, image: spec.image, currentTag };
  try {
    const { tags, facts } = await source.of(image);
    const rebased = await changeBaseTag(image, start, rfc3339(now), async (tag) =>
      'unknown' in facts ? undefined : facts.digest(tag),
    );
    const input: DecisionInput = {
      rules,
      filter,
      currentTag,
      tags,
      now,
      currentDigest: start.digest,
      updating: (rebased?.position ?? start).update,
      ...('unknown' in facts ? { noFacts: facts.unknown } : {}),
    };
    const { answer, input: answered } = await decideFor(image, input, facts, now);
    const update: Update | undefined =
      rebased?.kind === 'move'
        ? { tag: spec.baseTag, ...digestOf(rebased.digest), rule: BASE_TAG_RULE, since: rfc3339(now) }
        : (rebased?.position.update ??
          (answer.kind === 'move'
            ? {
                tag: answer.tag,
                ...digestOf(answered.facts?.get(answer.tag)?.digest),
                rule: answer.rule,
                since: rfc3339(now),
              }
            : start.update));
    const entry: PlanEntry = {
      ...about,
      rules: answer.outcomes.map(({ rule, type, tag, reason }) => ({ name: rule, type, tag: tag ?? null, reason })),
      move:
        rebased?.kind === 'move'
          ? { rule: BASE_TAG_RULE, tag: spec.baseTag, action: 'apply' }
          : answer.kind === 'move'
            ? { rule: answer.rule, tag: answer.tag, action: answer.action }
            : null,
      ...(withCandidates
        ? { candidates: explain(answered).map(({ tag, rule, verdict, reason }) => ({ tag, rule, verdict, reason })) }
        : {}),
    };
    // A file has the tags that somebody wants to try, not all that there are.
    const gone = 'unknown' in facts ? undefined : tagGone(currentTag, tags);
    return {
      plan: { entry, why: rebased?.kind === 'move' ? rebased.message : whyOf(answer, gone) },
      moved: { image: imageAt(image, rebased?.position ?? start, update), built, to: pinnedTagOf(update ?? start) },
    };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const { message } = error;
    const entry: PlanEntry = {
      ...about,
      rules: rules.map(({ name, type }) => ({ name, type, tag: null, reason: message })),
      move: null,
      ...(withCandidates ? { candidates: [] } : {}),
      error: message,
    };
    return { plan: { entry }, moved: { image: imageAt(image, start, start.update), built, to: undefined } };
  }
}

/** The Image with the status that says so. */
function imageAt(image: Image, { tag, digest, history }: ControllerState, update: Update | undefined): Image {
  const { update: _, ...status } = image.status;
  const { spec } = image;
  return {
    ...image,
    status: {
      ...status,
      image: spec.image,
      baseTag: spec.baseTag,
      tag,
      ...digestOf(digest),
      ...(history === undefined ? {} : { history }),
      ...(update === undefined ? {} : { update }),
    },
  };
}

function digestOf(digest: unknown): { readonly digest?: string } {
  return typeof digest === 'string' ? { digest } : {};
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

async function decideFor(image: Image, input: DecisionInput, facts: KnownTags['facts'], now: number): Promise<Decided> {
  const seen = new FirstSeenDigests(image.status.firstSeen ?? [], now);
  const source: FactSource | undefined =
    'unknown' in facts
      ? undefined
      : {
          digest: (tag) => facts.digest(tag),
          platforms: (digest) => facts.platforms(digest),
          firstSeen: (tag, digest) => seen.of(tag, digest),
        };
  const decided = await decideWithFacts({ ...input, withMisses: true }, source);
  const failed = failedRollout(image);
  if (decided.answer.kind !== 'move' || failed?.tag !== decided.answer.tag) return decided;
  return withoutFailed(decided, failed, await source?.digest(failed.tag), source);
}

function whyOf(answer: Answer, gone: string | undefined): string | undefined {
  return answer.kind === 'stay' ? gone : answer.reason;
}
