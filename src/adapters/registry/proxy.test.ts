// Registries behind a proxy, over real HTTP: by CONNECT, and by whole URLs for those over plain HTTP.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../../tools/cluster/certificates.ts';
import { FakeMetrics } from '../../../test/support/fakes/recorders.ts';
import { type HttpProxy, startHttpProxy } from '../../../test/support/http-proxy.ts';
import { type RegistryServer, startRegistryServer } from '../../../test/support/registry-server.ts';
import { type RegistryAccess, RegistryError } from '../../application/ports/tag-registry.ts';
import type { Resolver } from '../net/address-guard.ts';
import { DistributionTagRegistry } from './distribution-tag-registry.ts';
import type { Limits } from './limits.ts';
import type { Environment } from '../net/proxy-environment.ts';

/** A name that nobody but the proxy knows. */
const SECURE = 'registry.test';
const PLAIN = 'plain.test:5000';
const anyCertificate: RegistryAccess = { credentials: [], insecureSkipTLSVerify: true };

const ports = new Map<string, number>();
let secure: RegistryServer;
let plain: RegistryServer;
let proxy: HttpProxy;
let registry: DistributionTagRegistry | undefined;

beforeEach(async () => {
  [secure, plain, proxy] = await Promise.all([
    startRegistryServer({ tls: true }),
    startRegistryServer(),
    startHttpProxy({ ports }),
  ]);
  ports.set(`${SECURE}:443`, portOf(secure)).set(PLAIN, portOf(plain));
  for (const server of [secure, plain]) server.answer = () => ({ body: { tags: ['v1'] } });
});
afterEach(async () => {
  await registry?.close();
  registry = undefined;
  await Promise.all([secure.stop(), plain.stop(), proxy.stop()]);
});

function portOf({ host }: RegistryServer): number {
  return Number(host.split(':')[1]);
}

function list(
  host: string,
  env: Environment,
  access = anyCertificate,
  limits: Partial<Limits> = {},
): Promise<readonly string[]> {
  registry ??= new DistributionTagRegistry(new FakeMetrics(), { insecureRegistries: [PLAIN, plain.host], env, limits });
  return registry.listTags({ registry: host, repository: 'team/app' }, access);
}

async function failure(listed: Promise<unknown>): Promise<RegistryError> {
  const error = await listed.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RegistryError);
  return error as RegistryError;
}

describe.each(['HTTPS_PROXY', 'https_proxy'])('%s', (variable) => {
  it('leads to registries over HTTPS, whose names the proxy knows', async () => {
    expect(await list(SECURE, { [variable]: proxy.url })).toEqual(['v1']);
    expect(proxy.requests).toEqual([`CONNECT ${SECURE}:443`]);
    expect(secure.requests.map(({ path }) => path)).toEqual(['/v2/team/app/tags/list?n=1000']);
  });

  it('may leave out its scheme', async () => {
    expect(await list(SECURE, { [variable]: proxy.url.replace('http://', '') })).toEqual(['v1']);
  });

  it('is not for those over plain HTTP', async () => {
    expect(await list(plain.host, { [variable]: proxy.url })).toEqual(['v1']);
    expect(proxy.requests).toEqual([]);
  });

  it('is nothing where it is empty', async () => {
    expect(await list(secure.host, { [variable]: ' ' })).toEqual(['v1']);
    expect(proxy.requests).toEqual([]);
  });
});

describe.each(['HTTP_PROXY', 'http_proxy'])('%s', (variable) => {
  it('leads to registries over plain HTTP, by their whole URL', async () => {
    expect(await list(PLAIN, { [variable]: proxy.url })).toEqual(['v1']);
    expect(proxy.requests).toEqual([`GET http://${PLAIN}/v2/team/app/tags/list?n=1000`]);
  });

  it('is not for those over HTTPS', async () => {
    expect(await list(secure.host, { [variable]: proxy.url })).toEqual(['v1']);
    expect(proxy.requests).toEqual([]);
  });
});

it.each<[string, boolean]>([
  ['*', false],
  ['127.0.0.1', false],
  ['127.0.0.0/8', false],
  ['10.0.0.0/8, 127.0.0.1', false],
  ['10.0.0.0/8', true],
  ['example.org', true],
  ['127.0.0.1:1', true],
])('NO_PROXY=%s leaves 127.0.0.1 to the proxy: %s', async (exceptions, proxied) => {
  expect(await list(secure.host, { HTTPS_PROXY: proxy.url, NO_PROXY: exceptions })).toEqual(['v1']);
  expect(proxy.requests).toHaveLength(proxied ? 1 : 0);
  await registry?.close();
  registry = undefined;
  proxy.requests.length = 0;
  await list(secure.host, { https_proxy: proxy.url, no_proxy: exceptions });
  expect(proxy.requests).toHaveLength(proxied ? 1 : 0);
});

describe('behind a proxy', () => {
  it('connections are kept, and few', async () => {
    const lists = Array.from({ length: 40 }, () =>
      list(SECURE, { HTTPS_PROXY: proxy.url }, anyCertificate, { connections: 4 }),
    );
    expect(await Promise.all(lists)).toEqual(lists.map(() => ['v1']));
    expect(proxy.requests.length).toBeLessThanOrEqual(4);
  });

  it('a certificate that nobody trusts is refused, and taken with insecureSkipTLSVerify', async () => {
    const env = { HTTPS_PROXY: proxy.url };
    const { message, code } = await failure(list(SECURE, env, { ...anyCertificate, insecureSkipTLSVerify: false }));
    expect(code).toBe('unreachable');
    expect(message).toContain(
      `through the proxy ${proxy.url} (from HTTPS_PROXY) failed: its certificate is not trusted`,
    );
    expect(secure.requests).toEqual([]);
    expect(await list(SECURE, env)).toEqual(['v1']);
    await failure(list(SECURE, env, { ...anyCertificate, insecureSkipTLSVerify: false }));
  });

  it('redirects and token servers are reached by the proxy that is for them', async () => {
    plain.answer = ({ path, authorization }) =>
      path.startsWith('/v2/') && authorization === undefined
        ? { status: 401, headers: { 'www-authenticate': `Bearer realm="https://${SECURE}/token"` } }
        : { status: 307, headers: { location: `https://${SECURE}/list` } };
    secure.answer = ({ path }) => ({ body: path.startsWith('/token') ? { token: 'abc' } : { tags: ['v2'] } });
    expect(await list(PLAIN, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url })).toEqual(['v2']);
    expect(proxy.requests).toEqual([
      `GET http://${PLAIN}/v2/team/app/tags/list?n=1000`,
      `CONNECT ${SECURE}:443`,
      `GET http://${PLAIN}/v2/team/app/tags/list?n=1000`,
    ]);
  });

  it.each(['169.254.169.254', '[fd00:ec2::254]'])('%s is not asked', async (host) => {
    expect((await failure(list(host, { HTTPS_PROXY: proxy.url }))).message).toMatch(
      /never connects|not a valid registry host/,
    );
    secure.answer = () => ({ status: 302, headers: { location: `https://${host}/latest/meta-data` } });
    expect((await failure(list(SECURE, { HTTPS_PROXY: proxy.url }))).message).toContain('never connects');
    expect(proxy.requests).toEqual([`CONNECT ${SECURE}:443`]);
  });
});

describe('credentials of a proxy', () => {
  const withCredentials = () => proxy.url.replace('//', '//me:hunter%212@');
  const basic = `Basic ${Buffer.from('me:hunter!2').toString('base64')}`;

  it('are sent to it, and to nobody else', async () => {
    await list(SECURE, { HTTPS_PROXY: withCredentials(), HTTP_PROXY: withCredentials() });
    await list(PLAIN, {});
    expect(proxy.authorizations).toEqual([basic, basic]);
    expect([...secure.requests, ...plain.requests].map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['CONNECT', SECURE, 'HTTPS_PROXY'],
    ['whole URLs', PLAIN, 'HTTP_PROXY'],
  ])('that are wanted or refused for %s are spoken of, not shown', async (_, host, variable) => {
    proxy.refuses = 407;
    expect((await failure(list(host, { [variable]: proxy.url }))).message).toContain(
      `the proxy ${proxy.url} (from ${variable}) requires credentials (407); set ${variable} to`,
    );
    await registry?.close();
    registry = undefined;
    const { message, code } = await failure(list(host, { [variable]: withCredentials() }));
    expect(code).toBe('unreachable');
    expect(message).toContain(`the proxy ${proxy.url} (from ${variable}) rejected the credentials in ${variable}`);
    for (const secret of ['hunter', basic.slice(6)]) expect(message).not.toContain(secret);
  });

  it('are not in what a proxy or a registry repeats', async () => {
    plain.answer = () => ({ status: 403, body: { errors: [{ code: 'DENIED', message: `you sent ${basic}` }] } });
    expect((await failure(list(PLAIN, { HTTP_PROXY: withCredentials() }))).message).not.toContain(basic.slice(6));
  });
});

describe('an error names the proxy, not DNS, where', () => {
  const message = async (host: string, env: Environment, limits?: Partial<Limits>) =>
    (await failure(list(host, env, anyCertificate, limits))).message;

  it.each([
    [SECURE, 'HTTPS_PROXY'],
    [PLAIN, 'HTTP_PROXY'],
  ])('nobody listens there: %s', async (host, variable) => {
    const { url } = proxy;
    await proxy.stop();
    expect(await message(host, { [variable]: url })).toBe(
      `the request to registry ${host} for team/app failed: the connection to the proxy ${url} (from ${variable}) failed (ECONNREFUSED); check ${variable}, or add the registry to NO_PROXY`,
    );
    proxy = await startHttpProxy();
  });

  it('its own name is not known', async () => {
    const resolver = ((_name: string, _options: object, done: (error: Error) => void) =>
      done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }))) as unknown as Resolver;
    registry = new DistributionTagRegistry(new FakeMetrics(), {
      env: { HTTPS_PROXY: 'http://proxy.test:3128' },
      resolver,
    });
    expect(await message(SECURE, {})).toContain(
      "the host name of the proxy http://proxy.test:3128 (from HTTPS_PROXY) can't be resolved (ENOTFOUND); check HTTPS_PROXY",
    );
  });

  it('it does not let us through', async () => {
    proxy.refuses = 403;
    expect(await message(SECURE, { HTTPS_PROXY: proxy.url })).toContain(
      `the proxy ${proxy.url} (from HTTPS_PROXY) answered CONNECT with 403`,
    );
  });

  it.each([
    [SECURE, 'HTTPS_PROXY'],
    [PLAIN, 'HTTP_PROXY'],
  ])('it finds no registry: %s', async (host, variable) => {
    ports.set(`${SECURE}:443`, 1).set(PLAIN, 1);
    expect(await message(host, { [variable]: proxy.url })).toMatch(
      new RegExp(`the proxy ${proxy.url} \\(from ${variable}\\).* answered (CONNECT with )?50[23]`),
    );
  });

  it.each([
    [SECURE, 'HTTPS_PROXY'],
    [PLAIN, 'HTTP_PROXY'],
  ])('it says nothing: %s', async (host, variable) => {
    proxy.hang();
    expect(await message(host, { [variable]: proxy.url }, { requestTimeoutMs: 50 })).toContain(
      `the proxy ${proxy.url} (from ${variable})`,
    );
  });

  it('the registry breaks off behind it', async () => {
    secure.answer = (_, response) => void response.destroy();
    expect(await message(SECURE, { HTTPS_PROXY: proxy.url })).toContain(
      `through the proxy ${proxy.url} (from HTTPS_PROXY) failed: the connection failed`,
    );
  });

  it.each(['socks5://127.0.0.1:1', 'http://', 'http://me:hunter2@a b'])('there is none: %s', async (value) => {
    const said = await message(SECURE, { HTTPS_PROXY: value });
    expect(said).toContain('HTTPS_PROXY is not the URL of an HTTP proxy; write it as http://HOST:PORT');
    expect(said).not.toContain('hunter2');
  });

  it("its certificate is not trusted, whatever insecureSkipTLSVerify says of the registry's", async () => {
    const tls = await (await createAuthority('kimup-test-proxy')).issue({ commonName: 'proxy', names: ['127.0.0.1'] });
    const secured = await startHttpProxy({ ports, tls });
    try {
      expect(await message(SECURE, { HTTPS_PROXY: secured.url })).toContain(
        `the certificate of the proxy ${secured.url} (from HTTPS_PROXY) is not trusted`,
      );
      expect(secured.requests).toEqual([]);
    } finally {
      await secured.stop();
    }
  });
});
