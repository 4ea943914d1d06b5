import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RefusedAddressError } from './address-guard.ts';
import { BoundedHttp, type HttpAnswer, IncompleteBodyError, TooLargeBodyError } from './bounded-http.ts';
import { ProxyEnvironment } from './proxy-environment.ts';

let server: Server | undefined;
const http = new BoundedHttp(
  { connections: 1, connectTimeoutMs: 5_000, requestTimeoutMs: 5_000 },
  new ProxyEnvironment({}),
);

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
});

/** What comes of a POST to a server that answers like this. */
async function exchange(answer: RequestListener, maxBytes = 4): Promise<HttpAnswer> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/path?query`);
  return http.exchange(http.routeTo(url, false), {
    method: 'POST',
    headers: { accept: 'text/plain' },
    body: 'sent',
    maxBytes,
    signal: new AbortController().signal,
  });
}

describe('BoundedHttp', () => {
  it('sends a request and gives its whole answer', async () => {
    const { status, body, proxy } = await exchange((request, response) => {
      const { method, url, headers } = request;
      const text = `${method} ${url} ${headers.accept} ${headers['user-agent']}`;
      request.on('data', (sent: Buffer) => response.writeHead(201).end(`${text} ${String(sent)}`));
    }, 100);
    expect({ status, body: body.toString(), proxy }).toEqual({
      status: 201,
      body: 'POST /path?query text/plain kimup sent',
      proxy: undefined,
    });
  });

  it('follows no redirect', async () => {
    const { status, headers } = await exchange((_, response) => response.writeHead(302, { location: '/' }).end());
    expect([status, headers['location']]).toEqual([302, '/']);
  });

  it('takes a body of as many bytes as the request allows, and no more', async () => {
    expect((await exchange((_, response) => response.end('1234'))).body.toString()).toBe('1234');
    await expect(exchange((_, response) => response.end('12345'))).rejects.toThrow(new TooLargeBodyError(4));
  });

  it('fails where a body is not whole', async () => {
    const broken = exchange((_, response) => {
      response.writeHead(200, { 'content-length': '4' });
      response.write('12', () => response.destroy());
    });
    await expect(broken).rejects.toThrow(IncompleteBodyError);
  });

  it('gives what there is of a body that explains an error', async () => {
    const { status, body } = await exchange((_, response) => response.writeHead(500).end('123456'));
    expect([status, body.toString()]).toEqual([500, '123456']);
  });

  it('reads no more of it than 64 KiB', async () => {
    const { status, body } = await exchange((_, response) => response.writeHead(500).end('x'.repeat(300_000)));
    expect(status).toBe(500);
    expect(body.length).toBeLessThanOrEqual(65_536);
  });

  it('gives what came of it before it broke off', async () => {
    const { status, body } = await exchange((_, response) => {
      response.writeHead(500, { 'content-length': 100 });
      response.write('123', () => response.destroy());
    });
    expect([status, body.toString()]).toEqual([500, '123']);
  });

  it('refuses an address of the machine that it runs on', () => {
    expect(() => http.routeTo(new URL('http://169.254.169.254/'), false)).toThrow(RefusedAddressError);
  });
});
