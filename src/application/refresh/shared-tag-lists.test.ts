import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeTagRegistry } from '../../../test/support/fakes/fake-tag-registry.ts';
import { RegistryError, type RegistryAccess } from '../ports/tag-registry.ts';
import { SharedTagLists } from './shared-tag-lists.ts';

const anonymous: RegistryAccess = { credentials: [], insecureSkipTLSVerify: false };
const as = (username: string, password = 'secret', identityToken?: string): RegistryAccess => ({
  ...anonymous,
  credentials: [{ username, password, ...(identityToken === undefined ? {} : { identityToken }) }],
});
const reference = (repository: string, registry = 'host') => ({ registry, repository });

describe('SharedTagLists', () => {
  let clock: FakeClock;
  let registry: FakeTagRegistry;
  let shared: SharedTagLists;
  beforeEach(() => {
    clock = new FakeClock();
    registry = new FakeTagRegistry();
    registry.put('host/app', { v1: 'sha256:1', v2: 'sha256:2' });
    shared = new SharedTagLists(registry, clock);
  });
  const requests = () => registry.requests.length;

  it('asks once for all who want the same repository at the same time', async () => {
    const now = clock.now();
    const lists = await Promise.all([1, 2, 3].map(() => shared.listTags(reference('app'), anonymous, now)));
    expect(lists).toEqual([
      ['v1', 'v2'],
      ['v1', 'v2'],
      ['v1', 'v2'],
    ]);
    expect(requests()).toBe(1);
  });

  it('asks once for those who were due when it asked, however late they come to it', async () => {
    const due = clock.now();
    await shared.listTags(reference('app'), anonymous, due);
    await clock.advance(20_000);
    await shared.listTags(reference('app'), anonymous, due);
    expect(requests()).toBe(1);
  });

  it('asks again for one who became due after it asked, were that request still under way', async () => {
    registry.hold();
    const first = shared.listTags(reference('app'), anonymous, clock.now());
    await clock.advance(1);
    const second = shared.listTags(reference('app'), anonymous, clock.now());
    const third = shared.listTags(reference('app'), anonymous, clock.now());
    registry.release();
    await Promise.all([first, second, third]);
    expect(requests()).toBe(2);
  });

  it('asks for the platforms of a digest once a day, and again after a failure', async () => {
    const platforms = () => shared.platforms(reference('app'), 'sha256:1', anonymous);
    registry.fail('host/app', new RegistryError('down', 'unreachable'));
    await expect(platforms()).rejects.toThrow('down');
    registry.fail('host/app', undefined);
    expect(await platforms()).toEqual(['linux/amd64']);
    await clock.advance(23 * 3_600_000);
    expect(await platforms()).toEqual(['linux/amd64']);
    expect(requests()).toBe(2);
    await clock.advance(2 * 3_600_000);
    await platforms();
    expect(requests()).toBe(3);
  });

  it.each<[string, RegistryAccess, RegistryAccess]>([
    ['another user', as('a'), as('b')],
    ['another password', as('a', 'x'), as('a', 'y')],
    ['another identity token', as('a', '', 'x'), as('a', '', 'y')],
    ['nobody and somebody', anonymous, as('a')],
    ['more credentials', as('a'), { ...anonymous, credentials: [...as('a').credentials, ...as('b').credentials] }],
    [
      'another order of credentials',
      { ...anonymous, credentials: [...as('b').credentials, ...as('a').credentials] },
      { ...anonymous, credentials: [...as('a').credentials, ...as('b').credentials] },
    ],
    ['another word on TLS', anonymous, { ...anonymous, insecureSkipTLSVerify: true }],
  ])('never shares between %s', async (_, one, other) => {
    const now = clock.now();
    await Promise.all([shared.listTags(reference('app'), one, now), shared.listTags(reference('app'), other, now)]);
    expect(requests()).toBe(2);
  });

  it('shares between equal credentials that were read twice', async () => {
    const now = clock.now();
    await Promise.all([
      shared.listTags(reference('app'), as('a'), now),
      shared.listTags(reference('app'), as('a'), now),
    ]);
    expect(requests()).toBe(1);
  });

  it('tells registries and repositories apart', async () => {
    registry.put('other/app', { v9: 'sha256:9' });
    const now = clock.now();
    expect(await shared.listTags(reference('app'), anonymous, now)).toEqual(['v1', 'v2']);
    expect(await shared.listTags(reference('app', 'other'), anonymous, now)).toEqual(['v9']);
  });

  it('shares a failure with those who waited, and asks again for those who become due later', async () => {
    const due = clock.now();
    registry.fail('host/app', new RegistryError('down', 'unreachable'));
    await expect(shared.listTags(reference('app'), anonymous, due)).rejects.toThrow('down');
    await expect(shared.listTags(reference('app'), anonymous, due)).rejects.toThrow('down');
    expect(requests()).toBe(1);
    registry.fail('host/app', undefined);
    await clock.advance(1_000);
    expect(await shared.listTags(reference('app'), anonymous, clock.now())).toEqual(['v1', 'v2']);
  });

  it('forgets after 30 s, also when nobody asks again', async () => {
    const due = clock.now();
    await shared.listTags(reference('app'), anonymous, due);
    expect(clock.pending()).toEqual([30_000]);
    await clock.advance(30_000);
    expect(clock.pending()).toEqual([]);
    await shared.listTags(reference('app'), anonymous, due);
    expect(requests()).toBe(2);
  });

  it('keeps 256 lists, the latest', async () => {
    const due = clock.now();
    for (let index = 0; index < 257; index += 1) {
      registry.put(`host/app${index}`, { v1: 'sha256:1' });
      await shared.listTags(reference(`app${index}`), anonymous, due);
    }
    expect(requests()).toBe(257);
    await shared.listTags(reference('app256'), anonymous, due);
    await shared.listTags(reference('app1'), anonymous, due);
    expect(requests()).toBe(257);
    await shared.listTags(reference('app0'), anonymous, due);
    expect(requests()).toBe(258);
  });

  it('keeps no more than 200,000 tags in all', async () => {
    const many = (prefix: string) =>
      Object.fromEntries(Array.from({ length: 120_000 }, (_, index) => [`${prefix}${index}`, 'sha256:1']));
    registry.put('host/one', many('a'));
    registry.put('host/two', many('b'));
    const due = clock.now();
    await shared.listTags(reference('one'), anonymous, due);
    await shared.listTags(reference('two'), anonymous, due);
    await shared.listTags(reference('two'), anonymous, due);
    expect(requests()).toBe(2);
    await shared.listTags(reference('one'), anonymous, due);
    expect(requests()).toBe(3);
  });

  it('keeps the others when one list is too heavy to keep at all', async () => {
    registry.put(
      'host/huge',
      Object.fromEntries(Array.from({ length: 200_001 }, (_, index) => [`v${index}`, 'sha256:1'])),
    );
    const due = clock.now();
    for (const name of ['app', 'huge', 'app', 'huge']) await shared.listTags(reference(name), anonymous, due);
    expect(registry.requests.map(({ repository }) => repository)).toEqual(['host/app', 'host/huge', 'host/huge']);
  });

  it('asks once for a digest, by tag', async () => {
    const now = clock.now();
    const digest = (tag: string) => shared.digest(reference('app'), tag, anonymous, now);
    expect(await Promise.all([digest('v1'), digest('v1'), digest('v2')])).toEqual(['sha256:1', 'sha256:1', 'sha256:2']);
    expect(requests()).toBe(2);
  });
});
