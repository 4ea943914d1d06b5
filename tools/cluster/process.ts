// Processes that can't outlive the one that starts them, with their logs in files.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { HANG_MS } from './hang.ts';

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Where the process listens and connects: the host's network (default) or that of the node, where there is one. */
  readonly network?: 'host' | 'node';
}

/** How processes are bound to this one: by namespaces (the kernel ends all of them with process 1), or one by one. */
export type Binding = 'pid-namespace' | 'user-and-pid-namespace' | 'parent-death-signal' | 'none';

/** A set of processes that end, with everything they started, when this process does, however it does. */
export interface Sandbox {
  readonly binding: Binding;
  /** The process to watch for: all is over when it is gone. Undefined where there is none. */
  readonly pid: number | undefined;
  /** Starts a process; its output goes to the end of `logFile`. */
  component(
    name: string,
    command: string,
    args: readonly string[],
    logFile: string,
    options?: CommandOptions,
  ): Component;
  /** Runs a command to its end. @throws Error with its stderr when its status is not 0. */
  run(command: string, args: readonly string[], options?: CommandOptions & RunOptions): Promise<string>;
  /** Ends every process at once (SIGKILL). */
  end(): Promise<void>;
}

export interface RunOptions {
  readonly input?: string;
  /** Milliseconds; 60,000 if not given. */
  readonly timeoutMs?: number;
}

/** One long-running process. */
export interface Component {
  readonly name: string;
  readonly logFile: string;
  /** The process itself as the host numbers it; undefined while it does not run. */
  readonly pid: number | undefined;
  /** Status or signal that it ended with, if it has ended. */
  readonly ended: string | undefined;
  /** Starts it, with the same arguments as before. */
  start(): Promise<void>;
  /** SIGTERM, and SIGKILL if it still runs after `graceMs` (5,000). Returns when it is gone. */
  stop(graceMs?: number): Promise<void>;
  /** Sends a signal (SIGSTOP and SIGCONT to freeze and thaw it) and does not wait. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it is gone. */
  exited(): Promise<void>;
  /** The last lines of its log. */
  logTail(lines?: number): string;
}

export interface SandboxOptions {
  /** The nsinit program: process 1 of the namespaces. */
  readonly nsinit: string;
  /** With a network, a mount namespace and a /proc of its own (root only), not only a process namespace. */
  readonly node?: boolean;
  /** For tests: this binding, not the strongest. */
  readonly binding?: Exclude<Binding, 'none'>;
}

/** Makes a sandbox with the strongest binding that this machine allows. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const namespaced = options.node ? ['--mount', '--net', '--mount-proc'] : [];
  const inUserNamespace = ['--user', '--map-root-user', '--pid'];
  switch (options.node ? 'pid-namespace' : (options.binding ?? strongestBinding(inUserNamespace))) {
    case 'pid-namespace':
      return namespaces(
        options.nsinit,
        ['--pid', ...namespaced],
        ['-p'],
        options.node ? ['-m', '-n'] : [],
        'pid-namespace',
      );
    case 'user-and-pid-namespace':
      return namespaces(
        options.nsinit,
        inUserNamespace,
        ['-U', '--preserve-credentials', '-p'],
        [],
        'user-and-pid-namespace',
      );
    case 'parent-death-signal':
      return oneByOne(['setpriv', '--pdeathsig', 'KILL']);
    case 'none':
      return oneByOne([]);
  }
}

function strongestBinding(inUserNamespace: string[]): Binding {
  if (process.getuid?.() === 0 && works(['unshare', '--pid', '--fork', 'true'])) return 'pid-namespace';
  if (works(['unshare', ...inUserNamespace, '--fork', 'true'])) return 'user-and-pid-namespace';
  return works(['setpriv', '--pdeathsig', 'KILL', 'true']) ? 'parent-death-signal' : 'none';
}

function works([command = '', ...args]: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function namespaces(
  nsinit: string,
  unshare: string[],
  enter: string[],
  enterNode: string[],
  binding: Binding,
): Promise<Sandbox> {
  const holder = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...unshare, '--fork', '--kill-child', nsinit], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let problem = '';
  holder.stderr.on('data', (data: Buffer) => (problem += data.toString()));
  const gone = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  const init = await until(() => childOf(holder.pid), HANG_MS).catch(() => undefined);
  if (init === undefined)
    throw new Error(`can't make namespaces (unshare ${unshare.join(' ')}): ${problem.trim() || 'no answer'}`);
  const holderEnds = () => holder.kill('SIGKILL');
  process.once('exit', holderEnds);
  const wrap = (command: string, args: readonly string[], options: CommandOptions): string[] => [
    'setpriv',
    '--pdeathsig',
    'KILL',
    'nsenter',
    '-t',
    String(init),
    ...enter,
    ...(options.network === 'node' ? enterNode : []),
    '--',
    command,
    ...args,
  ];
  const started: Component[] = [];
  return {
    binding,
    pid: init,
    component(name, command, args, logFile, options = {}) {
      const component = new LocalComponent(name, wrap(command, args, options), logFile, options, childOf);
      started.push(component);
      return component;
    },
    run: (command, args, options = {}) => run(wrap(command, args, options), options),
    async end() {
      process.off('exit', holderEnds);
      holder.kill('SIGKILL');
      for (const component of started) component.kill('SIGKILL');
      await gone;
      await until(() => (isRunning(init) ? undefined : true), HANG_MS, 'the namespaces to end');
    },
  };
}

function oneByOne(prefix: string[]): Sandbox {
  const started: Component[] = [];
  const endAll = () => started.forEach((component) => component.kill('SIGKILL'));
  process.once('exit', endAll);
  return {
    binding: prefix.length > 0 ? 'parent-death-signal' : 'none',
    pid: undefined,
    component(name, command, args, logFile, options = {}) {
      const component = new LocalComponent(name, [...prefix, command, ...args], logFile, options, (pid) => pid);
      started.push(component);
      return component;
    },
    run: (command, args, options = {}) => run([...prefix, command, ...args], options),
    async end() {
      process.off('exit', endAll);
      endAll();
      await Promise.all(started.map((component) => component.exited()));
    },
  };
}

class LocalComponent implements Component {
  readonly name: string;
  readonly logFile: string;
  readonly #command: readonly string[];
  readonly #options: CommandOptions;
  readonly #pidOf: (child: number | undefined) => number | undefined;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #pid: number | undefined;
  #ended: string | undefined;

  constructor(
    name: string,
    command: readonly string[],
    logFile: string,
    options: CommandOptions,
    pidOf: (child: number | undefined) => number | undefined,
  ) {
    this.name = name;
    this.logFile = logFile;
    this.#command = command;
    this.#options = options;
    this.#pidOf = pidOf;
  }

  get pid(): number | undefined {
    return this.#ended === undefined ? this.#pid : undefined;
  }

  get ended(): string | undefined {
    return this.#ended;
  }

  async start(): Promise<void> {
    if (this.#child && this.#ended === undefined) return;
    const log = openSync(this.logFile, 'a');
    const [command = '', ...args] = this.#command;
    const child = spawn(command, args, {
      cwd: this.#options.cwd,
      env: { ...process.env, ...this.#options.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    this.#ended = undefined;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#ended = error.message;
        resolve();
      });
      child.once('exit', (status, signal) => {
        this.#ended = signal ?? `status ${status}`;
        resolve();
      });
    });
    this.#pid = await until(() => (this.#ended === undefined ? this.#pidOf(child.pid) : -1), HANG_MS);
  }

  async stop(graceMs = 5000): Promise<void> {
    if (this.pid === undefined) return;
    this.kill('SIGTERM');
    await Promise.race([this.#exited, delay(graceMs, undefined, { ref: false })]);
    this.kill('SIGKILL');
    await this.#exited;
  }

  kill(signal: NodeJS.Signals): void {
    try {
      if (this.pid === undefined) return;
      process.kill(this.pid, signal);
      // nsenter stops itself when its child is stopped, and could not see the child end.
      if (signal !== 'SIGSTOP') this.#child?.kill('SIGCONT');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  exited(): Promise<void> {
    return this.#exited;
  }

  logTail(lines = 20): string {
    return tail(this.logFile, lines);
  }
}

/** The first child of a process; undefined while it has none. */
function childOf(pid: number | undefined): number | undefined {
  try {
    const child = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
    return Number.isNaN(child) ? undefined : child;
  } catch {
    return undefined;
  }
}

/** Whether any thread of a process runs. Its first one may be a zombie while the last one ends a namespace. */
function isRunning(pid: number): boolean {
  const threads = orElse(() => readdirSync(`/proc/${pid}/task`), []);
  return threads.some(
    (thread) =>
      !/^(\d+ \(.*\) [ZX]|$)/s.test(orElse(() => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'), '')),
  );
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** The last lines of a file, of its last 256 KiB; '' if there is none. */
export function tail(file: string, lines = 20): string {
  try {
    const open = openSync(file, 'r');
    try {
      const { size } = fstatSync(open);
      const bytes = Buffer.alloc(Math.min(size, 256 * 1024));
      readSync(open, bytes, 0, bytes.length, size - bytes.length);
      return bytes.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } finally {
      closeSync(open);
    }
  } catch {
    return '';
  }
}

/** Runs a command to its end and returns its stdout. @throws Error with its stderr when its status is not 0. */
export function run(
  [command = '', ...args]: readonly string[],
  options: CommandOptions & RunOptions = {},
): Promise<string> {
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
        const why = error.killed ? `no end after ${timeout} ms` : stderr.trim() || stdout.trim() || error.message;
        reject(new Error(`${[command, ...args].join(' ').slice(0, 200)}: ${why}`));
      },
    );
    child.stdin?.on('error', () => {}); // it ended without reading all
    child.stdin?.end(options.input ?? '');
  });
}

/**
 * Asks `probe` again and again until it gives something other than undefined.
 * @throws Error after `timeoutMs`, with `what` was waited for and the last error of the probe.
 */
export async function until<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  what = 'the condition',
  everyMs = 5,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (let last: unknown; ;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(`waited ${timeoutMs} ms for ${what}${last ? `: ${(last as Error).message}` : ''}`);
    await delay(everyMs);
  }
}

/** Ports of 127.0.0.1 that are free at this moment, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
