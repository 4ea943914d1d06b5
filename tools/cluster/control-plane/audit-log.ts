// The API server's audit log: what each client asked of it, exactly.
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** One finished request to the API server. */
export interface AuditEvent {
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verb: string;
  /** '' for the core group and for requests that are for no resource. */
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string;
  readonly userAgent: string;
  /** The HTTP status of the answer. */
  readonly code: number;
  readonly requestURI: string;
  /** When the request came in. */
  readonly received: Date;
  /** When it was answered; for a watch, when it ended. */
  readonly time: Date;
}

export interface AuditFilter {
  /** Only requests whose User-Agent starts with this. */
  readonly userAgentPrefix?: string;
  /** Only requests of this user, e.g. `system:serviceaccount:NAMESPACE:NAME`. */
  readonly username?: string;
  /** Only requests that came in then or later. */
  readonly since?: Date;
}

interface Line {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent?: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** The requests in the log that pass the filter, in the order in which they ended. A log that isn't there yet has none. */
export async function readAuditLog(file: string, filter: AuditFilter = {}): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  if (!existsSync(file)) return events;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    // Far cheaper than parsing every line of a long log.
    if (filter.username !== undefined && !text.includes(filter.username)) continue;
    const event = parse(text);
    if (!event) continue;
    if (filter.userAgentPrefix !== undefined && !event.userAgent.startsWith(filter.userAgentPrefix)) continue;
    if (filter.username !== undefined && event.user !== filter.username) continue;
    if (filter.since !== undefined && event.received < filter.since) continue;
    events.push(event);
  }
  return events;
}

/** Undefined for the last line while it is being written. */
function parse(text: string): AuditEvent | undefined {
  let line: Line;
  try {
    line = JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
  return {
    verb: line.verb,
    group: line.objectRef?.apiGroup ?? '',
    resource: line.objectRef?.resource ?? '',
    subresource: line.objectRef?.subresource ?? '',
    namespace: line.objectRef?.namespace ?? '',
    name: line.objectRef?.name ?? '',
    user: line.user?.username ?? '',
    userAgent: line.userAgent ?? '',
    code: line.responseStatus?.code ?? 0,
    requestURI: line.requestURI,
    received: new Date(line.requestReceivedTimestamp),
    time: new Date(line.stageTimestamp),
  };
}
