import { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { KubeConnection } from '../../src/adapters/kubernetes/client/kube-connection.ts';
import { Log, type LogFields } from '../../src/application/ports/log.ts';

/** A client as kimup's processes have one, to be closed at the end. */
export function kubernetes(
  kubeconfig: string,
  userAgent = 'kimup-test/0',
): { client: KubeClient; close(): Promise<void> } {
  const connection = KubeConnection.load({ kubeconfig, userAgent });
  return { client: new KubeClient(connection), close: () => connection.close() };
}

/** Keeps what was logged. */
export class TestLog extends Log {
  readonly lines: string[] = [];
  override debug(message: string, fields?: LogFields): void {
    this.#keep('debug', message, fields);
  }
  override info(message: string, fields?: LogFields): void {
    this.#keep('info', message, fields);
  }
  override warn(message: string, fields?: LogFields): void {
    this.#keep('warn', message, fields);
  }
  override error(message: string, fields?: LogFields): void {
    this.#keep('error', message, fields);
  }

  #keep(level: string, message: string, fields: LogFields = {}): void {
    this.lines.push(
      `${level} ${message} ${JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value))}`,
    );
  }
}
