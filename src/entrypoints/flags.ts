import { type ListenAddress, parseListenAddress } from '../adapters/http/listen-address.ts';
import { LOG_LEVELS, type LogLevel } from '../adapters/log/pino-log.ts';

/** One flag: how its text becomes a value, its default as text, and what `--help` says. */
interface Flag<T> {
  readonly parse: (text: string) => T;
  readonly default: string;
  readonly help: string;
  readonly isBoolean?: true;
}

type Flags = Readonly<Record<string, Flag<unknown>>>;
export type Values<F extends Flags> = { readonly [N in keyof F]: F[N] extends Flag<infer T> ? T : never };

/** The command line can't be understood. The message names the flag and says what it takes. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

function text(defaultValue: string, help: string): Flag<string> {
  return { parse: (value) => value, default: defaultValue, help };
}

function boolean(defaultValue: boolean, help: string): Flag<boolean> {
  return { parse: parseBoolean, default: String(defaultValue), help, isBoolean: true };
}

function address(defaultValue: string, help: string): Flag<ListenAddress> {
  return { parse: parseListenAddress, default: defaultValue, help };
}

function count(defaultValue: number, help: string): Flag<number> {
  return { parse: parseCount, default: String(defaultValue), help };
}

function seconds(defaultValue: number, help: string): Flag<number> {
  return { parse: parseDuration, default: `${defaultValue}s`, help };
}

function list(help: string): Flag<readonly string[]> {
  return {
    parse: (value) =>
      value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    default: '',
    help,
  };
}

function path(defaultValue: string, help: string): Flag<string> {
  return {
    parse: (value) => {
      if (!/^\/[\w./-]*$/.test(value))
        throw new RangeError(`${JSON.stringify(value)} is no path; write one like ${defaultValue}`);
      return value;
    },
    default: defaultValue,
    help,
  };
}

/** As Go's `flag` takes them: 1, t, T, TRUE, true, True and their opposites. */
function parseBoolean(value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw new RangeError(`${JSON.stringify(value)} is neither true nor false`);
}

function parseCount(value: string): number {
  if (!/^[1-9]\d{0,5}$/.test(value)) throw new RangeError(`${JSON.stringify(value)} is no whole number above 0`);
  return Number(value);
}

/** `90s`, `10m`, `1h` to milliseconds. */
function parseDuration(value: string): number {
  const match = /^(\d{1,6})(s|m|h)$/.exec(value);
  if (match === null) throw new RangeError(`${JSON.stringify(value)} is no duration; write one like 90s, 10m or 1h`);
  return Number(match[1]) * { s: 1_000, m: 60_000, h: 3_600_000 }[match[2] as 's' | 'm' | 'h'];
}

function logLevel(): Flag<LogLevel> {
  return {
    parse: (value) => {
      const level = LOG_LEVELS.find((known) => known === value);
      if (level === undefined)
        throw new RangeError(`${JSON.stringify(value)} is no level; take one of ${LOG_LEVELS.join(', ')}`);
      return level;
    },
    default: 'info',
    help: `how much is logged: ${LOG_LEVELS.join(', ')}`,
  };
}

const COMMON = {
  metrics: boolean(true, 'serve metrics'),
  'metrics-port': address(':9080', 'where metrics are served'),
  'metrics-path': path('/metrics', 'the path of the metrics'),
  healthz: boolean(true, 'serve health and readiness'),
  'healthz-port': address(':9081', 'where health and readiness are served'),
  'healthz-path': path('/healthz', 'the path of the health probe'),
  loglevel: logLevel(),
  kubeconfig: text('', "a kubeconfig file; without one $KUBECONFIG, else the pod's own ServiceAccount"),
  'leader-elect': boolean(true, 'let one replica lead; the others stand by'),
} satisfies Flags;

export const CONTROLLER_FLAGS = {
  ...COMMON,
  'concurrent-refreshes': count(16, 'how many Images are refreshed at the same time'),
  'plain-http-registries': list('registries (host or host:port, comma-separated) that are asked over plain HTTP'),
} satisfies Flags;

export const OPERATOR_FLAGS = {
  ...COMMON,
  'webhook-port': address(':9443', 'where the admission webhook is served'),
  'webhook-cert-dir': text(
    '/tmp/k8s-webhook-server/serving-certs',
    'a folder with tls.crt and tls.key (and ca.crt); where it holds none, kimup makes a certificate of its own',
  ),
  'webhook-service': text(
    'kimup-webhook',
    "the Service, in kimup's own namespace, by which the API server reaches the webhook",
  ),
  'webhook-url': text(
    '',
    'the URL by which the API server reaches the webhook where the operator runs outside of the cluster, like https://127.0.0.1:9443',
  ),
  'concurrent-rollouts': count(10, 'how many workloads of an Image are rolled out at the same time'),
  'rollout-deadline': seconds(
    600,
    'how long a StatefulSet or DaemonSet may be without progress before its rollout has failed (a Deployment has a deadline of its own)',
  ),
} satisfies Flags;

/**
 * Parses a command line: `--name value`, `--name=value`, the same with one dash, and for booleans also `--name` alone.
 * @param argv without the program's name
 * @returns the values by flag, or `'help'` when help is asked for
 * @throws FlagError for an unknown flag, a missing or wrong value, or an argument that is no flag
 */
export function parseFlags<F extends Flags>(flags: F, argv: readonly string[]): Values<F> | 'help' {
  const texts = new Map(Object.entries(flags).map(([name, flag]) => [name, flag.default]));
  for (let i = 0; i < argv.length; i += 1) {
    const match = /^--?([a-z][a-z-]*)(?:=(.*))?$/s.exec(argv[i]!);
    if (match === null) throw new FlagError(`${JSON.stringify(argv[i])} is no flag; --help lists them`);
    const name = match[1]!;
    if (name === 'help' || name === 'h') return 'help';
    const flag = flags[name];
    if (flag === undefined) throw new FlagError(`unknown flag --${name}; --help lists the flags`);
    if (match[2] !== undefined) texts.set(name, match[2]);
    else if (flag.isBoolean) texts.set(name, 'true');
    else if (i + 1 < argv.length) texts.set(name, argv[(i += 1)]!);
    else throw new FlagError(`--${name} needs a value: ${flag.help}`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    try {
      values[name] = flag.parse(texts.get(name)!);
    } catch (error) {
      throw new FlagError(`--${name}: ${(error as Error).message}`);
    }
  }
  return values as Values<F>;
}

/** The text of `--help`. */
export function usage(program: string, flags: Flags): string {
  const rows = Object.entries(flags).map(
    ([name, flag]) => `  --${name}${flag.default === '' ? '' : ` (${flag.default})`}\n        ${flag.help}`,
  );
  return [`usage: ${program} [flags]`, '', ...rows, ''].join('\n');
}
