import type { ConditionState } from '../image/conditions.ts';
import type { Image } from '../image/image.ts';
import type { LeftAlone, Rollout, WorkloadRollout } from '../image/image-status.ts';
import { IMAGE_ANNOTATION } from '../assignment/image-ownership.ts';
import type { AmbiguousWorkloads } from './rollout-context.ts';
import { truncate } from '../../support/text.ts';

/** The operator's condition on an Image: whether all that could be rolled runs the tag that it should. */
export const ROLLED_OUT = 'RolledOut';

/** The operator's condition on an Image, there while it is so: workloads can't tell which of several Images is theirs. */
export const AMBIGUOUS = 'Ambiguous';

/** All conditions that the operator writes. */
export const OPERATOR_CONDITIONS: ReadonlySet<string> = new Set([ROLLED_OUT, AMBIGUOUS]);

/** Shorter than what a condition is cut to, so that one can be compared with what it should be. */
const MAX_AMBIGUITY = 1_000;

/** Which workloads get no tag because several Images could give them one, and what to do; `undefined` for none. */
export function ambiguity(image: Image, ambiguous: AmbiguousWorkloads): string | undefined {
  if (ambiguous.workloads.length === 0) return undefined;
  const images = some(ambiguous.images);
  const workloads = some(ambiguous.workloads.map(({ kind, name }) => `${kind} ${name}`));
  const text = `set the annotation ${IMAGE_ANNOTATION} on the pod template to the name of the Image to use: several Images (${images}) match ${image.spec.image}, so none of them sets its tag on ${workloads}`;
  return truncate(text, MAX_AMBIGUITY);
}

/** The condition {@link AMBIGUOUS}. */
export function ambiguousCondition(message: string): ConditionState {
  return { type: AMBIGUOUS, status: 'True', reason: 'SeveralImages', message };
}

/** The first five by name. */
function some(names: readonly string[]): string {
  const sorted = [...names].sort();
  return sorted.length <= 5 ? sorted.join(', ') : `${sorted.slice(0, 5).join(', ')} and ${sorted.length - 5} more`;
}

/** The condition {@link ROLLED_OUT} for a rollout. */
export function rolledOutCondition({ tag, phase, message, workloads, leftAlone = [] }: Rollout): ConditionState {
  const type = ROLLED_OUT;
  const named = (which: WorkloadRollout['phase']): string | undefined => {
    const rows = workloads.filter((row) => row.phase === which);
    const some = rows.slice(0, 5).map((row) => `${row.kind} ${row.name}: ${row.message ?? ''}`);
    return rows.length === 0
      ? undefined
      : some.concat(rows.length > 5 ? [`and ${rows.length - 5} more`] : []).join('; ');
  };
  const overridden = named('Overridden');
  const left = leftAlone.length === 0 ? '' : `; ${leftAloneText(leftAlone)}`;
  switch (phase) {
    case 'Failed':
      return { type, status: 'False', reason: 'RolloutFailed', message: `${tag}: ${message ?? ''}${left}` };
    case 'Progressing':
      return {
        type,
        status: 'False',
        reason: 'RollingOut',
        message: `${tag}: ${message ?? ''}${overridden === undefined ? '' : `; ${overridden}`}${left}`,
      };
    case 'Healthy': {
      const failed = named('Failed');
      if (failed !== undefined)
        return { type, status: 'False', reason: 'WorkloadFailed', message: `${tag}: ${failed}${left}` };
      if (workloads.some((row) => row.phase === 'Pending' || row.phase === 'Progressing')) {
        return { type, status: 'False', reason: 'RollingOut', message: `${tag}: ${message ?? ''}${left}` };
      }
      if (overridden !== undefined)
        return { type, status: 'True', reason: 'Overridden', message: `${tag}: ${overridden}${left}` };
      return {
        type,
        status: 'True',
        reason: leftAlone.length === 0 ? 'RolledOut' : 'LeftAlone',
        message: `${tag}: ${message ?? ''}${left}`,
      };
    }
  }
}

/** Which workloads stay as they are because of their tags, and why: the first five. */
export function leftAloneText(leftAlone: readonly LeftAlone[]): string {
  const rows = leftAlone.slice(0, 5).map(({ kind, name, message }) => `${kind} ${name}: ${message}`);
  return `left unchanged because of their tags: ${rows.concat(leftAlone.length > 5 ? [`and ${leftAlone.length - 5} more`] : []).join('; ')}`;
}
