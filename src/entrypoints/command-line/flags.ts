import { LOG_LEVELS } from '../../adapters/log/log-level.ts';
import { DEFAULT_ROLLOUT_OPTIONS } from '../../domain/rollout/rollout-context.ts';
import type { CommandLine, Flags, Variable } from './command-line.ts';
import { ADDRESS, BOOLEAN, COUNT, DURATION, HOSTS, LOG_LEVEL, TEXT, URL_PATH } from './flag-kinds.ts';

const COMMON = {
  metrics: { kind: BOOLEAN, default: 'true', description: 'serve metrics' },
  'metrics-port': { kind: ADDRESS, default: ':9080', description: 'where metrics are served' },
  'metrics-path': { kind: URL_PATH, default: '/metrics', description: 'the path of the metrics' },
  healthz: { kind: BOOLEAN, default: 'true', description: 'serve health and readiness' },
  'healthz-port': { kind: ADDRESS, default: ':9081', description: 'where health and readiness are served' },
  'healthz-path': { kind: URL_PATH, default: '/healthz', description: 'the path of the health probe' },
  loglevel: {
    kind: LOG_LEVEL,
    default: 'info',
    description: `how much is logged: ${LOG_LEVELS.join(', ')}`,
  },
  kubeconfig: {
    kind: { ...TEXT, value: 'FILE' },
    default: '',
    environment: 'KUBECONFIG',
    description:
      "a kubeconfig file; by default that of KUBECONFIG, then ~/.kube/config, then the pod's own ServiceAccount",
  },
  'leader-elect': {
    kind: BOOLEAN,
    default: 'true',
    description: 'elect one replica as the leader; the others stand by',
  },
} satisfies Flags;

export const CONTROLLER_FLAGS = {
  ...COMMON,
  'concurrent-refreshes': {
    kind: COUNT,
    default: '16',
    description: 'how many Images are refreshed at the same time',
  },
  'plain-http-registries': {
    kind: HOSTS,
    default: '',
    description: 'registries (host or host:port, separated by commas) to query over plain HTTP',
  },
} satisfies Flags;

export const OPERATOR_FLAGS = {
  ...COMMON,
  'webhook-port': { kind: ADDRESS, default: ':9443', description: 'where the admission webhook is served' },
  'webhook-cert-dir': {
    kind: { ...TEXT, value: 'DIRECTORY' },
    default: '/tmp/k8s-webhook-server/serving-certs',
    description:
      'a directory with tls.crt, tls.key and optionally ca.crt; without tls.crt and tls.key kimup generates its own certificate',
  },
  'webhook-service': {
    kind: { ...TEXT, value: 'NAME' },
    default: 'kimup-webhook',
    description: "the Service, in kimup's own namespace, through which the API server reaches the webhook",
  },
  'webhook-url': {
    kind: { ...TEXT, value: 'URL' },
    default: '',
    description:
      'the URL at which the API server reaches the webhook if the operator runs outside of the cluster, for example https://127.0.0.1:9443',
  },
  'concurrent-rollouts': {
    kind: COUNT,
    default: String(DEFAULT_ROLLOUT_OPTIONS.maxConcurrent),
    description: 'how many workloads of an Image are rolled out at the same time',
  },
  'rollout-deadline': {
    kind: DURATION,
    default: `${DEFAULT_ROLLOUT_OPTIONS.rolloutDeadlineMs / 1_000}s`,
    description:
      'how long a StatefulSet or DaemonSet may make no progress before its rollout fails (a Deployment has its own progressDeadlineSeconds)',
  },
} satisfies Flags;

const POD: readonly Variable[] = [
  {
    name: 'POD_NAMESPACE',
    description: "kimup's own namespace; by default the ServiceAccount's, otherwise kimup-operator",
  },
  {
    name: 'POD_NAME',
    description: "a part of the replica's identity in the Lease; by default the host name",
  },
];

/** Of whoever asks registries. */
export const PROXY: readonly Variable[] = [
  { name: 'HTTPS_PROXY', description: 'the proxy for registries' },
  { name: 'HTTP_PROXY', description: 'the proxy for registries that are queried over plain HTTP' },
  { name: 'NO_PROXY', description: 'hosts that are reached without a proxy' },
];

/** The command line of kimup-controller. */
export const CONTROLLER = {
  program: 'kimup-controller',
  usage: '[flags]',
  summary: 'kimup-controller reads tags from registries and decides which tag each Image moves to.',
  flags: CONTROLLER_FLAGS,
  environment: [...POD, ...PROXY],
} satisfies CommandLine;

/** The command line of kimup-operator. */
export const OPERATOR = {
  program: 'kimup-operator',
  usage: '[flags]',
  summary: 'kimup-operator sets the tags of Images on pods at admission and rolls them out to workloads.',
  flags: OPERATOR_FLAGS,
  environment: POD,
} satisfies CommandLine;
