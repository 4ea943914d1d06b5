import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type PlainEndpoint, ProbeServers } from './probe-servers.ts';

const HOST = '127.0.0.1';
let servers: ProbeServers | undefined;
let other: Server | undefined;

afterEach(async () => {
  await servers?.close();
  other?.close();
});

async function taken(): Promise<number> {
  other = createServer();
  await new Promise<void>((resolve) => other!.listen(0, HOST, resolve));
  return (other.address() as AddressInfo).port;
}

async function free(): Promise<number> {
  const port = await taken();
  await new Promise((resolve) => other!.close(resolve));
  return port;
}

const endpoint = (flag: string, port: number, path: string): PlainEndpoint => ({
  flag,
  host: HOST,
  port,
  routes: { [path]: () => ({ status: 200, text: `${flag} says ${path}` }) },
});

async function get(port: number, path: string): Promise<string> {
  const response = await fetch(`http://${HOST}:${port}${path}`);
  return `${response.status} ${await response.text()}`;
}

it('serves two endpoints on a port each', async () => {
  const [a, b] = [await free(), await free()];
  servers = new ProbeServers([endpoint('--metrics-port', a, '/metrics'), endpoint('--healthz-port', b, '/healthz')]);
  await servers.listen();
  expect(await get(a, '/metrics')).toBe('200 --metrics-port says /metrics');
  expect(await get(b, '/healthz')).toBe('200 --healthz-port says /healthz');
  expect(await get(a, '/healthz')).toMatch(/^404/);
});

it('serves two endpoints of the same address by one server', async () => {
  const port = await free();
  servers = new ProbeServers([
    endpoint('--metrics-port', port, '/metrics'),
    endpoint('--healthz-port', port, '/healthz'),
  ]);
  await servers.listen();
  expect(await get(port, '/metrics')).toBe('200 --metrics-port says /metrics');
  expect(await get(port, '/healthz')).toBe('200 --healthz-port says /healthz');
});

it('gives each endpoint a port of its own where any will do', async () => {
  servers = new ProbeServers([endpoint('--metrics-port', 0, '/same'), endpoint('--healthz-port', 0, '/same')]);
  await expect(servers.listen()).resolves.toBeUndefined();
});

it('says which flags want the same path of one address', async () => {
  const port = await free();
  servers = new ProbeServers([endpoint('--metrics-port', port, '/same'), endpoint('--healthz-port', port, '/same')]);
  await expect(servers.listen()).rejects.toThrow(
    '--healthz-port: /same is already served at this address; use another port or path',
  );
});

it.each([
  [['--metrics-port'], '--metrics-port'],
  [['--metrics-port', '--healthz-port'], '--metrics-port and --healthz-port'],
])('names the flag of a port that is in use: %j', async (flags, named) => {
  const port = await taken();
  servers = new ProbeServers(flags.map((flag) => endpoint(flag, port, `/${flag}`)));
  await expect(servers.listen()).rejects.toThrow(
    `${named}: ${HOST}:${port} is already in use; use another port, or stop the process that listens there`,
  );
});
