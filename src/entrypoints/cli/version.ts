import { parseFlags, usage } from '../command-line/command-line.ts';
import { VERSION } from '../version.ts';
import type { CliCommand } from './command.ts';

const LINE = {
  program: 'kimup version',
  usage: '[flags]',
  summary: 'kimup version prints the version of kimup.',
  flags: {},
};

/** `kimup version`. */
export const VERSION_COMMAND: CliCommand = {
  name: 'version',
  summary: 'the version of kimup',
  async run(argv) {
    const given = parseFlags(LINE, argv);
    return { stdout: `${given === 'help' ? usage(LINE) : VERSION}\n`, stderr: '', status: 0 };
  },
};
