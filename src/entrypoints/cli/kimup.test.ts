import { describe, expect, it } from 'vitest';
import { usage } from '../command-line/command-line.ts';
import { CONTROLLER, OPERATOR } from '../command-line/flags.ts';
import { VERSION } from '../version.ts';
import { COMMANDS } from './commands.ts';
import { kimup } from './kimup.ts';

const run = (line: string) =>
  kimup(line === '' ? [] : line.split(' '), { env: {}, isTerminal: false, now: 0, readStdin: async () => '' });

it.each(['version', '--version', '-version'])('%s prints the version', async (line) => {
  expect(await run(line)).toEqual({ stdout: `${VERSION}\n`, stderr: '', status: 0 });
});

it.each(['help', '--help', '-help', '-h'])('%s names every command', async (line) => {
  const { stdout, stderr, status } = await run(line);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`\n  ${name} +${summary}\n`));
});

it('without a command it says on stderr which there are', async () => {
  expect(await run('')).toEqual({ stdout: '', stderr: (await run('--help')).stdout, status: 2 });
});

it.each([
  ['pln', 'kimup: "pln" is not a command; see kimup --help (Did you mean plan?)\n'],
  ['nothing', 'kimup: "nothing" is not a command; see kimup --help\n'],
  ['--verson', 'kimup: "--verson" is not a flag of kimup; see kimup --help (Did you mean --version?)\n'],
  ['version now', 'kimup version: "now" is not a flag of kimup version; see kimup version --help\n'],
  ['x\u001B[2J\u009B', 'kimup: "x\\u001b[2J?" is not a command; see kimup --help\n'],
])('%s is refused', async (line, stderr) => {
  expect(await run(line)).toEqual({ stdout: '', stderr, status: 2 });
});

it.each(COMMANDS.map(({ name }) => name))('help %s is %s --help', async (name) => {
  expect(await run(`help ${name}`)).toEqual(await run(`${name} --help`));
});

describe('all helps look alike', () => {
  it.each<[string, () => Promise<string>]>([
    ['kimup', async () => (await run('--help')).stdout],
    ...COMMANDS.map(({ name }): [string, () => Promise<string>] => [
      `kimup ${name}`,
      async () => (await run(`${name} --help`)).stdout,
    ]),
    ['kimup-operator', async () => usage(OPERATOR)],
    ['kimup-controller', async () => usage(CONTROLLER)],
  ])('%s', async (program, help) => {
    const text = await help();
    expect(text).toMatch(new RegExp(`^Usage: ${program} \\S.*\n\n${program} .*\\.\n\nFlags:\n  `));
    expect(text).toMatch(/\n {2}-h, --help +show this help\n/);
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});
