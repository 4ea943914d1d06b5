import { CommanderError } from 'commander';
import { InputError } from '../../application/plan/input-error.ts';
import { FlagError, quietCommand, refusal } from '../command-line/command-line.ts';
import { VERSION } from '../version.ts';
import type { Outcome, Surroundings } from './command.ts';
import { COMMANDS } from './commands.ts';
import { lines } from './text.ts';

const PROGRAM = 'kimup';

/**
 * `kimup COMMAND ...`: runs a command, or says which there are.
 * @param argv without the program's name
 */
export async function kimup(argv: readonly string[], surroundings: Surroundings): Promise<Outcome> {
  const [name, ...rest] = argv;
  const helped = name === 'help' ? COMMANDS.find((command) => command.name === rest[0]) : undefined;
  const command = COMMANDS.find((command) => command.name === name);
  try {
    if (helped !== undefined) return await helped.run(['--help'], surroundings);
    if (command !== undefined) return await command.run(rest, surroundings);
    return overview(name);
  } catch (error) {
    if (!(error instanceof FlagError || error instanceof InputError)) throw error;
    return { stdout: '', stderr: `${lines(error.message)}\n`, status: 2 };
  }
}

/** What there is to say where no command is named: help, the version, or that there is no such command. */
function overview(name: string | undefined): Outcome {
  const program = quietCommand(PROGRAM, 'kimup keeps the images of Kubernetes workloads up to date.')
    .usage('COMMAND [flags]')
    .version(VERSION, '--version', 'print the version')
    .helpCommand('help', 'show the help of a command: kimup help plan')
    .configureHelp({ subcommandTerm: (command) => command.name() });
  for (const { name, summary } of COMMANDS) program.command(name).description(summary);
  const help = program.helpInformation();
  if (name === undefined) return { stdout: '', stderr: help, status: 2 };
  try {
    // With one dash, as everywhere.
    program.parse([name.replace(/^-(?=[a-z]{2})/, '--')], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') return { stdout: `${VERSION}\n`, stderr: '', status: 0 };
    if (error.code.startsWith('commander.help')) return { stdout: help, stderr: '', status: 0 };
    const [, hint] = error.message.split('\n');
    const what = name.startsWith('-') ? 'is not a flag of kimup' : 'is not a command';
    throw refusal(PROGRAM, `${JSON.stringify(name)} ${what}`, hint);
  }
  return { stdout: help, stderr: '', status: 0 };
}
