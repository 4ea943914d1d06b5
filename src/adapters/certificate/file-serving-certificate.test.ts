import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/fake-clock.ts';
import type { Certificates } from '../../application/ports/certificate-authority.ts';
import type { Log } from '../../application/ports/log.ts';
import type { CertificateBundle } from '../../application/ports/serving-certificate.ts';
import { FileServingCertificate, hasServingCertificate } from './file-serving-certificate.ts';
import { X509CertificateAuthority } from './x509-certificate-authority.ts';

const renewed = (hosts: readonly string[]) => new X509CertificateAuthority({ hosts }).renewed(undefined, Date.now());

describe('a certificate from files', () => {
  const lines: string[] = [];
  const write = (line: string, fields?: object) => { lines.push(`${line} ${JSON.stringify(fields)}`); };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  let directory: string;
  let clock: FakeClock;
  let source: FileServingCertificate;
  let made: Certificates;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kimup-serving-certs-'));
    clock = new FakeClock();
    lines.length = 0;
    source = new FileServingCertificate(clock, log, directory);
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

  it('says which files it can\'t read, and takes them up once they are there', async () => {
    await source.start();
    expect(source.current()).toBeUndefined();
    expect(source.problem()).toContain(join(directory, 'tls.crt'));
    await put(made);
    await source.start();
    expect(source.problem()).toBeUndefined();
    expect(source.current()).toEqual({ certificate: made['tls.crt'], key: made['tls.key'], authority: made['ca.crt'], until: expect.any(Number) });
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
    source.subscribe((bundle) => { seen.push(bundle); });
    expect(seen).toHaveLength(1);
    const next = await renewed(['localhost']);
    await put({ 'tls.crt': next['tls.crt'] });
    await source.start();
    expect(seen).toHaveLength(1);
    expect(source.problem()).toContain('no pair');
    await put({ 'tls.key': 'garbage' });
    await source.start();
    expect(source.problem()).toContain('PEM is expected');
    await put(next);
    await source.start();
    expect(seen.at(-1)?.certificate).toBe(next['tls.crt']);
    await source.start();
    expect(seen).toHaveLength(2);
    expect(lines.join()).not.toContain('PRIVATE');
  });
});
