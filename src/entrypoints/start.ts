import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { ProbeServers, type PlainEndpoint } from '../adapters/http/probe-servers.ts';
import { Informers } from '../adapters/kubernetes/client/informers.ts';
import { KubeConnection } from '../adapters/kubernetes/client/kube-connection.ts';
import { KubernetesEventRecorder } from '../adapters/kubernetes/events/kubernetes-event-recorder.ts';
import { PrometheusMetrics } from '../adapters/metrics/prometheus-metrics.ts';
import { LeaderElection } from '../application/ports/leadership.ts';
import { Log } from '../application/ports/log.ts';
import type { AbortSignalLike } from '../application/ports/tag-registry.ts';
import { Settings } from '../modules/settings.ts';
import { FlagError, type Values } from './command-line/command-line.ts';
import type { CONTROLLER_FLAGS } from './command-line/flags.ts';
import { VERSION } from './version.ts';

/** Work that only the leader does. */
export interface LeaderWork {
  start(): void;
  stop(): Promise<void> | void;
}

/** What is a component's own in starting and stopping. */
export interface Component {
  readonly leaderWork: readonly LeaderWork[];
  /** What else keeps it from being ready; `undefined` when nothing does. */
  notReady?(): string | undefined;
  /** Begins what every replica does, before the lead is sought. */
  serve?(): Promise<void>;
  /** Begins when the process is told to end, beside what winds down: sends away whoever is served, and answers until they are gone. */
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

/**
 * Runs a component until it is told to end (SIGTERM, SIGINT; the second one ends it at once). Probes are served at once; then
 * everything is looked at once, every replica serves, and one leads. In the end the lead goes back first, for the next replica to
 * go on; who still asks is answered meanwhile.
 */
export async function run(app: INestApplicationContext, component: Component): Promise<void> {
  const log = app.get<Log>(Log);
  const settings = app.get(Settings);
  const informers = app.get(Informers);
  const stop = stopSignal(log);
  const notReady = (): string | undefined => {
    if (stop.aborted) return 'it is shutting down';
    return informers.synced() ? component.notReady?.() : `not seen yet: ${informers.missing().join(', ')}`;
  };
  const probes = new ProbeServers(endpoints(settings, app.get(PrometheusMetrics), notReady, () => informers.behind()));
  await probes.listen();
  informers.start();
  await component.serve?.();
  const drained = aborted(stop).then(() => component.drain?.());
  try {
    await informers.whenSynced(stop);
    log.info('ready', { version: VERSION, identity: settings.identity, afterMs: Math.round(performance.now()) });
    await app.get<LeaderElection>(LeaderElection).run(async (lost) => {
      for (const work of component.leaderWork) work.start();
      await aborted(lost);
      const stopping = Promise.all(component.leaderWork.map((work) => work.stop()));
      if (!(await endsInTime(stopping, stop)))
        log.warn('what is in flight is left: it takes too long', { graceMs: WORK_GRACE_MS });
    }, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  }
  await drained;
  await informers.stop();
  await app.get(KubernetesEventRecorder).stop();
  await probes.close();
  await app.close();
  await app.get(KubeConnection).close();
  log.info('ended');
}

/** Aborts when the process is told to end. From then on its time is limited, and being told again ends it at once. */
function stopSignal(log: Log): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) {
        log.warn('told to end again, and ends now', { signal });
        process.exit(1);
      }
      log.info('told to end', { signal });
      stop.abort();
      // Whatever hangs must not hold up the end of the process.
      setTimeout(() => {
        log.error('did not end in time, and ends now', { graceMs: GRACE_MS });
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

function endpoints(
  settings: Settings,
  metrics: PrometheusMetrics,
  notReady: () => string | undefined,
  behind: () => readonly string[],
): PlainEndpoint[] {
  const found: PlainEndpoint[] = [];
  if (settings.metrics.enabled) {
    found.push({
      flag: '--metrics-port',
      ...settings.metrics,
      routes: { [settings.metrics.path]: async () => ({ status: 200, ...(await metrics.expose()) }) },
    });
  }
  if (settings.healthz.enabled) {
    const ready = (): { status: number; text: string } => {
      const why = notReady();
      if (why !== undefined) return { status: 503, text: `not ready: ${why}\n` };
      // Still ready: what was seen is better than no answer, which would keep pods from starting.
      const late = behind();
      return { status: 200, text: late.length === 0 ? 'ok\n' : `ok, but behind the API server: ${late.join(', ')}\n` };
    };
    found.push({
      flag: '--healthz-port',
      ...settings.healthz,
      routes: { [settings.healthz.path]: () => ({ status: 200, text: 'ok\n' }), '/readyz': ready },
    });
  }
  return found;
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
