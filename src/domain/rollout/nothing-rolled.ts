import { ENABLED_ANNOTATION } from '../assignment/scope.ts';
import { rollsNow } from './health.ts';
import type { RolloutContext } from './rollout-context.ts';
import type { PinnedTag } from '../reference/pinned-tag.ts';
import { byName, type Workload } from './workload.ts';

/** How many names a message holds. */
const MOST_NAMED = 5;

const LEFT_ALONE = 'left unchanged because of its tags';

/** Why no workload is rolled: of each that names the repository what becomes of it. */
export function nothingRolled(context: RolloutContext, to: PinnedTag): string {
  const named = context.input.workloads.filter(
    (workload) => !workload.deleting && context.tags(workload).namesRepository(),
  );
  if (named.length === 0)
    return 'nothing to roll out: no Deployment, StatefulSet or DaemonSet uses this repository; new pods get the tag';
  const groups = Map.groupBy(named.sort(byName), (workload) => whyNot(context, workload, to));
  // Which are left alone is said with the reasons, beside this.
  groups.delete(LEFT_ALONE);
  if (groups.size === 0) return 'no workload rolled out';
  return `no workload rolled out: ${[...groups].map(([why, workloads]) => `${someOf(workloads)}: ${why}`).join('; ')}`;
}

function whyNot(context: RolloutContext, workload: Workload, to: PinnedTag): string {
  const tags = context.tags(workload);
  if (!context.inScope(workload))
    return `not in scope (its pod template or namespace needs ${ENABLED_ANNOTATION}: "true")`;
  if (!tags.concernedBy(to)) {
    if (tags.leftAt(to) !== undefined) return LEFT_ALONE;
    return tags.tiedAt(to).length > 0 ? 'several Images match it' : 'it gets its tag from another Image';
  }
  return rollsNow(workload)
    ? 'already gets the tag'
    : 'gets the tag when it next creates pods: it is paused, has no replicas to update, or uses OnDelete';
}

/** `Deployment web, StatefulSet db and 2 more`. */
function someOf(workloads: readonly Pick<Workload, 'kind' | 'name'>[]): string {
  const names = workloads
    .slice(0, MOST_NAMED)
    .map(({ kind, name }) => `${kind} ${name}`)
    .join(', ');
  return workloads.length <= MOST_NAMED ? names : `${names} and ${workloads.length - MOST_NAMED} more`;
}
