import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMetrics } from '../../../test/support/fakes/recorders.ts';
import { type GivenAnswer, type RegistryServer, startRegistryServer } from '../../../test/support/registry-server.ts';
import {
  type Linking,
  manyTags,
  relativeLink,
  scripted,
  type ScriptedRepository,
  TOO_MANY_TAGS,
} from '../../../test/support/scripted-registry.ts';
import { type RegistryAccess, RegistryError } from '../../application/ports/tag-registry.ts';
import { DistributionTagRegistry } from './distribution-tag-registry.ts';

const anonymous: RegistryAccess = { credentials: [], insecureSkipTLSVerify: false };
const OTHER: ScriptedRepository = { tags: ['of', 'another', 'repository'] };

let server: RegistryServer;
let registry: DistributionTagRegistry;
beforeEach(async () => {
  server = await startRegistryServer();
  use({});
});
afterEach(async () => {
  await registry.close();
  await server.stop();
});

function use(limits: { readonly pageSize?: number }): void {
  registry = new DistributionTagRegistry(new FakeMetrics(), { insecureRegistries: ['127.0.0.1'], env: {}, limits });
}

function listOf(script: ScriptedRepository): Promise<readonly string[]> {
  server.answer = scripted({ 'team/app': script, other: OTHER });
  return registry.listTags({ registry: server.host, repository: 'team/app' }, anonymous);
}

async function failureOf(script: ScriptedRepository): Promise<string> {
  const error = await listOf(script).then(
    (tags) => `no error but ${tags.length} tags`,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RegistryError);
  expect(error).toMatchObject({ code: 'invalid-answer' });
  return (error as RegistryError).message;
}

const queries = (): string[] => server.requests.map(({ path }) => path.replace('/v2/team/app/tags/list', ''));

describe('a registry that honours n and sends no links', () => {
  it('is asked on by the last tag of each page while pages are full', async () => {
    const tags = manyTags(2_500);
    expect(await listOf({ tags })).toEqual(tags);
    expect(queries()).toEqual(['?n=1000', `?n=1000&last=${tags[999]}`, `?n=1000&last=${tags[1_999]}`]);
  });

  it.each([
    [1_000, 2],
    [2_000, 3],
  ])('is asked once more where it has just %d tags', async (count, requests) => {
    expect(await listOf({ tags: manyTags(count) })).toHaveLength(count);
    expect(queries()).toHaveLength(requests);
  });

  it.each([0, 1, 999])('is asked once where it has %d', async (count) => {
    expect(await listOf({ tags: manyTags(count) })).toHaveLength(count);
    expect(queries()).toEqual(['?n=1000']);
  });

  it('may count the tag after which it is asked among those that follow', async () => {
    const tags = manyTags(7);
    use({ pageSize: 3 });
    server.answer = ({ path }) => {
      const query = new URL(path, server.url).searchParams;
      const from = Math.max(0, tags.indexOf(query.get('last') ?? ''));
      return { body: { tags: tags.slice(from, from + 3) } };
    };
    expect(await registry.listTags({ registry: server.host, repository: 'team/app' }, anonymous)).toEqual(tags);
  });

  it('is asked on by what stands last on its page, also where that can be no tag', async () => {
    use({ pageSize: 2 });
    expect(await listOf({ tags: ['v1', 'no tag', 'v2'] })).toEqual(['v1', 'v2']);
    expect(queries()).toEqual(['?n=2', '?n=2&last=no+tag']);
  });
});

describe('a registry that takes no notice of', () => {
  it('n gives all at once', async () => {
    const tags = manyTags(2_500);
    expect(await listOf({ tags, ignores: ['n', 'last'] })).toEqual(tags);
    expect(queries()).toEqual(['?n=1000']);
  });

  it('last gives the same again, and nobody knows what it holds back', async () => {
    expect(await failureOf({ tags: manyTags(2_500), ignores: ['last'] })).toContain(
      `sends the same tags again when asked for the tags after ${manyTags(2_500)[999]}`,
    );
    expect(await failureOf({ tags: manyTags(1_000), ignores: ['n', 'last'] })).toContain(
      'does not use this incomplete list',
    );
  });

  it('last has no more than were asked for, where it sends a link as soon as it is asked for fewer', async () => {
    const tags = manyTags(1_000);
    expect(await listOf({ tags, ignores: ['last'], link: () => '<?cursor=abc>; rel="next"' })).toEqual(tags);
    expect(queries()).toEqual(['?n=1000', `?n=1000&last=${tags[999]}`, '?n=999']);
  });

  it('where it was, and goes round in circles', async () => {
    use({ pageSize: 2 });
    server.answer = ({ path }) => ({ body: { tags: path.includes('last=b') ? ['c', 'd'] : ['a', 'b'] } });
    await expect(registry.listTags({ registry: server.host, repository: 'team/app' }, anonymous)).rejects.toThrow(
      'sends the same tags again when asked for the tags after d',
    );
  });
});

describe('links', () => {
  const host = '127.0.0.1';
  it.each<[string, Linking]>([
    [
      'without the port',
      (repository, last, n) => `<http://${host}/v2/${repository}/tags/list?last=${last}&n=${n}>; rel="next"`,
    ],
    [
      'to another port',
      (repository, last, n) => `<http://${host}:1/v2/${repository}/tags/list?last=${last}&n=${n}>; rel="next"`,
    ],
    [
      'to another host',
      (repository, last, n) => `<https://registry.internal/v2/${repository}/tags/list?last=${last}&n=${n}>; rel="next"`,
    ],
    [
      'with credentials',
      (repository, last, n) => `<http://me:hunter2@${host}/v2/${repository}/tags/list?last=${last}&n=${n}>; rel="next"`,
    ],
    [
      'with a path behind a proxy',
      (_, last, n) => `</artifactory/api/docker/team/v2/app/tags/list?last=${last}&n=${n}>; rel="next"`,
    ],
    ['to another repository', (_, last, n) => `</v2/other/tags/list?last=${last}&n=${n}>; rel="next"`],
    ['without a path', (_, last, n) => `<?last=${last}&n=${n}>; rel="next"`],
    ['without <>', (repository, last, n) => `/v2/${repository}/tags/list?last=${last}&n=${n}; rel="next"`],
    ['as it should be', relativeLink],
  ])('%s lead on at the list itself', async (_, link) => {
    const tags = manyTags(2_500);
    expect(await listOf({ tags, link })).toEqual(tags);
    expect(server.requests.map(({ path }) => path.split('?')[0])).toEqual(Array(3).fill('/v2/team/app/tags/list'));
    expect(queries()).toEqual(['?n=1000', `?last=${tags[999]}&n=1000`, `?last=${tags[1_999]}&n=1000`]);
  });

  it("may hold a cursor of the registry's own making", async () => {
    use({ pageSize: 2 });
    server.answer = ({ path }) => {
      const at = Number(new URL(path, server.url).searchParams.get('cursor') ?? 0);
      return {
        body: { tags: [`v${at}`, `w${at}`] },
        ...(at < 2 ? { headers: { link: `</nowhere?cursor=${at + 1}>; rel="next"` } } : {}),
      };
    };
    expect(await registry.listTags({ registry: server.host, repository: 'team/app' }, anonymous)).toEqual([
      'v0',
      'w0',
      'v1',
      'w1',
      'v2',
      'w2',
    ]);
    expect(queries()).toEqual(['?n=2', '?cursor=1', '?cursor=2']);
  });

  it('that are left out once they were sent mean the end, also of a full page', async () => {
    const tags = manyTags(2_000);
    expect(await listOf({ tags, link: relativeLink })).toEqual(tags);
    expect(queries()).toHaveLength(2);
  });

  it.each([
    '<http://127.0.0.1:1/v2/other/tags/list>; rel="next"',
    '</v2/other/tags/list>; rel="next"',
    '<http://[>; rel="next"',
  ])('without a query lead nowhere: %s', async (link) => {
    expect(await failureOf({ tags: manyTags(1_001), link: () => link })).toContain(
      'that does not say where that page starts',
    );
    expect(queries()).toEqual(['?n=1000']);
  });

  it('say on which page they broke off', async () => {
    server.answer = ({ path }) =>
      path.includes('last=')
        ? { status: 404 }
        : { body: { tags: ['v1'] }, headers: { link: '<?last=v1>; rel="next"' } };
    const error = await registry
      .listTags({ registry: server.host, repository: 'team/app' }, anonymous)
      .catch((reason: Error) => reason.message);
    expect(error).toBe(
      `registry ${server.host} answered 404 to the request for page 2 of the tag list of team/app: the tag list is incomplete, and kimup decides nothing from an incomplete list; if this persists, check the registry`,
    );
  });
});

describe('a page that is refused', () => {
  const tags = manyTags(250);
  it.each<[string, GivenAnswer]>([
    ['413 TOO_MANY_TAGS_REQUESTED', TOO_MANY_TAGS],
    ['400 PAGINATION_NUMBER_INVALID', { status: 400, body: { errors: [{ code: 'PAGINATION_NUMBER_INVALID' }] } }],
    ['400 without a word', { status: 400 }],
    ['416', { status: 416 }],
    ['422', { status: 422 }],
  ])('with %s is asked for in smaller ones, and from then on', async (_, answer) => {
    const refuses = (n: number) => (n > 100 ? answer : undefined);
    expect(await listOf({ tags, refuses })).toEqual(tags);
    expect(queries()).toEqual(['?n=1000', '?n=100', `?n=100&last=${tags[99]}`, `?n=100&last=${tags[199]}`]);
    server.requests.length = 0;
    expect(await listOf({ tags, refuses })).toEqual(tags);
    expect(queries()[0]).toBe('?n=100');
  });

  it('of whatever size is asked for without one, and from then on', async () => {
    const refuses = () => TOO_MANY_TAGS;
    expect(await listOf({ tags, refuses })).toEqual(tags);
    expect(await listOf({ tags, refuses })).toEqual(tags);
    expect(queries()).toEqual(['?n=1000', '?n=100', '', '']);
  });

  it('also without a size is an error', async () => {
    server.answer = () => TOO_MANY_TAGS;
    await expect(registry.listTags({ registry: server.host, repository: 'team/app' }, anonymous)).rejects.toThrow(
      'answered 413 to the request for the tag list of team/app (TOO_MANY_TAGS_REQUESTED: too many tags requested)',
    );
    expect(queries()).toEqual(['?n=1000', '?n=100', '']);
  });

  it.each([401, 403, 404, 429, 500, 503])('with %d is not about its size', async (status) => {
    server.answer = () => ({ status });
    await expect(registry.listTags({ registry: server.host, repository: 'team/app' }, anonymous)).rejects.toThrow(
      RegistryError,
    );
    expect(queries()).toEqual(['?n=1000']);
  });

  it('is the first: a later one is an error', async () => {
    server.answer = ({ path }) => (path.includes('last') ? TOO_MANY_TAGS : { body: { tags: manyTags(1_000) } });
    await expect(registry.listTags({ registry: server.host, repository: 'team/app' }, anonymous)).rejects.toThrow(
      'the request for page 2 of the tag list',
    );
    expect(queries()).toHaveLength(2);
  });
});

describe('what is no tag', () => {
  it('is left out of the list: null, empty texts', async () => {
    expect(await listOf({ tags: ['v1', null, '', 'v2', null] })).toEqual(['v1', 'v2']);
  });

  it('counts for how full a page is', async () => {
    use({ pageSize: 3 });
    expect(await listOf({ tags: ['v1', 'v2', null, 'v3'] })).toEqual(['v1', 'v2', 'v3']);
  });

  it("can't be asked on from", async () => {
    use({ pageSize: 2 });
    expect(await failureOf({ tags: [null, '', 'v1'] })).toContain(
      'sent a page of 2 entries of which none is a valid tag',
    );
    expect(await failureOf({ tags: ['v1', 'v2', null, '', 'v3'] })).toContain(
      'sent a page of 2 entries of which none is a valid tag',
    );
  });
});
