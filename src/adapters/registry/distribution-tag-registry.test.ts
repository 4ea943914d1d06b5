import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMetrics } from '../../../test/support/fakes/recorders.ts';
import {
  type Answering,
  type GivenAnswer,
  type RegistryServer,
  startRegistryServer,
} from '../../../test/support/registry-server.ts';
import { RegistryError, type RegistryAccess, type RegistryErrorCode } from '../../application/ports/tag-registry.ts';
import type { Resolver } from '../net/address-guard.ts';
import { DistributionTagRegistry, type DistributionTagRegistryOptions } from './distribution-tag-registry.ts';

const anonymous: RegistryAccess = { credentials: [], insecureSkipTLSVerify: false };
const insecure: RegistryAccess = { credentials: [], insecureSkipTLSVerify: true };
const digestOf = (body: string) => `sha256:${createHash('sha256').update(body).digest('hex')}`;

describe('DistributionTagRegistry', () => {
  let server: RegistryServer;
  let registry: DistributionTagRegistry;
  let metrics: FakeMetrics;
  const use = (options: DistributionTagRegistryOptions) => {
    metrics = new FakeMetrics();
    registry = new DistributionTagRegistry(metrics, { insecureRegistries: ['127.0.0.1'], ...options });
  };
  beforeEach(async () => {
    server = await startRegistryServer();
    use({ limits: { requestTimeoutMs: 5_000 } });
  });
  afterEach(async () => {
    await registry.close();
    await server.stop();
  });

  const reference = (repository = 'team/app') => ({ registry: server.host, repository });
  const list = (access = anonymous) => registry.listTags(reference(), access);
  const failure = async (promise: Promise<unknown>, code: RegistryErrorCode): Promise<RegistryError> => {
    const error = await promise.then(
      (value) => value,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(RegistryError);
    expect(error).toMatchObject({ code });
    return error as RegistryError;
  };
  const always =
    (given: GivenAnswer): Answering =>
    () =>
      given;
  const paths = () => server.requests.map(({ path }) => path);
  /** Pages by `last`, each naming the next one by `link`. */
  const pages =
    (all: readonly (readonly string[] | null)[], link: (page: number) => string): Answering =>
    ({ path }) => {
      const page = Number(new URL(path, server.url).searchParams.get('page') ?? 0);
      return {
        body: { name: 'team/app', tags: all[page] },
        ...(page + 1 < all.length ? { headers: { link: link(page + 1) } } : {}),
      };
    };

  describe('listTags', () => {
    it('asks for a page of 1,000 and gives the tags in the order of the registry', async () => {
      server.answer = always({ body: { name: 'team/app', tags: ['v2', 'latest', 'v1'] } });
      expect(await list()).toEqual(['v2', 'latest', 'v1']);
      expect(paths()).toEqual(['/v2/team/app/tags/list?n=1000']);
    });

    it.each<[string, (page: number) => string]>([
      ['relative', (page) => `</v2/team/app/tags/list?page=${page}>; rel="next"`],
      ['absolute', (page) => `<${server.url}/v2/team/app/tags/list?page=${page}>; rel="next"`],
      ['relative to the page', (page) => `<list?page=${page}>; rel="next"`],
      ['without <>', (page) => `/v2/team/app/tags/list?page=${page}; rel=next`],
    ])('follows a %s link through all pages', async (_, link) => {
      server.answer = pages([['a', 'b'], null, [], ['b', 'c']], link);
      expect(await list()).toEqual(['a', 'b', 'c']);
      expect(server.requests).toHaveLength(4);
    });

    it('takes null for a repository without tags', async () => {
      server.answer = always({ body: { name: 'team/app', tags: null } });
      expect(await list()).toEqual([]);
    });

    it('leaves out what can be no tag', async () => {
      server.answer = always({ body: { tags: ['v1', '', '../x', 'a b', '-x', `v${'1'.repeat(128)}`, 'v2\n'] } });
      expect(await list()).toEqual(['v1']);
    });

    it('asks without a page size where a registry refuses ours', async () => {
      server.answer = ({ path }) =>
        path.includes('n=')
          ? { status: 400, body: { errors: [{ code: 'PAGINATION_NUMBER_INVALID' }] } }
          : { body: { tags: ['v1'] } };
      expect(await list()).toEqual(['v1']);
    });

    describe('never gives a part of the list:', () => {
      it.each<[string, Answering, RegistryErrorCode]>([
        [
          'an error on page 3',
          ({ path }) => {
            const page = Number(new URL(path, 'http://x').searchParams.get('page') ?? 0);
            return page === 2
              ? { status: 500 }
              : { body: { tags: [`v${page}`] }, headers: { link: `<?page=${page + 1}>; rel="next"` } };
          },
          'server-error',
        ],
        ['JSON that ends too early', always({ body: '{"tags": ["v1", "v2"' }), 'invalid-answer'],
        [
          'less than Content-Length says',
          (_, response) => {
            response.writeHead(200, { 'content-length': 100 });
            response.write('{"tags": ["v1"]}');
            response.socket?.end();
            return undefined;
          },
          'invalid-answer',
        ],
        [
          'chunks without an end',
          (_, response) => {
            response.writeHead(200, { 'transfer-encoding': 'chunked' });
            response.write('{"tags": ["v1"]}', () => response.socket?.destroy());
            return undefined;
          },
          'invalid-answer',
        ],
        [
          'a page on another host',
          always({
            body: { tags: ['v1'] },
            headers: { link: '<http://127.0.0.2:5000/v2/team/app/tags/list>; rel="next"' },
          }),
          'invalid-answer',
        ],
        [
          'a page by another scheme',
          always({ body: { tags: ['v1'] }, headers: { link: '<file:///etc/passwd>; rel="next"' } }),
          'invalid-answer',
        ],
        [
          'the same page again',
          always({ body: { tags: ['v1'] }, headers: { link: '<?page=1>; rel="next"' } }),
          'invalid-answer',
        ],
        ['an empty body', always({ body: '' }), 'invalid-answer'],
        ['HTML', always({ body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } }), 'invalid-answer'],
        ['no tags', always({ body: { name: 'team/app' } }), 'invalid-answer'],
        ['tags that are no strings', always({ body: { tags: ['v1', 2] } }), 'invalid-answer'],
        ['tags that are no list', always({ body: { tags: 'v1' } }), 'invalid-answer'],
        ['null', always({ body: 'null' }), 'invalid-answer'],
        ['no content', always({ status: 204 }), 'invalid-answer'],
      ])('%s', async (_, answering, code) => {
        server.answer = answering;
        const error = await failure(list(), code);
        expect(error.message).toContain(server.host);
        expect(error.message).toContain('team/app');
      });
    });

    describe('is bounded in', () => {
      const endless: Answering = ({ path }) => {
        const page = Number(new URL(path, 'http://x').searchParams.get('page') ?? 0);
        return { body: { tags: [`a${page}`, `b${page}`] }, headers: { link: `<?page=${page + 1}>; rel="next"` } };
      };

      it('pages', async () => {
        use({ limits: { pages: 5 } });
        server.answer = endless;
        expect((await failure(list(), 'invalid-answer')).message).toContain('more than 5 pages');
        expect(server.requests).toHaveLength(5);
      });

      it('tags', async () => {
        use({ limits: { tags: 9 } });
        server.answer = endless;
        expect((await failure(list(), 'invalid-answer')).message).toContain('more than 9 tags');
        expect(server.requests).toHaveLength(5);
      });

      it('bytes a page', async () => {
        use({ limits: { pageBytes: 1_000 } });
        server.answer = always({ body: { tags: ['v1'], padding: 'x'.repeat(1_000) } });
        expect((await failure(list(), 'invalid-answer')).message).toContain('more than 1000 bytes');
      });

      it('bytes of an error', async () => {
        server.answer = (_, response) => {
          response.writeHead(500);
          const more = () => {
            if (!response.destroyed) response.write('x'.repeat(65_536), more);
          };
          more();
          return undefined;
        };
        await failure(list(), 'server-error');
      });

      it('time for the headers', async () => {
        use({ limits: { requestTimeoutMs: 50 } });
        server.answer = () => undefined;
        expect((await failure(list(), 'unreachable')).message).toContain('no response in time');
      });

      it('time between two pieces of the body', async () => {
        use({ limits: { requestTimeoutMs: 50 } });
        server.answer = (_, response) => {
          response.writeHead(200);
          response.write('{"tags": [');
          return undefined;
        };
        expect((await failure(list(), 'unreachable')).message).toContain('no response in time');
      });

      it('time for everything', async () => {
        use({ limits: { deadlineMs: 200 } });
        server.answer = (_, response) => {
          response.writeHead(200);
          const drip = setInterval(() => response.write(' '), 5);
          response.on('close', () => clearInterval(drip));
          return undefined;
        };
        expect((await failure(list(), 'unreachable')).message).toContain('in time');
      });

      it('redirects', async () => {
        server.answer = ({ path }) => ({ status: 307, headers: { location: `${path}x` } });
        expect((await failure(list(), 'invalid-answer')).message).toContain('redirected more than 5 times');
        expect(server.requests).toHaveLength(6);
      });
    });

    it('follows a redirect on the same host', async () => {
      server.answer = ({ path }) =>
        path.startsWith('/v2/') ? { status: 301, headers: { location: '/mirror/v2/app' } } : { body: { tags: ['v1'] } };
      expect(await list()).toEqual(['v1']);
    });

    it.each([
      'ftp://127.0.0.1/x',
      'http://user:pw@127.0.0.1/x',
      'http://127.0.0.2:1/x',
      '',
      'https://169.254.169.254/latest/meta-data',
    ])('refuses a redirect to "%s"', async (location) => {
      server.answer = always({ status: 302, headers: { location } });
      const error = await list().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(RegistryError);
      expect((error as Error).message).toMatch(/does not follow|valid Location|never connects|more than/);
      expect((error as Error).message).not.toContain('pw');
    });

    it('refuses a redirect that brings credentials along, on the same host too', async () => {
      server.answer = always({ status: 302, headers: { location: `http://user:pw@${server.host}/x` } });
      expect((await failure(list(), 'invalid-answer')).message).toContain('it contains credentials');
      expect(server.requests).toHaveLength(1);
    });

    it('stops when it is told to', async () => {
      const controller = new AbortController();
      server.answer = () => {
        controller.abort();
        return undefined;
      };
      expect(
        (await failure(registry.listTags(reference(), anonymous, controller.signal), 'unreachable')).message,
      ).toContain('stopped');
    });

    it('asks many repositories side by side, over few connections', async () => {
      server.answer = ({ path }) => ({ body: { tags: [path.split('/')[2]] } });
      const names = Array.from({ length: 100 }, (_, index) => `app${index}`);
      expect(await Promise.all(names.map((name) => registry.listTags(reference(name), anonymous)))).toEqual(
        names.map((name) => [name]),
      );
    });
  });

  describe('digest', () => {
    const manifest = '{"schemaVersion": 2}';

    it('is what the registry says, asked by HEAD for images and indexes of OCI and Docker', async () => {
      server.answer = ({ method, accept }) =>
        method === 'HEAD' && accept?.includes('oci.image.index') && accept.includes('manifest.list.v2')
          ? { headers: { 'docker-content-digest': digestOf(manifest) } }
          : { status: 400 };
      expect(await registry.digest(reference(), 'v1', anonymous)).toBe(digestOf(manifest));
      expect(paths()).toEqual(['/v2/team/app/manifests/v1']);
    });

    it.each<[string, GivenAnswer]>([
      ['leaves it out', {}],
      ['gives no digest', { headers: { 'docker-content-digest': 'sha256:abc' } }],
      ['knows no HEAD', { status: 405 }],
    ])('is worked out from the manifest where a registry %s', async (_, head) => {
      server.answer = ({ method }) => (method === 'HEAD' ? head : { body: manifest });
      expect(await registry.digest(reference(), 'v1', anonymous)).toBe(digestOf(manifest));
    });

    it('is not worked out from a manifest that is too large or cut short', async () => {
      use({ limits: { manifestBytes: 10 } });
      server.answer = ({ method }) => (method === 'HEAD' ? {} : { body: manifest });
      await failure(registry.digest(reference(), 'v1', anonymous), 'invalid-answer');
      server.answer = ({ method }, response) => {
        if (method === 'HEAD') return {};
        response.writeHead(200, { 'content-length': 9 });
        response.write('{', () => response.socket?.destroy());
        return undefined;
      };
      await failure(registry.digest(reference(), 'v1', anonymous), 'invalid-answer');
    });

    it('names the tag that is not there', async () => {
      expect((await failure(registry.digest(reference(), 'v9', anonymous), 'not-found')).message).toContain(
        'team/app:v9',
      );
    });
  });

  describe('platforms', () => {
    const config = JSON.stringify({ os: 'linux', architecture: 'arm', variant: 'v7' });
    const single = JSON.stringify({ config: { digest: digestOf(config) } });
    const index = JSON.stringify({
      manifests: [
        { platform: { os: 'linux', architecture: 'amd64' } },
        { platform: { os: 'unknown', architecture: 'unknown' } },
      ],
    });
    const platforms = (digest: string) => registry.platforms(reference(), digest, anonymous);
    const holding =
      (...bodies: string[]): Answering =>
      ({ path }) => {
        const body = bodies.find((one) => path.endsWith(digestOf(one)));
        return body === undefined ? { status: 404 } : { body };
      };

    it('of an index are in it: one request', async () => {
      server.answer = holding(index);
      expect(await platforms(digestOf(index))).toEqual(['linux/amd64']);
      expect(paths()).toEqual([`/v2/team/app/manifests/${digestOf(index)}`]);
    });

    it('of a single image are in its configuration: two requests', async () => {
      server.answer = holding(single, config);
      expect(await platforms(digestOf(single))).toEqual(['linux/arm/v7']);
      expect(paths()).toEqual([`/v2/team/app/manifests/${digestOf(single)}`, `/v2/team/app/blobs/${digestOf(config)}`]);
    });

    it('are not taken from anything but what the digest names', async () => {
      server.answer = always({ body: index });
      expect((await failure(platforms(digestOf(single)), 'invalid-answer')).message).toContain(
        `sent content whose digest is not ${digestOf(single)}`,
      );
      await failure(platforms('v1'), 'invalid-answer');
    });

    it('are not taken from what is neither image nor index, or too large', async () => {
      server.answer = holding('{}');
      await failure(platforms(digestOf('{}')), 'invalid-answer');
      use({ limits: { manifestBytes: 10 } });
      server.answer = holding(index);
      await failure(platforms(digestOf(index)), 'invalid-answer');
    });

    it('name what is not there', async () => {
      expect((await failure(platforms(digestOf('gone')), 'not-found')).message).toContain(
        `team/app@${digestOf('gone')}`,
      );
    });
  });

  describe('errors', () => {
    it.each<[number, RegistryErrorCode, string]>([
      [
        401,
        'unauthorized',
        'answered 401 to the request for the tag list of team/app: add a pull secret for this registry to spec.imagePullSecrets, or check that those listed have credentials for it',
      ],
      [403, 'unauthorized', 'answered 403 to the request for the tag list of team/app'],
      [
        404,
        'not-found',
        'answered 404 to the request for the tag list of team/app: check spec.image, and whether the registry needs a pull secret in spec.imagePullSecrets',
      ],
      [408, 'server-error', 'kimup will retry'],
      [418, 'invalid-answer', 'check that it is an OCI registry'],
      [429, 'throttled', 'the rate limit is reached'],
      [500, 'server-error', 'answered 500 to the request for the tag list of team/app'],
      [503, 'server-error', 'answered 503 to the request for the tag list of team/app'],
    ])('%d is %s and says what to do', async (status, code, text) => {
      server.answer = always({ status });
      expect((await failure(list(), code)).message).toContain(`registry ${server.host} `);
      expect((await failure(list(), code)).message).toContain(text);
    });

    it.each<[number, string]>([
      [401, 'answered 401 to the request for the manifest of team/app:v9: add a pull secret'],
      [
        404,
        'answered 404 to the request for the manifest of team/app:v9: the tag does not exist, or its manifest was deleted',
      ],
    ])('%d for a tag say that it was about its manifest', async (status, text) => {
      server.answer = always({ status });
      const error = await registry.digest(reference(), 'v9', anonymous).catch((reason: unknown) => reason);
      expect((error as Error).message).toContain(text);
    });

    it.each<[number, boolean, string]>([
      [401, false, '/home/me/.docker/config.json has no credentials for this registry; log in: docker login HOST'],
      [
        401,
        true,
        'the credentials in /home/me/.docker/config.json were rejected; check that they are allowed to pull team/app, or log in again: docker login HOST',
      ],
      [
        404,
        false,
        'check spec.image, and whether the registry needs credentials: those in /home/me/.docker/config.json may be missing or not valid for this repository',
      ],
    ])('%d speak of the docker config where that was read, tried: %s', async (status, tried, text) => {
      server.answer = always({ status, headers: { 'www-authenticate': 'Basic realm="x"' } });
      const access: RegistryAccess = {
        ...anonymous,
        source: { dockerConfig: '/home/me/.docker/config.json' },
        credentials: tried ? [{ username: 'me', password: 'hunter2' }] : [],
      };
      const { message } = await list(access).then(
        () => new Error('none'),
        (reason: unknown) => reason as Error,
      );
      expect(message).toContain(`: ${text.replace('HOST', server.host)}`);
      expect(message).not.toContain('imagePullSecrets');
    });

    it('show what the registry says itself, on one short line', async () => {
      server.answer = always({
        status: 403,
        body: { errors: [{ code: 'DENIED', message: `no\r\n\u001b[31m access\u202e ${'x'.repeat(1_000)}` }] },
      });
      const { message } = await failure(list(), 'unauthorized');
      expect(message).toContain('(DENIED: no [31m access x');
      expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(message.length).toBeLessThan(450);
    });

    it('carry how long to wait', async () => {
      server.answer = always({ status: 429, headers: { 'retry-after': '30' } });
      expect(await failure(list(), 'throttled')).toMatchObject({ retryAfterMs: 30_000 });
      use({ now: () => Date.UTC(2026, 0, 1) });
      server.answer = always({ status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' } });
      expect(await failure(list(), 'server-error')).toMatchObject({ retryAfterMs: 60_000 });
    });

    it('say that nobody listens', async () => {
      await server.stop();
      expect((await failure(list(), 'unreachable')).message).toContain('ECONNREFUSED');
      server = await startRegistryServer();
    });

    it('say that something else than HTTP answers', async () => {
      server.answer = (_, response) => {
        response.socket?.end('220 mail.example.org ESMTP\r\n');
        return undefined;
      };
      expect((await failure(list(), 'invalid-answer')).message).toContain('malformed');
    });

    it.each(['169.254.169.254', '[fd00:ec2::254]', '[fe80::1]:5000', '[::ffff:169.254.169.254]'])(
      'refuse to ask %s',
      async (host) => {
        const error = await failure(registry.listTags({ registry: host, repository: 'app' }, anonymous), 'unreachable');
        expect(error.message).toMatch(/never connects|not a valid registry host/);
      },
    );

    it.each(['', 'a b', 'host/path', 'user@host', 'host:99999', 'host?x', '169.254.169.254.', '0xA9FEA9FE'])(
      'refuse "%s" as a host',
      async (host) => {
        await failure(registry.listTags({ registry: host, repository: 'app' }, anonymous), 'unreachable');
      },
    );

    it.each(['..', '../../x', './a', 'a/../b'])('refuse "%s" as a repository', async (repository) => {
      await failure(registry.listTags(reference(repository), anonymous), 'not-found');
      expect(server.requests).toEqual([]);
    });
  });

  describe('over TLS', () => {
    beforeEach(async () => {
      await server.stop();
      server = await startRegistryServer({ tls: true });
      use({ insecureRegistries: [] });
      server.answer = always({ body: { tags: ['v1'] } });
    });

    it('refuses a certificate that nobody trusts, and says how to take it', async () => {
      expect((await failure(list(), 'unreachable')).message).toContain('spec.insecureSkipTLSVerify');
      expect(server.requests).toEqual([]);
    });

    it('takes any with insecureSkipTLSVerify, and still none without it afterwards', async () => {
      expect(await list(insecure)).toEqual(['v1']);
      await failure(list(), 'unreachable');
    });

    it('refuses a redirect to plain HTTP', async () => {
      server.answer = always({ status: 302, headers: { location: 'http://127.0.0.1:1/x' } });
      expect((await failure(list(insecure), 'invalid-answer')).message).toContain('from HTTPS to HTTP');
    });
  });

  describe('names', () => {
    const asked: string[] = [];
    const resolvesTo = (addresses: Readonly<Record<string, string>>) =>
      ((name: string, _: object, done: (error: Error | null, all: object[]) => void) => {
        asked.push(name);
        const address = addresses[name];
        if (address === undefined) done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
        else done(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
      }) as unknown as Resolver;
    const named = (name: string) => ({ registry: `${name}:${server.host.split(':')[1]}`, repository: 'app' });
    beforeEach(() => void (asked.length = 0));

    it('are resolved as the connection is made, and never lead to a metadata address', async () => {
      use({
        insecureRegistries: ['good.test', 'bad.test'],
        resolver: resolvesTo({ 'good.test': '127.0.0.1', 'bad.test': '169.254.169.254' }),
      });
      server.answer = always({ body: { tags: ['v1'] } });
      expect(await registry.listTags(named('good.test'), anonymous)).toEqual(['v1']);
      expect((await failure(registry.listTags(named('bad.test'), anonymous), 'unreachable')).message).toContain(
        '169.254.169.254 is a link-local or metadata address',
      );
      server.answer = always({
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="http://${named('bad.test').registry}/token"` },
      });
      expect((await failure(registry.listTags(named('good.test'), anonymous), 'unreachable')).message).toContain(
        'never connects',
      );
      expect(server.requests.map(({ path }) => path)).toEqual(['/v2/app/tags/list?n=1000', '/v2/app/tags/list?n=1000']);
    });

    it('docker.io is asked at registry-1.docker.io', async () => {
      use({ resolver: resolvesTo({}) });
      const error = await failure(
        registry.listTags({ registry: 'docker.io', repository: 'library/nginx' }, anonymous),
        'unreachable',
      );
      expect(asked).toEqual(['registry-1.docker.io']);
      expect(error.message).toBe(
        "the request to registry docker.io for library/nginx failed: its host name can't be resolved (ENOTFOUND); check spec.image and the cluster's DNS",
      );
    });
  });

  it('asks nobody over plain HTTP who was not named', async () => {
    server.answer = always({ body: { tags: ['v1'] } });
    use({ insecureRegistries: ['example.org', server.host.replace(/\d$/, '')] });
    expect((await failure(list(), 'unreachable')).message).toContain('--plain-http-registries');
    expect(server.requests).toEqual([]);
    use({ insecureRegistries: [server.host.toUpperCase()] });
    expect(await list()).toEqual(['v1']);
  });

  it('counts every request, failed or not', async () => {
    server.answer = pages([['a'], ['b']], (page) => `<?page=${page}>; rel="next"`);
    await list();
    server.answer = always({ status: 500 });
    await failure(list(), 'server-error');
    expect(Object.fromEntries(metrics.counts)).toEqual({
      [`registry ${server.host}`]: 3,
      [`registry ${server.host} failed`]: 1,
    });
  });
});
