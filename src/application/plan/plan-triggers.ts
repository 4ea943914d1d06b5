import { understandTriggers } from '../trigger/understand-triggers.ts';
import type { ImageToPlan, Plan } from './plan-images.ts';

/**
 * The same plans, which also tell of triggers that the controller would refuse: it would go on without them, and say so.
 * @param images of which the plans are, in their order
 * @param check throws InvalidCrontabError
 */
export function tellOfTriggers(
  plans: readonly Plan[],
  images: readonly ImageToPlan[],
  check: (crontab: string) => void,
): readonly Plan[] {
  return plans.map((plan, at) => {
    const { problems } = understandTriggers(images[at]!.image.spec.triggers, check);
    return problems.length === 0 ? plan : { ...plan, entry: { ...plan.entry, triggers: problems } };
  });
}
