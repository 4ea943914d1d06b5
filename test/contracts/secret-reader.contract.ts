import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PullSecretsError, type SecretReader } from '../../src/application/ports/secret-reader.ts';
import type { RegistryCredentials } from '../../src/application/ports/tag-registry.ts';

/** A reader of pull secrets, and a user who makes them. */
export interface SecretReaderUnderTest {
  readonly reader: SecretReader;
  /** A namespace without pull secrets, and another one. */
  readonly namespace: string;
  readonly elsewhere: string;
  /** Makes a pull secret, or changes it: a user name and password by the registry, or by a path of it, that they are for. */
  put(namespace: string, name: string, content: Readonly<Record<string, RegistryCredentials>>): Promise<void>;
  /** The same, but what it holds can't be read, and has the word `hunter2` in it. */
  putMalformed(namespace: string, name: string): Promise<void>;
  stop(): Promise<void>;
}

const REFERENCE = { registry: 'registry.test:5000', repository: 'team/app' };
const credentials = (username: string): RegistryCredentials => ({ username, password: 'hunter2' });

/** What every {@link SecretReader} does. */
export function secretReaderContract(name: string, start: () => Promise<SecretReaderUnderTest>): void {
  describe(`${name}, a SecretReader`, () => {
    let under: SecretReaderUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());

    const readIn = (namespace: string, ...names: readonly string[]): Promise<readonly RegistryCredentials[]> =>
      under.reader.pullCredentials(namespace, names, REFERENCE);
    const read = (...names: readonly string[]): Promise<readonly RegistryCredentials[]> =>
      readIn(under.namespace, ...names);
    const fails = async (promise: Promise<unknown>): Promise<string> => {
      const error = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(PullSecretsError);
      return (error as PullSecretsError).message;
    };

    it('has none where none are named', async () => {
      expect(await read()).toEqual([]);
    });

    it('gives the credentials of each secret, in the order of the names, whatever the order of the secrets', async () => {
      for (const one of ['a', 'b', 'c'])
        await under.put(under.namespace, one, { 'registry.test:5000': credentials(one) });
      expect(await read('b', 'c', 'a')).toEqual(['b', 'c', 'a'].map(credentials));
      expect(await read('a')).toEqual([credentials('a')]);
    });

    it('passes over secrets that are for other registries', async () => {
      await under.put(under.namespace, 'other', { 'other.test': credentials('other') });
      await under.put(under.namespace, 'port', { 'registry.test': credentials('another port') });
      await under.put(under.namespace, 'mine', { 'registry.test:5000': credentials('mine') });
      expect(await read('other', 'port', 'mine')).toEqual([credentials('mine')]);
      expect(await read('other')).toEqual([]);
    });

    it('takes the longest path of a secret that the repository is in', async () => {
      await under.put(under.namespace, 'pull', {
        'registry.test:5000': credentials('all'),
        'registry.test:5000/team/app': credentials('app'),
        'registry.test:5000/team': credentials('team'),
        'registry.test:5000/team/ap': credentials('ap'),
      });
      const of = (repository: string): Promise<readonly RegistryCredentials[]> =>
        under.reader.pullCredentials(under.namespace, ['pull'], { ...REFERENCE, repository });
      expect(await of('team/app')).toEqual([credentials('app')]);
      expect(await of('team/application')).toEqual([credentials('team')]);
      expect(await of('team')).toEqual([credentials('team')]);
      expect(await of('library/app')).toEqual([credentials('all')]);
    });

    it('keeps to its namespace', async () => {
      await under.put(under.elsewhere, 'pull', { 'registry.test:5000': credentials('theirs') });
      expect(await fails(read('pull'))).toContain(`${under.namespace}/pull`);
      await under.put(under.namespace, 'pull', { 'registry.test:5000': credentials('mine') });
      expect(await Promise.all([readIn(under.elsewhere, 'pull'), readIn(under.namespace, 'pull')])).toEqual([
        [credentials('theirs')],
        [credentials('mine')],
      ]);
    });

    it('fails where one is missing or can not be read, and says which one, but nothing of what is in it', async () => {
      await under.put(under.namespace, 'fine', { 'registry.test:5000': credentials('fine') });
      await under.putMalformed(under.namespace, 'malformed');
      expect(await fails(read('fine', 'missing'))).toContain(`${under.namespace}/missing`);
      const message = await fails(read('malformed', 'fine'));
      expect(message).toContain(`${under.namespace}/malformed`);
      expect(message).not.toContain('hunter2');
    });

    it('reads anew each time: what a user has corrected counts at once', async () => {
      expect(await fails(read('pull'))).toContain(`${under.namespace}/pull`);
      await under.putMalformed(under.namespace, 'pull');
      expect(await fails(read('pull'))).toContain(`${under.namespace}/pull`);
      await under.put(under.namespace, 'pull', { 'registry.test:5000': credentials('one') });
      expect(await read('pull')).toEqual([credentials('one')]);
      await under.put(under.namespace, 'pull', { 'registry.test:5000': credentials('two') });
      expect(await read('pull')).toEqual([credentials('two')]);
    });
  });
}
