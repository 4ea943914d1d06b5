// A sandbox by namespaces: the kernel ends every process in it with the first one.
import { type ChildProcess, spawn } from 'node:child_process';
import { HANG_MS } from '../hang.ts';
import { type CommandOptions, type Component, LocalComponent } from './component.ts';
import { childOf, isRunning } from './proc.ts';
import { run, type RunOptions } from './run.ts';
import type { Binding, Sandbox } from './sandbox.ts';
import { until } from './until.ts';

/** Which namespaces are made, and how a command gets into them. */
export interface Namespaces {
  readonly binding: Binding;
  /** Arguments of unshare(1). */
  readonly unshare: readonly string[];
  /** Arguments of nsenter(1) for every command, and the further ones of a command in the node's network. */
  readonly enter: readonly string[];
  readonly enterNode: readonly string[];
}

export class NamespaceSandbox implements Sandbox {
  /** Process 1 of the namespaces, as the host numbers it. */
  readonly pid: number;
  private readonly namespaces: Namespaces;
  private readonly holder: ChildProcess;
  private readonly gone: Promise<void>;
  private readonly started: Component[] = [];
  private readonly endHolder = (): void => void this.holder.kill('SIGKILL');

  /**
   * @param holder the process outside that keeps the namespaces: they end with it
   * @param gone resolves when the holder has ended
   */
  private constructor(namespaces: Namespaces, holder: ChildProcess, gone: Promise<void>, pid: number) {
    this.namespaces = namespaces;
    this.holder = holder;
    this.gone = gone;
    this.pid = pid;
    process.once('exit', this.endHolder);
  }

  /** Makes the namespaces, with `nsinit` as their process 1. @throws Error with what unshare said */
  static async create(nsinit: string, namespaces: Namespaces): Promise<NamespaceSandbox> {
    const { unshare } = namespaces;
    const holder = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...unshare, '--fork', '--kill-child', nsinit], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let problem = '';
    holder.stderr.on('data', (data: Buffer) => (problem += data.toString()));
    const gone = new Promise<void>((resolve) => holder.once('close', () => resolve()));
    const init = await until(() => childOf(holder.pid), HANG_MS).catch(() => undefined);
    if (init === undefined)
      throw new Error(`can't create namespaces (unshare ${unshare.join(' ')}): ${problem.trim() || 'no answer'}`);
    return new NamespaceSandbox(namespaces, holder, gone, init);
  }

  get binding(): Binding {
    return this.namespaces.binding;
  }

  component(
    name: string,
    command: string,
    args: readonly string[],
    logFile: string,
    options: CommandOptions = {},
  ): Component {
    const component = new LocalComponent(name, this.inside(command, args, options), logFile, options, childOf);
    this.started.push(component);
    return component;
  }

  run(command: string, args: readonly string[], options: CommandOptions & RunOptions = {}): Promise<string> {
    return run(this.inside(command, args, options), options);
  }

  async end(): Promise<void> {
    process.off('exit', this.endHolder);
    this.endHolder();
    for (const component of this.started) component.kill('SIGKILL');
    await this.gone;
    await until(() => (isRunning(this.pid) ? undefined : true), HANG_MS, 'the namespaces to end');
  }

  /** A command that runs in the namespaces. */
  private inside(command: string, args: readonly string[], { network }: CommandOptions): string[] {
    const { enter, enterNode } = this.namespaces;
    return [
      'setpriv',
      '--pdeathsig',
      'KILL',
      'nsenter',
      '-t',
      String(this.pid),
      ...enter,
      ...(network === 'node' ? enterNode : []),
      '--',
      command,
      ...args,
    ];
  }
}
