import { describe, expect, it } from 'vitest';
import type { CertificateAuthority, Certificates } from '../../src/application/ports/certificate-authority.ts';

/** An authority, and what somebody who checks certificates says of them. */
export interface CertificateAuthorityUnderTest {
  readonly authority: CertificateAuthority;
  /** Within this time after a serving certificate was made, nothing is due; milliseconds. */
  readonly freshMs: number;
  /** This long after that a serving certificate is due for renewal, but serves; milliseconds. */
  readonly dueMs: number;
  /** This long after that a serving certificate has run out; milliseconds. */
  readonly expiredMs: number;
  /** Whoever trusts `authority` trusts a server with `certificate`. */
  isTrusted(certificate: string, authority: string): boolean;
}

const KEYS = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'] as const;
const NOW = Date.UTC(2026, 0, 1);

/** What every {@link CertificateAuthority} does. */
export function certificateAuthorityContract(name: string, make: () => CertificateAuthorityUnderTest): void {
  describe(`${name}, a CertificateAuthority`, () => {
    const { authority, freshMs, dueMs, expiredMs, isTrusted } = make();
    const isServed = (made: Certificates, now: number): boolean => {
      const bundle = authority.bundle(made, now);
      return bundle !== undefined && isTrusted(bundle.certificate, bundle.authority);
    };

    it('makes all where nothing is kept: what is served is trusted', async () => {
      const made = await authority.renewed(undefined, NOW);
      for (const key of KEYS) expect(made[key], key).toMatch(/./);
      const bundle = authority.bundle(made, NOW);
      expect(bundle).toEqual({
        certificate: made['tls.crt'],
        key: made['tls.key'],
        authority: made['ca.crt'],
        until: expect.any(Number) as number,
      });
      expect(bundle!.until).toBeGreaterThan(NOW + dueMs);
      expect(bundle!.until).toBeLessThanOrEqual(NOW + expiredMs);
      expect(isServed(made, NOW)).toBe(true);
    });

    it('makes an authority of its own each time: none is trusted for another', async () => {
      const [one, other] = [await authority.renewed(undefined, NOW), await authority.renewed(undefined, NOW)];
      expect(isTrusted(one['tls.crt'], other['ca.crt'])).toBe(false);
    });

    it('gives back the very same while nothing is due', async () => {
      const made = await authority.renewed(undefined, NOW);
      expect(await authority.renewed(made, NOW)).toBe(made);
      expect(await authority.renewed(made, NOW + freshMs)).toBe(made);
    });

    it('makes a new serving certificate by the same authority when the one that is kept is due', async () => {
      const made = await authority.renewed(undefined, NOW);
      const later = NOW + dueMs;
      const next = await authority.renewed(made, later);
      expect([next['ca.crt'], next['ca.key']]).toEqual([made['ca.crt'], made['ca.key']]);
      expect(next['tls.crt']).not.toBe(made['tls.crt']);
      expect(isServed(next, later)).toBe(true);
      expect(authority.bundle(next, later)!.until).toBeGreaterThan(authority.bundle(made, later)!.until);
      expect(await authority.renewed(next, later)).toBe(next);
    });

    it('serves no certificate that has run out', async () => {
      const made = await authority.renewed(undefined, NOW);
      expect(authority.bundle(made, NOW + dueMs)).toBeDefined();
      expect(authority.bundle(made, NOW + expiredMs)).toBeUndefined();
      expect(isServed(await authority.renewed(made, NOW + expiredMs), NOW + expiredMs)).toBe(true);
    });

    it.each<[string, Partial<Certificates>, boolean]>([
      ['all of it', { 'ca.crt': 'x', 'ca.key': 'x', 'tls.crt': 'x', 'tls.key': 'x' }, false],
      ["the authority's key", { 'ca.key': 'x' }, true],
      ['the serving certificate', { 'tls.crt': 'x' }, false],
      ['its key', { 'tls.key': 'x' }, false],
    ])('makes anew what can not be read: %s', async (_, broken, canBeServed) => {
      const kept = { ...(await authority.renewed(undefined, NOW)), ...broken };
      expect(authority.bundle(kept, NOW) !== undefined).toBe(canBeServed);
      const mended = await authority.renewed(kept, NOW);
      expect(isServed(mended, NOW)).toBe(true);
      expect(await authority.renewed(mended, NOW)).toBe(mended);
    });

    it('is replaced without a moment in which what is served is not trusted', async () => {
      const made = await authority.renewed(undefined, NOW);
      const both = await authority.replaced(made, NOW);
      expect(both['ca.key']).not.toBe(made['ca.key']);
      expect([both['tls.crt'], both['tls.key']]).toEqual([made['tls.crt'], made['tls.key']]);
      expect(isServed(both, NOW)).toBe(true);
      expect(await authority.renewed(both, NOW)).toBe(both);
      // By then everybody trusts both.
      const next = await authority.renewed(both, NOW + freshMs);
      expect(next['tls.crt']).not.toBe(made['tls.crt']);
      expect(isTrusted(next['tls.crt'], both['ca.crt'])).toBe(true);
      expect(isTrusted(next['tls.crt'], made['ca.crt'])).toBe(false);
    });

    it('is replaced together with a serving certificate that can not go on', async () => {
      const made = await authority.renewed(undefined, NOW);
      const both = await authority.replaced(made, NOW + expiredMs);
      expect(isServed(both, NOW + expiredMs)).toBe(true);
      expect(isTrusted(made['tls.crt'], both['ca.crt'])).toBe(true);
    });
  });
}
