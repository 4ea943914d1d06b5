import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CertificateBundle, ServingCertificate } from '../../src/application/ports/serving-certificate.ts';

/** A ServingCertificate and where it looks for one: nothing is there at first, and it can't be read. */
export interface ServingCertificateUnderTest {
  readonly certificate: ServingCertificate;
  /** Another one is there from now on, by the same authority as the one before; what it is. */
  put(): Promise<Omit<CertificateBundle, 'until'>>;
  /** What is there can't be read from now on. */
  breakIt(): Promise<void>;
  /** It can be read again, as it was before. */
  mend(): Promise<void>;
  /** Lets as much time pass as there is at the most between two looks. */
  pass(): Promise<void>;
  stop(): Promise<void>;
}

/** What every {@link ServingCertificate} does. */
export function servingCertificateContract(name: string, make: () => Promise<ServingCertificateUnderTest>): void {
  describe(`${name}, a ServingCertificate`, () => {
    let under: ServingCertificateUnderTest;
    let certificate: ServingCertificate;
    beforeEach(async () => {
      under = await make();
      ({ certificate } = under);
    });
    afterEach(async () => {
      certificate.stop();
      await under.stop();
    });

    it('has none, says why, and tells nobody, while none can be read; and does not fail', async () => {
      const told: CertificateBundle[] = [];
      certificate.subscribe((bundle) => told.push(bundle));
      await certificate.start();
      await under.pass();
      expect(certificate.current()).toBeUndefined();
      expect(certificate.problem()).toMatch(/^\S.{10,}/);
      expect(told).toEqual([]);
    });

    it('has the one that is there as soon as it was looked for once', async () => {
      const there = await under.put();
      await certificate.start();
      expect(certificate.current()).toEqual({ ...there, until: expect.any(Number) as number });
      expect(certificate.problem()).toBeUndefined();
    });

    it('takes up what comes later, by itself', async () => {
      await certificate.start();
      const first = await under.put();
      await under.pass();
      expect([certificate.current(), certificate.problem()]).toMatchObject([first, undefined]);
      const second = await under.put();
      expect(second.certificate).not.toBe(first.certificate);
      await under.pass();
      expect([certificate.current(), certificate.problem()]).toMatchObject([second, undefined]);
    });

    it('tells everybody of the present one first, then of each new one, once', async () => {
      const told: string[] = [];
      certificate.subscribe((bundle) => told.push(`early: ${bundle.certificate}`));
      const first = (await under.put()).certificate;
      await certificate.start();
      expect(told).toEqual([`early: ${first}`]);
      certificate.subscribe((bundle) => told.push(`late: ${bundle.certificate}`));
      expect(told.slice(1)).toEqual([`late: ${first}`]);
      await under.pass();
      await certificate.start();
      expect(told).toHaveLength(2);
      const second = (await under.put()).certificate;
      await under.pass();
      expect(told.slice(2).sort()).toEqual([`early: ${second}`, `late: ${second}`]);
    });

    it('shows a new one before it tells of it', async () => {
      await certificate.start();
      const shown: boolean[] = [];
      certificate.subscribe((bundle) => shown.push(certificate.current() === bundle));
      await under.put();
      await under.pass();
      expect(shown).toEqual([true]);
    });

    it('goes on with the one that it has while none can be read, and says what is wrong', async () => {
      const there = await under.put();
      await certificate.start();
      await under.breakIt();
      await under.pass();
      expect(certificate.current()).toMatchObject(there);
      expect(certificate.problem()).toMatch(/^\S.{10,}/);
      await certificate.start();
      expect(certificate.current()).toMatchObject(there);
      await under.mend();
      await under.pass();
      expect(certificate.current()).toMatchObject(there);
      expect(certificate.problem()).toBeUndefined();
    });

    it('says nothing of a key in a problem', async () => {
      const { key } = await under.put();
      await certificate.start();
      await under.breakIt();
      await under.pass();
      expect(certificate.problem()).not.toContain(key);
    });

    it('looks no more once it is stopped, and still has what it had', async () => {
      const first = await under.put();
      await certificate.start();
      certificate.stop();
      await under.put();
      await under.pass();
      expect(certificate.current()).toMatchObject(first);
      certificate.stop();
    });
  });
}
