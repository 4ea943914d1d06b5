import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  RegistryError,
  type RegistryAccess,
  type RegistryErrorCode,
  type TagRegistry,
} from '../../src/application/ports/tag-registry.ts';

/** A registry with the port to ask it by. */
export interface TagRegistryUnderTest {
  readonly registry: TagRegistry;
  readonly host: string;
  /** The repository `team/app` with these tags, in the order in which the registry gives them. */
  readonly tags: readonly string[];
  readonly digests: ReadonlyMap<string, string>;
  /** May read `team/app`. Absent where everybody may. */
  readonly access: RegistryAccess;
  stop(): Promise<void>;
}

/** What every {@link TagRegistry} does. */
export function tagRegistryContract(name: string, start: () => Promise<TagRegistryUnderTest>): void {
  describe(`${name}, a TagRegistry`, () => {
    let under: TagRegistryUnderTest;
    beforeEach(async () => void (under = await start()), 600_000);
    afterEach(() => under.stop());
    const reference = (repository = 'team/app') => ({ registry: under.host, repository });
    const fails = async (promise: Promise<unknown>, code: RegistryErrorCode) => {
      const error = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(RegistryError);
      expect((error as RegistryError).code).toBe(code);
      return error as RegistryError;
    };

    it('lists all tags in the order of the registry, and the digest of each', async () => {
      expect(await under.registry.listTags(reference(), under.access)).toEqual(under.tags);
      for (const [tag, digest] of under.digests)
        expect(await under.registry.digest(reference(), tag, under.access)).toBe(digest);
    });

    it('tells the platforms of an image by its digest', async () => {
      for (const digest of under.digests.values())
        expect(await under.registry.platforms(reference(), digest, under.access)).toEqual(['linux/amd64']);
      const absent = `sha256:${'0'.repeat(64)}`;
      expect((await fails(under.registry.platforms(reference(), absent, under.access), 'not-found')).message).toContain(
        'team/app',
      );
    });

    it('fails with not-found, naming what is not there, for a repository and for a tag', async () => {
      expect((await fails(under.registry.listTags(reference('no/such'), under.access), 'not-found')).message).toContain(
        'no/such',
      );
      expect(
        (await fails(under.registry.digest(reference(), 'no-such-tag', under.access), 'not-found')).message,
      ).toContain('team/app:no-such-tag');
    });

    it('fails with unauthorized for one who has no credentials, or wrong ones, where they are wanted', async () => {
      if (under.access.credentials.length === 0) return;
      await fails(under.registry.listTags(reference(), { ...under.access, credentials: [] }), 'unauthorized');
      const wrong = [{ username: 'kimup-test', password: 'wrong-password' }];
      const error = await fails(
        under.registry.listTags(reference(), { ...under.access, credentials: wrong }),
        'unauthorized',
      );
      expect(error.message).not.toContain('wrong-password');
    });

    it('tries the credentials in order until one will do', async () => {
      const credentials = [{ username: 'kimup-test', password: 'wrong-password' }, ...under.access.credentials];
      expect(await under.registry.listTags(reference(), { ...under.access, credentials })).toEqual(under.tags);
    });

    it('fails with unreachable when it is stopped', async () => {
      const controller = new AbortController();
      controller.abort();
      await fails(under.registry.listTags(reference(), under.access, controller.signal), 'unreachable');
    });
  });
}
