import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../version.ts';
import { FlagError, parseFlags, usage, type Values } from './command-line.ts';
import { CONTROLLER, type CONTROLLER_FLAGS, OPERATOR, OPERATOR_FLAGS } from './flags.ts';

function controller(...argv: string[]): Values<typeof CONTROLLER_FLAGS> {
  return parseFlags(CONTROLLER, argv) as Values<typeof CONTROLLER_FLAGS>;
}

describe('the defaults are those of the contract', () => {
  it.each([
    ['metrics', true],
    ['metrics-port', { host: '::', port: 9080 }],
    ['metrics-path', '/metrics'],
    ['healthz', true],
    ['healthz-port', { host: '::', port: 9081 }],
    ['healthz-path', '/healthz'],
    ['loglevel', 'info'],
    ['kubeconfig', ''],
    ['leader-elect', true],
  ] as const)('--%s', (flag, value) => {
    expect(controller()[flag]).toEqual(value);
    expect((parseFlags(OPERATOR, []) as Values<typeof OPERATOR_FLAGS>)[flag]).toEqual(value);
  });

  it("the operator serves the webhook on 9443 with the certificate of the contract's folder", () => {
    expect(parseFlags(OPERATOR, [])).toMatchObject({
      'webhook-port': { port: 9443 },
      'webhook-cert-dir': '/tmp/k8s-webhook-server/serving-certs',
    });
  });
});

describe('a flag is understood', () => {
  it.each([
    [['--metrics-port', ':1234'], 'metrics-port', { host: '::', port: 1234 }],
    [['--metrics-port=:1234'], 'metrics-port', { host: '::', port: 1234 }],
    [['-metrics-port=127.0.0.1:1234'], 'metrics-port', { host: '127.0.0.1', port: 1234 }],
    [['-metrics-port', '[::1]:1234'], 'metrics-port', { host: '::1', port: 1234 }],
    [['--metrics'], 'metrics', true],
    [['-metrics=false'], 'metrics', false],
    [['--metrics=F'], 'metrics', false],
    [['--metrics=false', '--metrics'], 'metrics', true],
    [['--loglevel', 'panic'], 'loglevel', 'panic'],
    [['--metrics', '--loglevel=debug'], 'loglevel', 'debug'],
    [['--plain-http-registries=a:5000, b'], 'plain-http-registries', ['a:5000', 'b']],
    [['--kubeconfig=/a=b'], 'kubeconfig', '/a=b'],
  ] as const)('%j', (argv, flag, value) => {
    expect(controller(...argv)[flag]).toEqual(value);
  });

  it('durations count in s, m and h', () => {
    for (const [text, ms] of [
      ['90s', 90_000],
      ['10m', 600_000],
      ['1h', 3_600_000],
    ] as const) {
      expect(parseFlags(OPERATOR, ['--rollout-deadline', text])).toMatchObject({ 'rollout-deadline': ms });
    }
  });
});

describe('a wrong command line is told by its flag', () => {
  it.each([
    [['--nope'], /"--nope" is not a flag/],
    [['metrics'], /"metrics" is not a flag/],
    [['--metrics', 'true'], /"true" is not a flag/],
    [['--metrics=perhaps'], /kimup-controller: --metrics takes true or false, not "perhaps"/],
    [['--metrics-port', ':99999'], /--metrics-port: ":99999" is not a listen address/],
    [['--metrics-port', 'here'], /--metrics-port: "here" is not a listen address/],
    [['--metrics-path', 'metrics'], /--metrics-path: "metrics" is not a path/],
    [['--loglevel', 'loud'], /--loglevel: "loud" is not a log level; use one of trace, debug/],
    [['--kubeconfig'], /--kubeconfig needs a value/],
    [['--concurrent-refreshes', '0'], /--concurrent-refreshes: "0" is not a whole number above 0/],
  ] as const)('%j', (argv, message) => {
    expect(() => controller(...argv)).toThrow(FlagError);
    expect(() => controller(...argv)).toThrow(message);
  });

  it('as is a wrong duration', () => {
    expect(() => parseFlags(OPERATOR, ['--rollout-deadline=10'])).toThrow(
      /--rollout-deadline: "10" is not a duration; write it like 90s/,
    );
  });
});

it.each([['--help'], ['-h'], ['-help']])('%s asks for help, which names every flag', (argument) => {
  expect(parseFlags(OPERATOR, [argument])).toBe('help');
  for (const flag of Object.keys(OPERATOR_FLAGS)) expect(usage(OPERATOR)).toContain(`--${flag}`);
});

it.each([
  ['--metrics-prot=:1', '"--metrics-prot=:1" is not a flag of kimup-operator', '(Did you mean --metrics-port?)'],
  ['-heathz', '"-heathz" is not a flag', '(Did you mean --healthz?)'],
  ['--zzzzzz', '"--zzzzzz" is not a flag', 'see kimup-operator --help'],
  ['-constructor', '"-constructor" is not a flag', 'see kimup-operator --help'],
])('%s: the error says what to do', (argument, what, hint) => {
  const message = refusalOf([argument]);
  expect(message).toContain(what);
  expect(message.endsWith(hint)).toBe(true);
});

it('a value may begin with a dash or be another flag', () => {
  expect(parseFlags(OPERATOR, ['--webhook-service', '--metrics', '--kubeconfig', '-'])).toMatchObject({
    'webhook-service': '--metrics',
    kubeconfig: '-',
    metrics: true,
  });
});

it('the help shows values, defaults and variables', () => {
  const help = usage(OPERATOR);
  expect(help).toMatch(/--metrics\[=false\] +serve metrics \(default: true\)\n/);
  expect(help).toMatch(/--metrics-port ADDRESS +where metrics are served \(default: :9080\)\n/);
  expect(help).toMatch(/--kubeconfig FILE .*\(variable:\s+KUBECONFIG\)\n/s);
  expect(help).toMatch(/\nEnvironment:\n {2}POD_NAMESPACE /);
});

function refusalOf(argv: readonly string[]): string {
  try {
    parseFlags(OPERATOR, argv);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

it('the version is that of package.json', () => {
  expect(VERSION).toBe(
    (
      JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8')) as {
        version: string;
      }
    ).version,
  );
});
