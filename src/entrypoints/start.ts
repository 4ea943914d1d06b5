import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { PinoLog } from '../adapters/log/pino-log.ts';
import { Controllers } from '../application/controller/controllers.ts';
import { Readiness } from '../application/health/readiness.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import type { AbortSignalLike } from '../application/ports/tag-registry.ts';
import { Settings } from '../modules/settings.ts';
import { FlagError, type Values } from './command-line/command-line.ts';
import type { CONTROLLER_FLAGS } from './command-line/flags.ts';
import { NestLog } from './nest-log.ts';
import { VERSION } from './version.ts';

/** What is a component's own in starting and stopping. */
export interface Component {
  /** Begins to listen, where the component serves anything but its probes. */
  listen?(): Promise<void>;
  /**
   * Starts when the process is asked to stop, in parallel with the shutdown of everything else: keeps answering requests, and
   * closes each connection, until no more come in.
   */
  drain?(): Promise<void>;
}

type CommonValues = Pick<
  Values<typeof CONTROLLER_FLAGS>,
  | 'metrics'
  | 'metrics-port'
  | 'metrics-path'
  | 'healthz'
  | 'healthz-port'
  | 'healthz-path'
  | 'loglevel'
  | 'kubeconfig'
  | 'leader-elect'
>;

/** How long everything may take once the process is told to end; less than the 30 s that a pod has. */
const GRACE_MS = 25_000;
/** How long what the leader has in flight may take of that; what takes longer is left, and can write nothing any more. */
const WORK_GRACE_MS = 10_000;

/** What both components read from their flags and surroundings. */
export function settingsFrom(component: Settings['component'], lease: string, flags: CommonValues): Settings {
  return new Settings({
    component,
    lease,
    version: VERSION,
    namespace: ownNamespace(),
    identity: `${process.env['POD_NAME'] ?? hostname()}_${randomBytes(4).toString('hex')}`,
    kubeconfig: flags.kubeconfig,
    logLevel: flags.loglevel,
    leaderElect: flags['leader-elect'],
    metrics: { enabled: flags.metrics, path: flags['metrics-path'], ...flags['metrics-port'] },
    healthz: { enabled: flags.healthz, path: flags['healthz-path'], ...flags['healthz-port'] },
  });
}

/** `$POD_NAMESPACE`, else the ServiceAccount's, else where kimup is installed by default. */
function ownNamespace(): string {
  const given = process.env['POD_NAMESPACE'];
  if (given !== undefined && given !== '') return given;
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim();
  } catch {
    return 'kimup-operator';
  }
}

/** Makes the application of a component: on Fastify, so that each can serve HTTP; nothing has begun yet. */
export function create(
  module: DynamicModule,
  { component, logLevel }: Settings,
  adapter: FastifyAdapter = new FastifyAdapter({ skipMiddie: true }),
): Promise<NestFastifyApplication> {
  return NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLog(new PinoLog(component, logLevel)),
    abortOnError: false,
    bodyParser: false,
  });
}

/**
 * Runs a component until it is asked to stop (SIGTERM, SIGINT; the second signal stops it at once). The application starts:
 * probes are served and the informers sync; then it listens, and one replica leads. On shutdown the Lease is released first,
 * so that another replica can take over; requests that still come in are answered meanwhile; then the application closes what
 * it opened.
 */
export async function run(app: NestFastifyApplication, component: Component = {}): Promise<void> {
  const log = app.get<Log>(Log);
  const { identity } = app.get(Settings);
  const informers = app.get(Informers);
  const readiness = app.get(Readiness);
  const stop = stopSignal(log);
  stop.addEventListener('abort', () => readiness.end());
  await app.init();
  await component.listen?.();
  const drained = aborted(stop).then(() => component.drain?.());
  try {
    await informers.whenSynced(stop);
    log.info('ready', { version: VERSION, identity, afterMs: Math.round(performance.now()) });
    await lead(app, log, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
  await drained;
  await app.close();
  log.info('stopped');
}

/** Works whenever this replica is the leader, until `stop`. */
async function lead(app: NestFastifyApplication, log: Log, stop: AbortSignal): Promise<void> {
  const controllers = app.get(Controllers);
  await app.get<LeaderElection>(LeaderElection).run(async (lost) => {
    controllers.start();
    await aborted(lost);
    if (!(await endsInTime(controllers.stop(), stop)))
      log.warn('work in progress did not finish in time and is abandoned', { graceMs: WORK_GRACE_MS });
  }, stop);
}

/** Aborts when the process is told to end. From then on its time is limited, and being told again ends it at once. */
function stopSignal(log: Log): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) {
        log.warn('received a second signal, exiting now', { signal });
        process.exit(1);
      }
      log.info('shutting down', { signal });
      stop.abort();
      // Whatever hangs must not hold up the end of the process.
      setTimeout(() => {
        log.error('graceful shutdown timed out, exiting now', { graceMs: GRACE_MS });
        process.exit(1);
      }, GRACE_MS).unref();
    });
  }
  return stop.signal;
}

function aborted(signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
  });
}

/** Whether `work` ends before {@link WORK_GRACE_MS} after `stop`. Rejects when it does. */
function endsInTime(work: Promise<unknown>, stop: AbortSignal): Promise<boolean> {
  return Promise.race([work.then(() => true), aborted(stop).then(() => sleep(WORK_GRACE_MS, false, { ref: false }))]);
}

/** Runs an entrypoint: a wrong command line ends with 2, what can't go on with 1, each with a line that says why. */
export async function main(entrypoint: () => Promise<void>): Promise<void> {
  try {
    await entrypoint();
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(error instanceof FlagError ? 2 : 1);
  }
}
