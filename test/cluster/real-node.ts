import type { ControlPlaneFiles } from './control-plane.ts';
import type { Part, Progress } from './parts.ts';
import type { Sandbox } from './process.ts';

export const nodeAddress = '10.244.0.1';

type Start = (name: Part, args: readonly string[], env?: Readonly<Record<string, string | undefined>>) => Promise<unknown>;

export interface RealNode {
  forward(address: string): Promise<string>;
  exposeHostPort(port: number): Promise<string>;
  startContainerd(start: Start): Promise<void>;
  startKubelet(files: ControlPlaneFiles, start: Start): Promise<void>;
  beforeEnd(): Promise<void>;
  afterEnd(): Promise<void>;
}

export async function prepareRealNode(_progress: Progress): Promise<void> {}

export async function addRealNode(_options: { dir: string; sandbox: Sandbox; part: (name: Part) => string }): Promise<RealNode> {
  throw new Error('the real node is being built');
}
