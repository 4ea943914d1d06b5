import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Certificates } from '../../src/application/ports/certificate-authority.ts';
import type { CertificateStore } from '../../src/application/ports/certificate-store.ts';

/** A store that is there, with nothing in it, and people who change it. */
export interface CertificateStoreUnderTest {
  /** As one replica has it. */
  readonly store: CertificateStore;
  /** As another replica has it. */
  readonly other: CertificateStore;
  /** Takes what is kept away, all of it or one. */
  remove(key?: keyof Certificates): Promise<void>;
  /** Whoever reads or writes fails from now on. */
  breakIt(): Promise<void>;
  stop(): Promise<void>;
}

/** Certificates that say whose they are. */
function certificates(whose: string): Certificates {
  const pem = (what: string): string => `-----BEGIN ${what}-----\n${whose}\n-----END ${what}-----\n`;
  return { 'ca.crt': pem('A'), 'ca.key': pem('B'), 'tls.crt': pem('C'), 'tls.key': pem('D') };
}

/** What every {@link CertificateStore} does. */
export function certificateStoreContract(name: string, start: () => Promise<CertificateStoreUnderTest>): void {
  describe(`${name}, a CertificateStore`, () => {
    let under: CertificateStoreUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());

    const write = async (whose: string): Promise<boolean> =>
      under.store.write(certificates(whose), (await under.store.read()).version);

    it('keeps nothing at first, then what was written, for all replicas', async () => {
      expect((await under.store.read()).certificates).toBeUndefined();
      expect(await write('first')).toBe(true);
      expect((await under.store.read()).certificates).toEqual(certificates('first'));
      expect((await under.other.read()).certificates).toEqual(certificates('first'));
      expect(await write('second')).toBe(true);
      expect((await under.other.read()).certificates).toEqual(certificates('second'));
    });

    it('lets the first of two win who read the same, and tells the second so', async () => {
      const [mine, theirs] = [await under.store.read(), await under.other.read()];
      expect(await under.other.write(certificates('theirs'), theirs.version)).toBe(true);
      expect(await under.store.write(certificates('mine'), mine.version)).toBe(false);
      const present = await under.store.read();
      expect(present.certificates).toEqual(certificates('theirs'));
      expect(await under.store.write(certificates('mine'), present.version)).toBe(true);
      expect((await under.other.read()).certificates).toEqual(certificates('mine'));
    });

    it.each([
      ['ca.crt', 'ca.crt'],
      ['ca.key', 'ca.key'],
      ['tls.crt', 'tls.crt'],
      ['tls.key', 'tls.key'],
      ['all', undefined],
    ] as const)('keeps nothing where somebody took %s away, and can be written then', async (_, key) => {
      await write('first');
      await under.remove(key);
      expect((await under.store.read()).certificates).toBeUndefined();
      expect(await write('second')).toBe(true);
      expect((await under.store.read()).certificates).toEqual(certificates('second'));
    });

    it('does not write over what somebody took away since it was read', async () => {
      await write('first');
      const { version } = await under.store.read();
      await under.remove();
      expect(await under.store.write(certificates('second'), version)).toBe(false);
      expect((await under.store.read()).certificates).toBeUndefined();
    });

    it('fails with an error that says what is wrong, and never a key, where it can neither be read nor written', async () => {
      await write('first');
      const { version } = await under.store.read();
      await under.breakIt();
      for (const use of [() => under.store.read(), () => under.store.write(certificates('second'), version)]) {
        const error = await use().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).not.toBe('');
        expect((error as Error).message).not.toContain('BEGIN');
      }
    });
  });
}
