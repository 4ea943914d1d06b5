// The API server as bare as it can be asked: undici, the admin's certificate, a fixed number of connections.
import { readFile } from 'node:fs/promises';
import { Pool } from 'undici';
import { parse } from 'yaml';
import { mapConcurrent } from '../../src/support/map-concurrent.ts';
import type { Cluster } from './cluster.ts';

export interface ApiPool {
  /** Sends `body` as JSON (an apply patch where the method is PATCH). @throws Error when the answer is none of 2xx */
  send(method: 'POST' | 'PATCH', path: string, body: object): Promise<void>;
  /** Sends `body` as JSON and returns the answer, whatever it is. */
  ask(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Runs `work` for every item, as many at a time as there are connections. */
  forEach<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** @param connections at most so many requests at a time */
export async function apiPool(cluster: Cluster, connections: number): Promise<ApiPool> {
  const pool = new Pool(cluster.apiServer.url, {
    connections,
    connect: { ca: cluster.apiServer.ca, ...(await adminCertificate(cluster)) },
  });
  return {
    async send(method, path, content) {
      const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
      const headers = { 'content-type': type, 'user-agent': 'kimup-bench' };
      const { statusCode, body } = await pool.request({ method, path, headers, body: JSON.stringify(content) });
      await body.dump();
      if (statusCode >= 300) throw new Error(`${method} ${path} was answered ${statusCode}`);
    },
    async ask(method, path, content) {
      const { statusCode, body } = await pool.request({
        method,
        path,
        headers: { 'content-type': 'application/json', 'user-agent': 'kimup-test' },
        ...(content === undefined ? {} : { body: JSON.stringify(content) }),
      });
      return { status: statusCode, body: await body.json() };
    },
    forEach: (items, work) => mapConcurrent([...items.entries()], connections, ([i, item]) => work(item, i)),
    close: () => pool.close(),
  };
}

/** What the admin's kubeconfig shows itself with, PEM. */
async function adminCertificate(cluster: Cluster): Promise<{ cert: string | Buffer; key: string | Buffer }> {
  const { users } = parse(await readFile(cluster.kubeconfig, 'utf8')) as {
    users: Array<{ user: Record<string, string> }>;
  };
  const user = users[0]!.user;
  const pem = async (name: string): Promise<string | Buffer> =>
    user[`${name}-data`] !== undefined ? Buffer.from(user[`${name}-data`]!, 'base64') : readFile(user[name]!);
  return { cert: await pem('client-certificate'), key: await pem('client-key') };
}
