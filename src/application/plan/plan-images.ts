import { explain } from '../../domain/decision/explain.ts';
import { type ControllerState, currentState, toStatus } from '../../domain/image/controller-state.ts';
import { BASE_TAG_RULE } from '../../domain/image/image-status.ts';
import type { Image } from '../../domain/image/image.ts';
import type { MoveAction } from '../../domain/action/action.ts';
import type { RuleType } from '../../domain/rule/rule-spec.ts';
import { pinnedTagOf } from '../../domain/reference/pinned-tag.ts';
import type { Rule } from '../../domain/rule/rule.ts';
import type { TagFilter } from '../../domain/tag/tag-filter.ts';
import type { TriggerProblem } from '../../domain/trigger/trigger.ts';
import { mapConcurrent } from '../../support/map-concurrent.ts';
import { RegistryError } from '../ports/tag-registry.ts';
import type { ActionCatalogue } from '../action/action-catalogue.ts';
import { evaluateImage, type Evaluation, type KnownTags } from '../decision/evaluate-image.ts';
import { type MovedImage, type PlannedWorkload, planWorkloads, type Surroundings } from './plan-workloads.ts';

/** An Image, its rules and filter checked and built. */
export interface ImageToPlan {
  readonly image: Image;
  readonly rules: readonly Rule[];
  readonly filter: TagFilter;
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
  /** What the actions of the rules do. */
  readonly actions: ActionCatalogue;
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
  const plans: PlannedImage[] = [];
  await mapConcurrent([...images.entries()], CONCURRENT, async ([at, image]) => {
    plans[at] = await planImage(image, source, options);
  });
  if (surroundings === undefined || surroundings.workloads.length === 0) return plans.map(({ plan }) => plan);
  const workloads = planWorkloads(
    plans.map(({ moved }) => moved),
    surroundings,
  );
  return plans.map(({ plan }, at) => ({ ...plan, entry: { ...plan.entry, workloads: workloads[at]! } }));
}

/** An Image's plan, and the Image as it is then, for the workloads. */
interface PlannedImage {
  readonly plan: Plan;
  readonly moved: MovedImage;
}

async function planImage(given: ImageToPlan, source: TagSource, options: PlanOptions): Promise<PlannedImage> {
  const { image, rules, filter } = given;
  const { explain, now, actions } = options;
  try {
    const known = await source.of(image);
    const evaluation = await evaluateImage(image, { rules, filter }, known, actions, now, { everyRule: true });
    return planned(given, known, evaluation, explain);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return notPlanned(given, error.message, options);
  }
}

function planned(
  { image, rules, filter }: ImageToPlan,
  known: KnownTags,
  { start, state, move, decided, outcome, gone }: Evaluation,
  withCandidates: boolean,
): PlannedImage {
  const { answer, input } = decided!;
  const entry: PlanEntry = {
    ...about(image, start),
    rules: answer.outcomes.map(({ rule, type, tag, reason }) => ({ name: rule, type, tag: tag ?? null, reason })),
    move: move ?? null,
    ...(withCandidates
      ? { candidates: explain(input).map(({ tag, rule, verdict, reason }) => ({ tag, rule, verdict, reason })) }
      : {}),
  };
  // A file has the tags that somebody wants to try, not all that there are.
  const stays = 'unknown' in known.facts ? undefined : gone.message;
  const why = move?.rule === BASE_TAG_RULE ? outcome.message : answer.kind === 'stay' ? stays : answer.reason;
  return {
    plan: { entry, why },
    moved: { image: imageAt(image, state), built: { rules, filter }, to: pinnedTagOf(state.update ?? state) },
  };
}

/** Of an Image whose registry fails. */
function notPlanned({ image, rules, filter }: ImageToPlan, error: string, options: PlanOptions): PlannedImage {
  const state = currentState(image, new Date(options.now).toISOString());
  const entry: PlanEntry = {
    ...about(image, state),
    rules: rules.map(({ name, type }) => ({ name, type, tag: null, reason: error })),
    move: null,
    ...(options.explain ? { candidates: [] } : {}),
    error,
  };
  return { plan: { entry }, moved: { image: imageAt(image, state), built: { rules, filter }, to: undefined } };
}

function about(
  { namespace, name, spec }: Image,
  { tag }: ControllerState,
): Pick<PlanEntry, 'namespace' | 'name' | 'image' | 'currentTag'> {
  return { namespace, name, image: spec.image, currentTag: tag };
}

/** The Image with the status that says so. */
function imageAt(image: Image, state: ControllerState): Image {
  const { rollout } = image.status;
  return { ...image, status: { ...toStatus(state), ...(rollout === undefined ? {} : { rollout }) } };
}
