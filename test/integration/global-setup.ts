// Runs once, in the runner's own process: keeps the one cluster that all files of test/integration share.
// It is started when the first of them asks for it, so that a run without any of them has none.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';

const CRDS = join(import.meta.dirname, '../../crds');

/** What a test file may ask of the cluster. */
export const SHARED_METHODS = ['kubectl', 'apply', 'serviceAccountKubeconfig', 'auditLog'] as const;

export interface Question {
  readonly method: 'facts' | (typeof SHARED_METHODS)[number];
  readonly args: readonly unknown[];
}

/** What of a cluster is the same for as long as it runs. */
export type ClusterFacts = Pick<Cluster, 'kubeconfig' | 'apiServer' | 'parts' | 'dir'> & {
  readonly registry: { readonly host: string; readonly url: string };
};

declare module 'vitest' {
  interface ProvidedContext {
    sharedCluster: { url: string; token: string };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Cluster> | undefined;
  const token = randomUUID();
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end();
      return;
    }
    starting ??= start();
    Promise.all([starting, body(request)])
      .then(async ([cluster, question]) =>
        response.end(JSON.stringify({ result: await answer(cluster, question as Question) })),
      )
      .catch((error: Error) => response.end(JSON.stringify({ error: error.message })));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  project.provide('sharedCluster', { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token });
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await starting?.catch(() => undefined))?.stop();
  };
}

async function start(): Promise<Cluster> {
  const cluster = await startCluster({ nodes: 'kwok', name: 'integration', progress: (line) => console.log(line) });
  try {
    await cluster.kubectl(['apply', '--server-side', '-f', CRDS]);
    await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', CRDS]);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

async function answer(cluster: Cluster, { method, args }: Question): Promise<unknown> {
  if (method === 'facts') {
    const { kubeconfig, apiServer, parts, dir, registry } = cluster;
    return {
      kubeconfig,
      apiServer,
      parts,
      dir,
      registry: { host: registry.host, url: registry.url },
    } satisfies ClusterFacts;
  }
  if (method === 'auditLog') {
    const filter = args[0] as Parameters<Cluster['auditLog']>[0];
    return cluster.auditLog(filter?.since === undefined ? filter : { ...filter, since: new Date(filter.since) });
  }
  return (cluster[method] as (...all: readonly unknown[]) => Promise<unknown>)(...args);
}

async function body(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
}
