import type { Readiness } from '../../application/health/readiness.ts';
import type { ListenAddress } from './listen-address.ts';
import type { Answer, PlainEndpoint } from './probe-servers.ts';

/** Where an endpoint is. */
interface At extends ListenAddress {
  readonly path: string;
}

/** @param expose the text that Prometheus scrapes, and its content type */
export function metricsEndpoint(
  { host, port, path }: At,
  expose: () => Promise<{ readonly contentType: string; readonly text: string }>,
): PlainEndpoint {
  return {
    flag: '--metrics-port',
    host,
    port,
    routes: { [path]: async () => ({ status: 200, ...(await expose()) }) },
  };
}

/** Whether the process lives, at `path`; whether it can do its work, at `/readyz`. */
export function healthEndpoint({ host, port, path }: At, readiness: Readiness): PlainEndpoint {
  return {
    flag: '--healthz-port',
    host,
    port,
    routes: { [path]: () => ({ status: 200, text: 'ok\n' }), '/readyz': () => ready(readiness) },
  };
}

function ready(readiness: Readiness): Answer {
  const problem = readiness.problem();
  if (problem !== undefined) return { status: 503, text: `not ready: ${problem}\n` };
  // Still ready: what was seen is better than no answer, which would keep pods from starting.
  const remarks = readiness.remarked();
  return { status: 200, text: remarks.length === 0 ? 'ok\n' : `ok, but ${remarks.join('; ')}\n` };
}
