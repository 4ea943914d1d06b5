import { execFile } from 'node:child_process';

/** What every process may be given. */
export interface ProcessOptions {
  /** In addition to this process's own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface RunOptions extends ProcessOptions {
  readonly input?: string;
  /** Milliseconds; 60,000 if not given. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end and returns its stdout. @throws Error with its stderr when its status is not 0. */
export function run([command = '', ...args]: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const timeout = options.timeoutMs ?? 60_000;
    const child = execFile(
      command,
      args,
      {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        timeout,
        killSignal: 'SIGKILL',
        maxBuffer: 256 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const why = error.killed ? `timed out after ${timeout} ms` : stderr.trim() || stdout.trim() || error.message;
        reject(new Error(`${[command, ...args].join(' ').slice(0, 200)}: ${why}`));
      },
    );
    child.stdin?.on('error', () => {}); // it ended without reading all
    child.stdin?.end(options.input ?? '');
  });
}
