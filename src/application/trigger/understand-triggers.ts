import type { Trigger, TriggerProblem } from '../../domain/trigger/trigger.ts';
import { InvalidCrontabError } from '../ports/crontab.ts';

/** The crontabs among triggers, each as `parse` understands it, and what is wrong with those that it refuses by an {@link InvalidCrontabError}. */
export function understandTriggers<T>(
  triggers: readonly Trigger[],
  parse: (expression: string) => T,
): { readonly schedules: readonly T[]; readonly problems: readonly TriggerProblem[] } {
  const schedules: T[] = [];
  const problems: TriggerProblem[] = [];
  triggers.forEach(({ type, value }, i) => {
    if (type !== 'crontab') return;
    try {
      schedules.push(parse(value ?? ''));
    } catch (error) {
      if (!(error instanceof InvalidCrontabError)) throw error;
      problems.push({ field: `spec.triggers[${i}].value`, message: error.message });
    }
  });
  return { schedules, problems };
}
