import type { CliCommand } from './command.ts';
import { PLAN_COMMAND } from './plan/plan.ts';
import { VERSION_COMMAND } from './version.ts';

/** Every command of kimup, in the order of the help. */
export const COMMANDS: readonly CliCommand[] = [PLAN_COMMAND, VERSION_COMMAND];
