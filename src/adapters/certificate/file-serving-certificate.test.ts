import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servingCertificateContract } from '../../../test/contracts/serving-certificate.contract.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { FakeClock } from '../../../test/support/fakes/fake-clock.ts';
import { FakeLog } from '../../../test/support/fakes/recorders.ts';
import type { Certificates } from '../../application/ports/certificate-authority.ts';
import type { CertificateBundle } from '../../application/ports/serving-certificate.ts';
import { FileServingCertificate, hasServingCertificate } from './file-serving-certificate.ts';
import { X509CertificateAuthority } from './x509-certificate-authority.ts';

const renewed = (hosts: readonly string[]) => new X509CertificateAuthority({ hosts }).renewed(undefined, Date.now());
/** Another certificate by the same authority. */
const renewedBy = (made: Certificates) =>
  new X509CertificateAuthority({ hosts: ['localhost'] }).renewed(made, Date.now() + 61 * 86_400_000);

const TRUST_MS = 60_000;
const LOOK_MS = 5_000;

servingCertificateContract('FileServingCertificate', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kimup-serving-certs-'));
  const clock = new FakeClock();
  let made: Certificates | undefined;
  const write = async (files: Partial<Certificates>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  };
  return {
    certificate: new FileServingCertificate(clock, new FakeLog(), directory, LOOK_MS, TRUST_MS),
    put: async () => {
      made = made === undefined ? await renewed(['localhost']) : await renewedBy(made);
      await write(made);
      return { certificate: made['tls.crt'], key: made['tls.key'], authority: made['ca.crt'] };
    },
    breakIt: () => write({ 'tls.key': `garbage ${made?.['tls.key']}` }),
    mend: () => write(made ?? {}),
    pass: async () => {
      if (clock.pending().length === 0) return;
      await clock.advance(LOOK_MS);
      await eventually(() => clock.pending().length > 0);
    },
    stop: () => rm(directory, { recursive: true }),
  };
});

describe('a certificate from files', () => {
  let log: FakeLog;
  let directory: string;
  let clock: FakeClock;
  let source: FileServingCertificate;
  let made: Certificates;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kimup-serving-certs-'));
    clock = new FakeClock();
    log = new FakeLog();
    source = new FileServingCertificate(clock, log, directory, LOOK_MS, TRUST_MS);
    made = await renewed(['localhost']);
  });
  afterEach(async () => {
    source.stop();
    await rm(directory, { recursive: true });
  });

  const put = async (files: Partial<Certificates>) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  };

  it('is there where both files are', async () => {
    expect(hasServingCertificate(directory)).toBe(false);
    await put({ 'tls.crt': made['tls.crt'] });
    expect(hasServingCertificate(directory)).toBe(false);
    await put({ 'tls.key': made['tls.key'] });
    expect(hasServingCertificate(directory)).toBe(true);
  });

  it("says which files it can't read, and takes them up once they are there", async () => {
    await source.start();
    expect(source.current()).toBeUndefined();
    expect(source.problem()).toContain(join(directory, 'tls.crt'));
    await put(made);
    await source.start();
    expect(source.problem()).toBeUndefined();
    expect(source.current()).toEqual({
      certificate: made['tls.crt'],
      key: made['tls.key'],
      authority: made['ca.crt'],
      until: expect.any(Number),
    });
  });

  it('is trusted itself where there is no authority', async () => {
    await put({ 'tls.crt': made['tls.crt'], 'tls.key': made['tls.key'] });
    await source.start();
    expect(source.current()?.authority).toBe(made['tls.crt']);
  });

  it('is taken up when it changes, and not while only half of it has', async () => {
    const seen: CertificateBundle[] = [];
    await put(made);
    await source.start();
    source.subscribe((bundle) => {
      seen.push(bundle);
    });
    expect(seen).toHaveLength(1);
    const next = await renewedBy(made);
    await put({ 'tls.crt': next['tls.crt'] });
    await source.start();
    expect(seen).toHaveLength(1);
    expect(source.problem()).toContain('do not match');
    await put({ 'tls.key': 'garbage' });
    await source.start();
    expect(source.problem()).toContain('PEM is expected');
    await put(next);
    await source.start();
    expect(seen.at(-1)?.certificate).toBe(next['tls.crt']);
    await source.start();
    expect(seen).toHaveLength(2);
    expect(log.texts.join()).not.toContain('PRIVATE');
  });

  it("is left for the next look while its authority is still another's", async () => {
    await put(made);
    await source.start();
    const { 'ca.crt': authority, ...pair } = await renewed(['localhost']);
    await put(pair);
    await source.start();
    expect(source.problem()).toContain('not signed by the CA in ca.crt');
    expect(source.current()?.certificate).toBe(made['tls.crt']);
    await put({ 'ca.crt': authority });
    await source.start();
    expect(source.problem()).toBeUndefined();
  });

  describe('by another authority', () => {
    let next: Certificates;
    const authorities = () => source.current()!.authority.match(/BEGIN/g)!.length;
    const served = () =>
      source.current()!.certificate === made['tls.crt']
        ? 'old'
        : source.current()!.certificate === next['tls.crt']
          ? 'new'
          : 'another';

    beforeEach(async () => {
      await put(made);
      await source.start();
      next = await renewed(['localhost']);
      await put(next);
      await source.start();
    });

    it('is served once everybody trusts both, and the old authority is let go after that', async () => {
      expect([served(), authorities()]).toEqual(['old', 2]);
      expect(source.current()!.authority).toContain(made['ca.crt'].trim());
      expect(source.current()!.authority).toContain(next['ca.crt'].trim());
      await clock.advance(TRUST_MS - 5_001);
      await source.start();
      expect([served(), authorities()]).toEqual(['old', 2]);
      await clock.advance(5_001);
      await source.start();
      expect([served(), authorities()]).toEqual(['new', 2]);
      await clock.advance(TRUST_MS);
      await source.start();
      expect([served(), authorities()]).toEqual(['new', 1]);
    });

    it('and then by a third gives that one the same time', async () => {
      await clock.advance(TRUST_MS / 2);
      const third = await renewed(['localhost']);
      await put(third);
      await source.start();
      await clock.advance(TRUST_MS / 2);
      await source.start();
      expect([served(), authorities()]).toEqual(['old', 2]);
      await clock.advance(TRUST_MS / 2);
      await source.start();
      expect([served(), authorities()]).toEqual(['another', 2]);
      expect(source.current()!.certificate).toBe(third['tls.crt']);
    });
  });

  it('by another authority is served at once where the old one has run out', async () => {
    const short = await new X509CertificateAuthority({ hosts: ['localhost'], servingLifeMs: 60_000 }).renewed(
      undefined,
      clock.now(),
    );
    await put(short);
    await source.start();
    await clock.advance(70_000);
    const next = await renewed(['localhost']);
    await put(next);
    await source.start();
    expect(source.current()?.certificate).toBe(next['tls.crt']);
  });
});
