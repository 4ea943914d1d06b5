import { run, type RunOptions } from './process/run.ts';
import type { Binding } from './process/sandbox.ts';

/** kubectl as the admin of a cluster. */
export class Kubectl {
  private readonly command: readonly string[];

  /**
   * @param program path of kubectl
   * @param kubeconfig path of the admin's kubeconfig
   * @param binding how the cluster's processes are bound to this one: kubectl ends with it too, where that is possible
   */
  constructor(program: string, kubeconfig: string, binding: Binding) {
    const bound = binding === 'none' ? [] : ['setpriv', '--pdeathsig', 'KILL'];
    this.command = [...bound, program, `--kubeconfig=${kubeconfig}`];
  }

  /** Returns its stdout. @throws Error with its stderr */
  readonly run = (args: readonly string[], options: RunOptions = {}): Promise<string> =>
    run([...this.command, ...args], options);

  /** `kubectl apply -f -` of YAML or of objects. */
  readonly apply = (manifests: string | readonly object[]): Promise<string> =>
    this.run(['apply', '-f', '-'], {
      input:
        typeof manifests === 'string'
          ? manifests
          : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }),
    });
}
