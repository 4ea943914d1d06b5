import type { ListenAddress } from '../adapters/http/listen-address.ts';
import type { LogLevel } from '../adapters/log/log-level.ts';

/** An endpoint over plain HTTP that can be switched off. */
export interface EndpointSettings extends ListenAddress {
  readonly enabled: boolean;
  readonly path: string;
}

/** What both components are told by their flags and their surroundings. */
export class Settings {
  readonly component!: 'kimup-controller' | 'kimup-operator';
  readonly version!: string;
  /** The namespace that kimup itself is in. */
  readonly namespace!: string;
  /** This very replica: unique, also after a restart. */
  readonly identity!: string;
  /** A kubeconfig's path; empty for the usual places. */
  readonly kubeconfig!: string;
  readonly logLevel!: LogLevel;
  readonly leaderElect!: boolean;
  /** The Lease by which replicas agree who leads. */
  readonly lease!: string;
  readonly metrics!: EndpointSettings;
  readonly healthz!: EndpointSettings;

  constructor(values: Settings) {
    Object.assign(this, values);
  }
}

/** What only the controller is told. */
export class ControllerSettings {
  constructor(
    readonly concurrentRefreshes: number,
    readonly plainHttpRegistries: readonly string[],
  ) {}
}

/** What only the operator is told. */
export class OperatorSettings {
  readonly webhook!: ListenAddress;
  readonly certificateFolder!: string;
  /** The Service by which the API server reaches the webhook. */
  readonly service!: string;
  /** By which URL instead, where the operator runs outside of the cluster; empty inside. */
  readonly url!: string;
  readonly concurrentRollouts!: number;
  readonly rolloutDeadlineMs!: number;

  constructor(values: OperatorSettings) {
    Object.assign(this, values);
  }
}
