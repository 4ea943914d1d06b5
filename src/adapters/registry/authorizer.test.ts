import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMetrics } from '../../../test/support/fakes/recorders.ts';
import {
  type Answering,
  type GivenAnswer,
  type ReceivedRequest,
  type RegistryServer,
  startRegistryServer,
} from '../../../test/support/registry-server.ts';
import { type RegistryAccess, type RegistryCredentials, RegistryError } from '../../application/ports/tag-registry.ts';
import { DistributionTagRegistry } from './distribution-tag-registry.ts';
import type { Limits } from './limits.ts';

const me: RegistryCredentials = { username: 'me', password: 'hunter2-password' };
const other: RegistryCredentials = { username: 'other', password: 'other-password' };
const withToken: RegistryCredentials = { username: '<token>', password: '', identityToken: 'identity-token-value' };
const basic = (one: RegistryCredentials) =>
  `Basic ${Buffer.from(`${one.username}:${one.password}`).toString('base64')}`;
const as = (...credentials: RegistryCredentials[]): RegistryAccess => ({ credentials, insecureSkipTLSVerify: false });
const tags = { body: { tags: ['v1'] } };

describe('signing in', () => {
  let server: RegistryServer;
  let registry: DistributionTagRegistry;
  let metrics: FakeMetrics;
  let now: number;
  const use = (limits: Partial<Limits> = {}) => {
    metrics = new FakeMetrics();
    registry = new DistributionTagRegistry(metrics, { insecureRegistries: ['127.0.0.1'], now: () => now, limits });
  };
  beforeEach(async () => {
    server = await startRegistryServer();
    now = 0;
    use();
  });
  afterEach(async () => {
    await registry.close();
    await server.stop();
  });

  const reference = (repository = 'team/app') => ({ registry: server.host, repository });
  const list = (access: RegistryAccess, repository?: string) => registry.listTags(reference(repository), access);
  const failure = async (promise: Promise<unknown>) => {
    const error = await promise.then(
      (value) => value,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(RegistryError);
    return error as RegistryError;
  };
  const toTokenServer = () => server.requests.filter(({ path }) => path.startsWith('/token'));
  const toRegistry = () => server.requests.filter(({ path }) => path.startsWith('/v2/'));
  const challenge = (value: string | readonly string[]): GivenAnswer => ({
    status: 401,
    headers: { 'www-authenticate': value },
  });
  const bearer = (extra = '') => `Bearer realm="${server.url}/token",service="registry.example.org"${extra}`;

  /** A registry that takes the tokens that its token server gave out, which go by `token-N`. */
  const tokenRegistry = (
    give: (request: ReceivedRequest, n: number) => GivenAnswer,
    takes: (token: string) => boolean = () => true,
  ): Answering => {
    let given = 0;
    return (request) => {
      if (request.path.startsWith('/token')) return give(request, (given += 1));
      const token = /^Bearer (.+)$/.exec(request.authorization ?? '')?.[1];
      return token !== undefined && takes(token) ? tags : challenge(bearer(',scope="repository:team/app:pull"'));
    };
  };

  describe('by basic authentication', () => {
    const wants =
      (one: RegistryCredentials): Answering =>
      ({ authorization }) =>
        authorization === basic(one) ? tags : challenge('Basic realm="x"');

    it('asks without credentials first, with them once the registry wants them, and then at once', async () => {
      server.answer = wants(me);
      expect(await list(as(me))).toEqual(['v1']);
      expect(await list(as(me))).toEqual(['v1']);
      expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, basic(me), basic(me)]);
    });

    it('sends no credentials to a registry that wants none', async () => {
      server.answer = () => tags;
      await list(as(me));
      expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    });

    it('tries the credentials in order', async () => {
      server.answer = wants(me);
      expect(await list(as(other, me))).toEqual(['v1']);
      expect(server.requests.map(({ authorization }) => authorization)).toEqual([undefined, basic(other), basic(me)]);
    });

    it('goes on after a 403 too', async () => {
      server.answer = ({ authorization }) =>
        authorization === basic(other)
          ? { status: 403 }
          : wants(me)({ authorization } as ReceivedRequest, undefined as never);
      expect(await list(as(other, me))).toEqual(['v1']);
    });

    it('says that a pull secret is missing, or that the one that is there was refused', async () => {
      server.answer = () => challenge('Basic realm="x"');
      expect(await failure(list(as()))).toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining('add a pull secret for this registry to spec.imagePullSecrets') as string,
      });
      expect(await failure(list(as(me)))).toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining('were rejected') as string,
      });
    });

    it('gives up after one try of each, whatever the registry wants', async () => {
      server.answer = () => challenge('Basic realm="x"');
      await failure(list(as(me, other)));
      await failure(list(as(me, other)));
      expect(server.requests).toHaveLength(6);
    });
  });

  describe('by bearer token', () => {
    it('gets one for what the registry names, anonymously', async () => {
      server.answer = tokenRegistry((_, n) => ({ body: { token: `token-${n}` } }));
      expect(await list(as())).toEqual(['v1']);
      expect(toTokenServer()).toMatchObject([
        {
          method: 'GET',
          path: '/token?service=registry.example.org&scope=repository%3Ateam%2Fapp%3Apull',
          authorization: undefined,
        },
      ]);
      expect(toRegistry().at(-1)?.authorization).toBe('Bearer token-1');
    });

    it('asks for pulling where the registry names no scope, and takes access_token too', async () => {
      server.answer = ({ path, authorization }) =>
        path.startsWith('/token')
          ? { body: { access_token: 'abc' } }
          : authorization === 'Bearer abc'
            ? tags
            : challenge(`Bearer realm="${server.url}/token"`);
      expect(await list(as())).toEqual(['v1']);
      expect(toTokenServer()[0]?.path).toBe('/token?scope=repository%3Ateam%2Fapp%3Apull');
    });

    it('keeps what the realm asks for already', async () => {
      server.answer = ({ path, authorization }) =>
        path.startsWith('/token')
          ? { body: { token: 'abc' } }
          : authorization === 'Bearer abc'
            ? tags
            : challenge(`Bearer realm="${server.url}/token?kind=repository",scope="a:b:pull c:d:pull"`);
      expect(await list(as())).toEqual(['v1']);
      expect(toTokenServer()[0]?.path).toBe('/token?kind=repository&scope=a%3Ab%3Apull&scope=c%3Ad%3Apull');
    });

    it('gets it with the credentials, which the registry itself never sees', async () => {
      server.answer = tokenRegistry(
        ({ authorization }) => (authorization === basic(me) ? { body: { token: 'abc' } } : { status: 401 }),
        (token) => token === 'abc',
      );
      expect(await list(as(other, me))).toEqual(['v1']);
      expect(toTokenServer().map(({ authorization }) => authorization)).toEqual([basic(other), basic(me)]);
      expect(toRegistry().map(({ authorization }) => authorization)).toEqual([undefined, 'Bearer abc']);
    });

    it('tries the next credentials when the registry does not take what the first ones gave', async () => {
      server.answer = tokenRegistry(
        ({ authorization }) => ({ body: { token: authorization === basic(me) ? 'good' : 'poor' } }),
        (token) => token === 'good',
      );
      expect(await list(as(other, me))).toEqual(['v1']);
    });

    it('trades an identity token for one, in the body of a POST', async () => {
      server.answer = tokenRegistry(({ method }) =>
        method === 'POST' ? { body: { access_token: 'abc' } } : { status: 400 },
      );
      expect(await list(as(withToken))).toEqual(['v1']);
      expect(toTokenServer()[0]).toMatchObject({ method: 'POST', path: '/token', authorization: undefined });
      expect(Object.fromEntries(new URLSearchParams(toTokenServer()[0]?.body))).toEqual({
        grant_type: 'refresh_token',
        service: 'registry.example.org',
        client_id: 'kimup',
        scope: 'repository:team/app:pull',
        refresh_token: 'identity-token-value',
      });
    });

    it('takes bearer before basic', async () => {
      server.answer = (request, response) => {
        const answer = tokenRegistry(() => ({ body: { token: 'abc' } }))(request, response) as GivenAnswer;
        return answer.status === 401 ? challenge(['Basic realm="x"', bearer()]) : answer;
      };
      expect(await list(as(me))).toEqual(['v1']);
    });
  });

  describe('keeps a token', () => {
    it('for the tags and digests of a repository, and its challenge', async () => {
      server.answer = (request, response) =>
        request.method === 'HEAD' && request.authorization === 'Bearer token-1'
          ? { headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }
          : tokenRegistry((_, n) => ({ body: { token: `token-${n}` } }))(request, response);
      await list(as(me));
      await list(as(me));
      await registry.digest(reference(), 'v1', as(me));
      expect(toTokenServer()).toHaveLength(1);
      expect(toRegistry().map(({ method, authorization }) => [method, authorization])).toEqual([
        ['GET', undefined],
        ['GET', 'Bearer token-1'],
        ['GET', 'Bearer token-1'],
        ['HEAD', undefined],
        ['HEAD', 'Bearer token-1'],
      ]);
    });

    it.each<[string, object, number]>([
      ['a tenth before it expires', { expires_in: 100 }, 90],
      ['at most 30 s before', { expires_in: 600 }, 570],
      ['for a minute where nothing is said', {}, 54],
      ['for a minute where what is said is senseless', { expires_in: -5 }, 54],
      ['for an hour at most', { expires_in: 1e9 }, 3_570],
    ])('until %s', async (_, extra, seconds) => {
      server.answer = tokenRegistry((__, n) => ({ body: { token: `token-${n}`, ...extra } }));
      await list(as());
      now = seconds * 1_000 - 1;
      await list(as());
      expect(toTokenServer()).toHaveLength(1);
      now += 1;
      await list(as());
      expect(toTokenServer()).toHaveLength(2);
    });

    it('for one set of credentials and no other', async () => {
      server.answer = tokenRegistry((_, n) => ({ body: { token: `token-${n}` } }));
      await list(as(me));
      await list(as(other));
      await list(as());
      expect(toTokenServer().map(({ authorization }) => authorization)).toEqual([basic(me), basic(other), undefined]);
    });

    it('but gets another, once, when the registry does not take it any more', async () => {
      let taken = 'token-1';
      server.answer = tokenRegistry(
        (_, n) => ({ body: { token: `token-${n}` } }),
        (token) => token === taken,
      );
      await list(as(me));
      taken = 'token-2';
      expect(await list(as(me))).toEqual(['v1']);
      taken = 'none';
      await failure(list(as(me)));
      expect(toTokenServer()).toHaveLength(3);
    });

    it('and asks once for all who want one at the same time', async () => {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const answering = tokenRegistry((_, n) => ({ body: { token: `token-${n}` } }));
      server.answer = async (request, response) => {
        if (request.path.startsWith('/token')) await released;
        else if (toRegistry().length === 4) release();
        return answering(request, response);
      };
      await Promise.all([1, 2, 3, 4].map(() => list(as(me))));
      expect(toTokenServer()).toHaveLength(1);
    });

    it('that others wait for, though the one who asked first gave up', async () => {
      const controller = new AbortController();
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const answering = tokenRegistry((_, n) => ({ body: { token: `token-${n}` } }));
      server.answer = async (request, response) => {
        if (request.path.startsWith('/token')) {
          controller.abort();
          await released;
        }
        return answering(request, response);
      };
      const first = registry.listTags(reference(), as(me), controller.signal);
      expect((await failure(first)).message).toContain('stopped');
      const second = list(as(me));
      release();
      expect(await second).toEqual(['v1']);
      expect(toTokenServer()).toHaveLength(1);
    });
  });

  it('starts over when the registry wants something else than before', async () => {
    server.answer = ({ authorization }) => (authorization === basic(me) ? tags : challenge('Basic realm="x"'));
    await list(as(me));
    server.answer = tokenRegistry(() => ({ body: { token: 'abc' } }));
    expect(await list(as(me))).toEqual(['v1']);
    server.answer = () => tags;
    expect(await list(as(me))).toEqual(['v1']);
  });

  it('forgets a token server that failed', async () => {
    server.answer = tokenRegistry(() => ({ status: 503 }));
    await failure(list(as(me)));
    server.answer = ({ path }) => (path.startsWith('/token') ? { status: 503 } : tags);
    expect(await list(as(me))).toEqual(['v1']);
  });

  describe('refuses', () => {
    it.each([
      ['a realm at a metadata address', 'http://169.254.169.254/latest'],
      ['the same, written otherwise', 'http://2852039166/latest'],
      ['the same, over HTTPS and IPv6', 'https://[fd00:ec2::254]/token'],
      ['a link-local realm', 'https://[fe80::1]/token'],
      ['a realm with credentials', 'https://user:pw@host.example/token'],
      ['a realm that is no web address', 'file:///etc/passwd'],
      ['a realm that is no URL', 'token'],
    ])('%s', async (_, realm) => {
      server.answer = () => challenge(`Bearer realm="${realm}"`);
      expect(await failure(list(as(me)))).toMatchObject({
        code: 'invalid-answer',
        message: expect.stringContaining('names a token server that kimup refuses to use') as string,
      });
      expect(server.requests).toHaveLength(1);
    });

    it('a realm over plain HTTP of a registry over TLS', async () => {
      const secure = await startRegistryServer({ tls: true });
      try {
        use();
        registry = new DistributionTagRegistry(metrics);
        secure.answer = () => challenge(`Bearer realm="${server.url}/token"`);
        const error = await failure(
          registry.listTags({ registry: secure.host, repository: 'app' }, { ...as(me), insecureSkipTLSVerify: true }),
        );
        expect(error).toMatchObject({
          code: 'invalid-answer',
          message: expect.stringContaining('not HTTPS') as string,
        });
        expect(server.requests).toEqual([]);
      } finally {
        await secure.stop();
      }
    });

    it.each<[string, GivenAnswer, string]>([
      ['a token that is none', { body: { token: 'a b\r\nx: y' } }, 'no usable token'],
      ['an answer without a token', { body: {} }, 'no usable token'],
      ['an answer that is not JSON', { body: 'token' }, 'no usable token'],
      ['an endless token', { body: { token: 'x'.repeat(300_000) } }, 'bytes'],
      ['a token server that is not there', { status: 404 }, 'answered 404'],
    ])('%s', async (_, given, text) => {
      server.answer = tokenRegistry(() => given);
      expect(await failure(list(as(me)))).toMatchObject({
        code: 'invalid-answer',
        message: expect.stringContaining(text) as string,
      });
    });
  });

  it('says when the token server is asked too often', async () => {
    server.answer = tokenRegistry(() => ({ status: 429, headers: { 'retry-after': '7' } }));
    expect(await failure(list(as(me)))).toMatchObject({
      code: 'throttled',
      retryAfterMs: 7_000,
      message: expect.stringMatching(/^token server .* of registry /) as string,
    });
  });

  it('leaves the metrics of the registry free of the 401 that says how to sign in', async () => {
    server.answer = tokenRegistry(() => ({ body: { token: 'abc' } }));
    await list(as(me));
    expect(Object.fromEntries(metrics.counts)).toEqual({ [`registry ${server.host}`]: 3 });
  });

  describe('keeps credentials and tokens', () => {
    let elsewhere: RegistryServer;
    beforeEach(async () => void (elsewhere = await startRegistryServer({ tls: true })));
    afterEach(() => elsewhere.stop());
    const insecure = { ...as(me), insecureSkipTLSVerify: true };

    it('from another host that a redirect leads to, and from the pages that follow there', async () => {
      server.answer = ({ authorization }) =>
        authorization === basic(me)
          ? { status: 307, headers: { location: `${elsewhere.url}/v2/team/app/tags/list` } }
          : challenge('Basic realm="x"');
      elsewhere.answer = ({ path }) =>
        path.endsWith('list')
          ? { body: { tags: ['v1'] }, headers: { link: '<list?page=2>; rel="next"' } }
          : { body: { tags: ['v2'] } };
      expect(await list(insecure)).toEqual(['v1', 'v2']);
      expect(elsewhere.requests.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    });

    it('from another host that asks for them after a redirect', async () => {
      server.answer = () => ({ status: 307, headers: { location: `${elsewhere.url}/v2/team/app/tags/list` } });
      elsewhere.answer = () => challenge('Basic realm="x"');
      expect((await failure(list(insecure))).code).toBe('unauthorized');
      expect(elsewhere.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    });

    it('from where a token server redirects to', async () => {
      server.answer = tokenRegistry(() => ({ status: 307, headers: { location: `${elsewhere.url}/token` } }));
      elsewhere.answer = () => ({ body: { token: 'abc' } });
      expect(await list(insecure)).toEqual(['v1']);
      expect(elsewhere.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
      expect((await failure(list({ ...insecure, credentials: [withToken] }))).message).toContain(
        'credentials are not sent on',
      );
      expect(elsewhere.requests).toHaveLength(1);
    });

    it('out of every error, whatever the servers make of them', async () => {
      const secrets = [me.password, basic(me).slice(6), withToken.identityToken ?? '', 'bearer-token-value'];
      const seen = (text: string | undefined) => ({ errors: [{ code: 'DENIED', message: `you sent ${text}` }] });
      const repeating: Answering[] = [];
      for (const status of [200, 204, 302, 400, 401, 403, 404, 429, 500, 503]) {
        // The registry repeats what it was sent, in every place that an error could quote.
        const repeat = (text: string | undefined): GivenAnswer => ({
          status,
          body: status === 200 ? `no JSON: ${text}` : seen(text),
          headers: { location: `ftp://${text}/`, link: `<ftp://x/${text}>; rel=next`, 'retry-after': `${text}` },
        });
        const secretOf = (authorization: string | undefined) => authorization?.replace(/^\w+ /, '');
        const decoded = (authorization: string | undefined) =>
          Buffer.from(secretOf(authorization) ?? '', 'base64').toString();
        repeating.push(
          ({ authorization }) =>
            authorization === undefined ? challenge('Basic realm="x"') : repeat(secretOf(authorization)),
          ({ authorization }) =>
            authorization === undefined ? challenge('Basic realm="x"') : repeat(decoded(authorization)),
          tokenRegistry(({ authorization, body }) =>
            repeat(
              authorization === undefined
                ? (new URLSearchParams(body).get('refresh_token') ?? '')
                : secretOf(authorization),
            ),
          ),
          ({ path, authorization }) =>
            path.startsWith('/token')
              ? { body: { token: 'bearer-token-value' } }
              : authorization === undefined
                ? challenge(bearer())
                : repeat(secretOf(authorization)),
        );
      }
      let errors = 0;
      for (const answering of repeating) {
        for (const credentials of [me, withToken]) {
          for (const ask of ['list', 'digest'] as const) {
            server.answer = answering;
            use();
            const error = await (
              ask === 'list' ? list(as(credentials)) : registry.digest(reference(), 'v1', as(credentials))
            ).catch((reason: unknown) => reason);
            await registry.close();
            if (!(error instanceof RegistryError)) continue;
            errors += 1;
            const everything = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join('\n');
            for (const secret of secrets) expect(everything).not.toContain(secret);
          }
        }
      }
      expect(errors).toBeGreaterThan(120);
    });
  });
});
