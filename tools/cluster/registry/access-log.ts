// The registry's access log: what each client asked of it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { HANG_MS } from '../hang.ts';
import { until } from '../process/until.ts';
import { OWN_USER_AGENT, type RegistryClient } from './registry-client.ts';

/** One request that the registry answered. */
export interface RegistryRequest {
  readonly method: string;
  /** With its query, e.g. `/v2/whoami/tags/list?n=1000`. */
  readonly path: string;
  readonly status: number;
  readonly userAgent: string;
}

export interface RequestFilter {
  readonly method?: string;
  /** What the path starts with, or a pattern for it. */
  readonly path?: string | RegExp;
  readonly userAgentPrefix?: string;
}

/** An access log line in Apache's combined format. */
const accessLine = /^\S+ - \S* \[[^\]]*\] "(\S+) (\S+) [^"]*" (\d+) \d+ "[^"]*" "([^"]*)"/;

/** The requests in a registry's log that pass the filter, in the order in which they were answered. All that were answered before this call are there. */
export async function requestsIn(
  logFile: string,
  client: RegistryClient,
  filter: RequestFilter = {},
): Promise<RegistryRequest[]> {
  // A request is logged after it was answered; once this one is in the log, those before it are too.
  const mark = `${OWN_USER_AGENT}-${randomUUID()}`;
  await client.call('GET', '/v2/', undefined, { 'user-agent': mark });
  const text = await until(
    () => {
      const log = readFileSync(logFile, 'utf8');
      return log.includes(mark) ? log : undefined;
    },
    HANG_MS,
    "the registry's access log",
  );
  const requests: RegistryRequest[] = [];
  for (const line of text.split('\n')) {
    const [, method, path, status, userAgent] = accessLine.exec(line) ?? [];
    if (method === undefined || path === undefined || userAgent === undefined || userAgent.startsWith(OWN_USER_AGENT))
      continue;
    if (filter.method !== undefined && method !== filter.method) continue;
    if (typeof filter.path === 'string' ? !path.startsWith(filter.path) : filter.path && !filter.path.test(path))
      continue;
    if (filter.userAgentPrefix !== undefined && !userAgent.startsWith(filter.userAgentPrefix)) continue;
    requests.push({ method, path, status: Number(status), userAgent });
  }
  return requests;
}
