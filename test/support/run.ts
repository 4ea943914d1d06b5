// Commands of the test run: they end when the run ends, with all that they started.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';

/** How a command ended. `status` is 128 + the signal's number for a killed one. */
export interface Ran {
  readonly status: number;
  /** stdout and stderr, as they came; empty where they were passed through. */
  readonly output: string;
}

export interface RunOptions {
  /** The tree to run in; its own node_modules/.bin comes first on the PATH. */
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the command is killed, which counts as status 124. */
  readonly timeoutMs?: number;
  /** Show the output as it comes instead of collecting it. */
  readonly passThrough?: boolean;
}

/** The process groups of the commands that run now. */
const running = new Set<number>();

/** Runs a command in a process group of its own, so that {@link killAll} takes its children along. Never rejects. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: {
        ...process.env,
        ...options.env,
        PATH: [join(options.cwd, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
      },
      stdio: options.passThrough ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const group = child.pid;
    if (group !== undefined) running.add(group);
    let output = '';
    let late = false;
    const deadline =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            signal(group, 'SIGKILL');
          }, options.timeoutMs);
    const collect = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.on('error', (error) => resolve({ status: 127, output: `${program}: ${error.message}\n` }));
    child.on('close', (status, by) => {
      clearTimeout(deadline);
      if (group !== undefined) running.delete(group);
      resolve({ status: late ? 124 : (status ?? 128 + constants.signals[by ?? 'SIGKILL']), output });
    });
  });
}

/** Asks every running command to end, and after `graceMs` no longer asks. */
export async function killAll(graceMs: number): Promise<void> {
  signalAll('SIGTERM');
  for (let waited = 0; running.size > 0 && waited < graceMs; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  signalAll('SIGKILL');
}

function signalAll(name: NodeJS.Signals): void {
  for (const group of running) signal(group, name);
}

function signal(group: number | undefined, name: NodeJS.Signals): void {
  try {
    if (group !== undefined) process.kill(-group, name);
  } catch {
    // It has just ended.
  }
}
