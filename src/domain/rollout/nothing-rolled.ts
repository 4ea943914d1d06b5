import { ENABLED_ANNOTATION } from '../assignment/scope.ts';
import { rollsNow } from './health.ts';
import type { RolloutContext } from './rollout-context.ts';
import type { PinnedTag } from '../reference/pinned-tag.ts';
import { byName, type Workload } from './workload.ts';

/** How many names a message holds. */
const MOST_NAMED = 5;

const LEFT_ALONE = 'left alone because of its tags';

/** Why no workload is rolled: of each that names the repository what becomes of it. */
export function nothingRolled(context: RolloutContext, to: PinnedTag): string {
  const named = context.input.workloads.filter(
    (workload) => !workload.deleting && context.tags(workload).namesRepository(),
  );
  if (named.length === 0)
    return 'nothing to roll: no Deployment, StatefulSet or DaemonSet names the repository; the tag comes with the next pods';
  const groups = Map.groupBy(named.sort(byName), (workload) => whyNot(context, workload, to));
  // Which are left alone is said with the reasons, beside this.
  groups.delete(LEFT_ALONE);
  if (groups.size === 0) return 'nothing rolled';
  return `nothing rolled: ${[...groups].map(([why, workloads]) => `${someOf(workloads)}: ${why}`).join('; ')}`;
}

function whyNot(context: RolloutContext, workload: Workload, to: PinnedTag): string {
  const tags = context.tags(workload);
  if (!context.inScope(workload)) return `not in scope (annotation ${ENABLED_ANNOTATION})`;
  if (!tags.concernedBy(to)) {
    if (tags.leftAt(to) !== undefined) return LEFT_ALONE;
    return tags.tiedAt(to).length > 0 ? 'several Images could move it' : "another Image's";
  }
  return rollsNow(workload)
    ? 'gets the tag already'
    : 'takes the tag with its next pods, being paused, without replicas or OnDelete';
}

/** `Deployment web, StatefulSet db and 2 more`. */
export function someOf(workloads: readonly Pick<Workload, 'kind' | 'name'>[]): string {
  const names = workloads
    .slice(0, MOST_NAMED)
    .map(({ kind, name }) => `${kind} ${name}`)
    .join(', ');
  return workloads.length <= MOST_NAMED ? names : `${names} and ${workloads.length - MOST_NAMED} more`;
}
