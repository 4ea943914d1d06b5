import { ACTIONS_NOT_BUILT_YET } from '../action/action.ts';
import { TRIGGERS_NOT_BUILT_YET } from '../trigger/trigger.ts';
import type { ImageSpec } from './image-spec.ts';

/** What a spec asks for that the contract has and this version of kimup does not do yet. */
export interface NotBuiltYet {
  /** As in `spec.triggers[0].type`. */
  readonly field: string;
  readonly message: string;
}

/**
 * All triggers and actions of a spec that never come to anything, in its order: people are told of them rather than left to
 * wait. Which they are is said where the types are: {@link TRIGGERS_NOT_BUILT_YET}, {@link ACTIONS_NOT_BUILT_YET}.
 */
export function notBuiltYet({ triggers, rules }: ImageSpec): NotBuiltYet[] {
  return [
    ...triggers.flatMap(({ type }, i) =>
      remark('triggers', `spec.triggers[${i}].type`, type, TRIGGERS_NOT_BUILT_YET.get(type)),
    ),
    ...rules.flatMap(({ actions }, rule) =>
      actions.flatMap(({ type }, i) =>
        remark('actions', `spec.rules[${rule}].actions[${i}].type`, type, ACTIONS_NOT_BUILT_YET.get(type)),
      ),
    ),
  ];
}

function remark(what: string, field: string, type: string, consequence: string | undefined): NotBuiltYet[] {
  if (consequence === undefined) return [];
  return [{ field, message: `${what} of type ${JSON.stringify(type)} are not implemented yet, ${consequence}` }];
}
