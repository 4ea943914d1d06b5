// Processes that can't outlive the one that starts them, with their logs in files.
import { execFileSync } from 'node:child_process';
import { type CommandOptions, type Component, LocalComponent } from './component.ts';
import { NamespaceSandbox } from './namespace-sandbox.ts';
import { run, type RunOptions } from './run.ts';

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
      return NamespaceSandbox.create(options.nsinit, {
        binding: 'pid-namespace',
        unshare: ['--pid', ...namespaced],
        enter: ['-p'],
        enterNode: options.node ? ['-m', '-n'] : [],
      });
    case 'user-and-pid-namespace':
      return NamespaceSandbox.create(options.nsinit, {
        binding: 'user-and-pid-namespace',
        unshare: inUserNamespace,
        enter: ['-U', '--preserve-credentials', '-p'],
        enterNode: [],
      });
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
