// The checks that need no test runner: each is a command that ends with another status than 0 and names the file at fault.
import { type Ran, run } from './run.ts';

export interface Gate {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** In this order: the last one runs what the first one emitted. */
export const GATES: readonly Gate[] = [
  { name: 'type check', command: ['tsc', '-b', '--pretty', 'false'] },
  { name: 'format', command: ['oxfmt', '--check', '**/*.{ts,mts,mjs}'] },
  { name: 'lint', command: ['oxlint', '-f', 'unix'] },
  { name: 'boundaries', command: ['oxlint', '-c', 'boundaries.config.ts', '-f', 'unix'] },
  { name: 'CRD drift', command: ['node', 'build/tools/crds/generate.js', '--check'] },
];

/** Runs one gate in the tree at `root`; its output, if any, is what is wrong. */
export function runGate(gate: Gate, root: string): Promise<Ran> {
  const [program, ...args] = gate.command;
  return run(program, args, { cwd: root, timeoutMs: 600_000 });
}
