import { join } from 'node:path';
import { HANG_MS } from '../hang.ts';
import type { Part } from '../parts/groups.ts';
import type { CommandOptions, Component } from './component.ts';
import type { Sandbox } from './sandbox.ts';
import { tail } from './tail.ts';
import { until } from './until.ts';

const START_MS = 2 * HANG_MS;

/** Starts a part of the cluster in the node's network. */
export type StartPart = (name: Part, args: readonly string[], env?: CommandOptions['env']) => Promise<Component>;

/** The long-running processes of a cluster, by name. Each has its log in NAME.log. */
export class Components {
  private readonly sandbox: Sandbox;
  private readonly logs: string;
  private readonly partPath: (name: Part) => string;
  private readonly all = new Map<string, Component>();

  /**
   * @param logs the folder of the logs
   * @param partPath the path of a part's program
   */
  constructor(sandbox: Sandbox, logs: string, partPath: (name: Part) => string) {
    this.sandbox = sandbox;
    this.logs = logs;
    this.partPath = partPath;
  }

  get names(): string[] {
    return [...this.all.keys()];
  }

  /** Undefined where there is none of that name. */
  get(name: string): Component | undefined {
    return this.all.get(name);
  }

  /** Starts a part of the cluster in the node's network. */
  readonly startPart: StartPart = (name, args, env = {}) =>
    this.start(name, this.partPath(name), args, { network: 'node', env });

  /** Starts any command. */
  async start(name: string, command: string, args: readonly string[], options?: CommandOptions): Promise<Component> {
    const component = this.sandbox.component(name, command, args, join(this.logs, `${name}.log`), options);
    this.all.set(name, component);
    await component.start();
    return component;
  }

  /**
   * Waits until `name` is ready, which `condition` says.
   * @param needs components without which it never will be
   * @param timeoutMs two minutes if not given
   * @throws Error with the end of a log: at once that of a component in `needs` which has ended, else after `timeoutMs` that of `name`
   */
  async waitFor(
    name: Part,
    needs: readonly string[],
    condition: () => Promise<boolean>,
    timeoutMs = START_MS,
  ): Promise<void> {
    let ended: Component | undefined;
    await until(
      async () => {
        ended = needs.map((need) => this.all.get(need)).find((component) => component?.ended !== undefined);
        return ended !== undefined || (await condition()) ? true : undefined;
      },
      timeoutMs,
      `${name} to be ready`,
      50,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${name}'s log ends with:\n${tail(join(this.logs, `${name}.log`))}`);
    });
    if (ended)
      throw new Error(
        `${ended.name} ended with ${ended.ended}; its log ends with:\n${ended.logTail()}\n(all logs: ${this.logs})`,
      );
  }

  /** Whether one of them has ended since somebody else had taken its port. */
  portWasTaken(): boolean {
    return [...this.all.values()].some(
      (component) => component.ended !== undefined && component.logTail(50).includes('address already in use'),
    );
  }
}
