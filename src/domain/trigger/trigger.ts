export const TRIGGER_TYPES = ['crontab', 'webhook'] as const;

export type TriggerType = (typeof TRIGGER_TYPES)[number];

/** The triggers that the contract has and this version of kimup does not do yet, and what follows. */
export const TRIGGERS_NOT_BUILT_YET: ReadonlyMap<TriggerType, string> = new Map([
  ['webhook', 'so this one never fires; use "crontab"'],
]);

/** When to look for a newer tag. */
export interface Trigger {
  readonly type: TriggerType;
  readonly value?: string;
}

/** A trigger whose expression can't be used. */
export interface TriggerProblem {
  /** The field, as in `spec.triggers[0].value`. */
  readonly field: string;
  readonly message: string;
}
