import { NOT_BUILT_YET } from '../action/action.ts';
import type { ImageSpec } from './image-spec.ts';

/** What a spec asks for that the contract has and this version of kimup does not do yet. */
export interface NotBuiltYet {
  /** As in `spec.triggers[0].type`. */
  readonly field: string;
  readonly message: string;
}

/** Everything of that kind, in the order of the spec: people are told of it rather than left to wait. */
export function notBuiltYet({ triggers, rules }: ImageSpec): NotBuiltYet[] {
  const found: NotBuiltYet[] = [];
  triggers.forEach(({ type }, i) => {
    if (type === 'webhook')
      found.push({
        field: `spec.triggers[${i}].type`,
        message: 'triggers of type "webhook" are not implemented yet, so this one never fires; use "crontab"',
      });
  });
  rules.forEach(({ actions }, rule) =>
    actions.forEach(({ type }, i) => {
      const consequence = NOT_BUILT_YET.get(type);
      if (consequence === undefined) return;
      found.push({
        field: `spec.rules[${rule}].actions[${i}].type`,
        message: `actions of type ${JSON.stringify(type)} are not implemented yet, ${consequence}`,
      });
    }),
  );
  return found;
}
