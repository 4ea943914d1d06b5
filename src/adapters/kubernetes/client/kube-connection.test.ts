import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAuthority } from '../../../../tools/cluster/certificates.ts';
import { ScriptedApiServer, status } from '../../../../test/support/fakes/scripted-api-server.ts';
import { KubeClient } from './kube-client.ts';
import { KubeConnection } from './kube-connection.ts';
import { PODS } from './resource.ts';

const AT = { namespace: 'default', name: 'pod' };

describe('KubeConnection', () => {
  let dir: string;
  let server: ScriptedApiServer;
  const toClose: (() => Promise<unknown> | void)[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kimup-connection-'));
    server = await ScriptedApiServer.start();
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const close of toClose.splice(0)) await close();
    await server.stop();
    rmSync(dir, { recursive: true });
  });

  function file(name: string, content: string): string {
    const path = join(dir, name);
    writeFileSync(path, content);
    return path;
  }

  function open(user: object, cluster: object = {}): KubeClient {
    const path = file(
      'kubeconfig',
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: `${server.url}/`, ...cluster } }],
        users: [{ name: 'u', user }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    const connection = KubeConnection.load({ kubeconfig: path, userAgent: 'test' });
    toClose.push(() => connection.close());
    return new KubeClient(connection);
  }

  async function authorization(client: KubeClient): Promise<string | undefined> {
    const got = client.get(PODS, AT);
    const request = await server.next();
    request.json(200, {});
    await got;
    return request.headers.authorization;
  }

  it('sends a token, or a user and password', async () => {
    expect(await authorization(open({ token: 't-1' }))).toBe('Bearer t-1');
    expect(await authorization(open({ username: 'me', password: 'pw' }))).toBe(
      `Basic ${Buffer.from('me:pw').toString('base64')}`,
    );
    expect(await authorization(open({}))).toBeUndefined();
  });

  it('reads a token from its file, and anew when it is refused', async () => {
    const tokenFile = file('token', 't-1\n');
    const client = open({ 'auth-provider': { name: 'tokenFile', config: { tokenFile } } });
    expect(await authorization(client)).toBe('Bearer t-1');
    file('token', 't-2\n');
    const got = client.get(PODS, AT);
    (await server.next()).json(401, status(401, 'Unauthorized', 'Unauthorized'));
    const again = await server.next();
    again.json(200, {});
    await got;
    expect(again.headers.authorization).toBe('Bearer t-2');
  });

  it('runs the plugin that a kubeconfig names', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    const plugin = {
      apiVersion: credential.apiVersion,
      command: process.execPath,
      args: ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`],
      interactiveMode: 'Never',
    };
    expect(await authorization(open({ exec: plugin }))).toBe('Bearer from-plugin');
  });

  it("fails with what is wrong when the credentials can't be had", async () => {
    const client = open({ 'auth-provider': { name: 'tokenFile', config: { tokenFile: join(dir, 'missing') } } });
    await expect(client.get(PODS, AT)).rejects.toMatchObject({
      name: 'KubeError',
      status: 0,
      message: expect.stringMatching(/^get Pod default\/pod: ENOENT.*missing/) as string,
    });
  });

  it('goes through the proxy that a kubeconfig names', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createHttpServer().on('connect', ({ url }, client) => {
      asked.push(url);
      const upstream = connect(Number(url?.split(':')[1]), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
    });
    const authority = await createAuthority('first');
    const pair = await authority.issue({ commonName: 'server', names: ['127.0.0.1'] });
    const host = await listen(
      createTlsServer(
        { cert: pair.cert, key: pair.key },
        ({ headers }, response) => void response.end(JSON.stringify(headers.authorization)),
      ),
    );
    const client = open(
      { token: 't-1' },
      {
        server: `https://${host}`,
        'certificate-authority': file('ca.crt', authority.cert),
        'proxy-url': `http://${await listen(proxy)}`,
      },
    );
    expect(await client.get(PODS, AT)).toBe('Bearer t-1');
    expect(asked).toEqual([host]);
  });

  it('trusts its authority only, and a new one once its file says so', async () => {
    const authorities = [await createAuthority('first'), await createAuthority('second')] as const;
    const pairs = await Promise.all(
      authorities.map((authority) => authority.issue({ commonName: 'server', names: ['127.0.0.1'] })),
    );
    const tls = createTlsServer(
      { cert: pairs[0]!.cert, key: pairs[0]!.key },
      (_, response) => void response.end('{"ok":true}'),
    );
    const host = await listen(tls);
    const ca = file('ca.crt', authorities[0].cert);
    const client = open({ token: 't-1' }, { server: `https://${host}`, 'certificate-authority': ca });
    expect(await client.get(PODS, AT)).toEqual({ ok: true });

    tls.setSecureContext({ cert: pairs[1]!.cert, key: pairs[1]!.key });
    tls.closeAllConnections();
    await expect(client.get(PODS, AT)).rejects.toThrow(/self-signed|unable to (get|verify)|certificate/i);

    file('ca.crt', authorities[1].cert);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 11_000);
    expect(await client.get(PODS, AT)).toEqual({ ok: true });
    vi.restoreAllMocks();
  });

  it('reads a kubeconfig anew whose authority, kept inside it, has rotated', async () => {
    const authorities = [await createAuthority('first'), await createAuthority('second')] as const;
    const pairs = await Promise.all(
      authorities.map((authority) => authority.issue({ commonName: 'server', names: ['127.0.0.1'] })),
    );
    const tls = createTlsServer(
      { cert: pairs[0]!.cert, key: pairs[0]!.key },
      (_, response) => void response.end('{"ok":true}'),
    );
    const host = await listen(tls);
    const trusting = (which: 0 | 1): object => ({
      server: `https://${host}`,
      'certificate-authority-data': Buffer.from(authorities[which].cert).toString('base64'),
    });
    const client = open({ token: 't-1' }, trusting(0));
    expect(await client.get(PODS, AT)).toEqual({ ok: true });

    tls.setSecureContext({ cert: pairs[1]!.cert, key: pairs[1]!.key });
    tls.closeAllConnections();
    await expect(client.get(PODS, AT)).rejects.toThrow(/self-signed|unable to (get|verify)|certificate/i);
    open({ token: 't-1' }, trusting(1)); // writes the kubeconfig
    expect(await client.get(PODS, AT)).toEqual({ ok: true });
  });

  it('says what is wrong with a kubeconfig', () => {
    const load = (content: string) => () =>
      KubeConnection.load({ kubeconfig: file('bad', content), userAgent: 'test' });
    expect(load('clusters: []\ncontexts: []\nusers: []\n')).toThrow(
      /current-context "" does not point to a cluster in this kubeconfig: set current-context/,
    );
    expect(load('{')).toThrow(/^the kubeconfig .*bad can't be read: /);
    expect(() => KubeConnection.load({ kubeconfig: join(dir, 'missing'), userAgent: 'test' })).toThrow(
      /^the kubeconfig .*missing can't be read: ENOENT/,
    );
  });

  it('says what to do when there is no kubeconfig at all', () => {
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', dir);
    expect(() => KubeConnection.load({ userAgent: 'test' })).toThrow(
      /pass --kubeconfig, set KUBECONFIG, or run in a Pod/,
    );
  });

  it('refuses a SOCKS proxy with what to use instead', async () => {
    await expect(open({}, { 'proxy-url': 'socks5://127.0.0.1:1' }).get(PODS, AT)).rejects.toThrow(
      /SOCKS.*set proxy-url to an HTTP proxy/,
    );
  });

  it('is closed for good', async () => {
    const connection = KubeConnection.to(server.url, 'test');
    await connection.close();
    await expect(connection.access()).rejects.toThrow(/closed/);
  });

  function listen(server: Server): Promise<string> {
    toClose.push(
      () =>
        new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        }),
    );
    return new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`)),
    );
  }
});
