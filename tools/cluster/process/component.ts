// One long-running process: started, stopped, frozen, with its log in a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { HANG_MS } from '../hang.ts';
import type { ProcessOptions } from './run.ts';
import { tail } from './tail.ts';
import { until } from './until.ts';

export interface CommandOptions extends ProcessOptions {
  /** Where the process listens and connects: the host's network (default) or that of the node, where there is one. */
  readonly network?: 'host' | 'node';
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

/** A process of this machine. Where the command is a wrapper that starts it, `pidOf` finds it from the wrapper's pid. */
export class LocalComponent implements Component {
  readonly name: string;
  readonly logFile: string;
  private readonly command: readonly string[];
  private readonly options: CommandOptions;
  private readonly pidOf: (child: number | undefined) => number | undefined;
  private child: ChildProcess | undefined;
  private hasExited: Promise<void> = Promise.resolve();
  private processId: number | undefined;
  private whenEnded: string | undefined;

  constructor(
    name: string,
    command: readonly string[],
    logFile: string,
    options: CommandOptions,
    pidOf: (child: number | undefined) => number | undefined,
  ) {
    this.name = name;
    this.logFile = logFile;
    this.command = command;
    this.options = options;
    this.pidOf = pidOf;
  }

  get pid(): number | undefined {
    return this.whenEnded === undefined ? this.processId : undefined;
  }

  get ended(): string | undefined {
    return this.whenEnded;
  }

  async start(): Promise<void> {
    if (this.child && this.whenEnded === undefined) return;
    const log = openSync(this.logFile, 'a');
    const [command = '', ...args] = this.command;
    const child = spawn(command, args, {
      cwd: this.options.cwd,
      env: { ...process.env, ...this.options.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.child = child;
    this.whenEnded = undefined;
    this.hasExited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.whenEnded = error.message;
        resolve();
      });
      child.once('exit', (status, signal) => {
        this.whenEnded = signal ?? `status ${status}`;
        resolve();
      });
    });
    this.processId = await until(() => (this.whenEnded === undefined ? this.pidOf(child.pid) : -1), HANG_MS);
  }

  async stop(graceMs = 5000): Promise<void> {
    if (this.pid === undefined) return;
    this.kill('SIGTERM');
    await Promise.race([this.hasExited, delay(graceMs, undefined, { ref: false })]);
    this.kill('SIGKILL');
    await this.hasExited;
  }

  kill(signal: NodeJS.Signals): void {
    try {
      if (this.pid === undefined) return;
      process.kill(this.pid, signal);
      // nsenter stops itself when its child is stopped, and could not see the child end.
      if (signal !== 'SIGSTOP') this.child?.kill('SIGCONT');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  exited(): Promise<void> {
    return this.hasExited;
  }

  logTail(lines = 20): string {
    return tail(this.logFile, lines);
  }
}
