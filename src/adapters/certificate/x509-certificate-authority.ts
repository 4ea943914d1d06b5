import 'reflect-metadata'; // what @peculiar/x509 is wired by has to find it loaded
import { X509Certificate, createPrivateKey, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import * as x509 from '@peculiar/x509';
import { CertificateAuthority, type Certificates } from '../../application/ports/certificate-authority.ts';
import type { CertificateBundle } from '../../application/ports/serving-certificate.ts';

/** What certificates are made for, and for how long. */
export class CertificateOptions {
  /** What the certificate is for: DNS names and IP addresses, one at least. */
  readonly hosts!: readonly string[];
  /** How long the authority and a serving certificate live; either is renewed at two thirds of that. Default 10 years and 90 days. */
  readonly authorityLifeMs?: number;
  readonly servingLifeMs?: number;

  constructor(values: CertificateOptions) {
    Object.assign(this, values);
  }
}

const DAY_MS = 86_400_000;
/** Certificates begin earlier than now, for API servers whose clock is behind ours. */
const BACKDATE_MS = 5 * 60_000;
/** A new authority signs nothing before everybody has had the time to trust it. */
const TRUST_MS = 10 * 60_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Certificates made in this process, ECDSA P-256. */
@Injectable()
export class X509CertificateAuthority extends CertificateAuthority {
  private readonly options: CertificateOptions;

  constructor(options: CertificateOptions) {
    super();
    // URLs have IPv6 addresses in brackets, certificates have not.
    this.options = { ...options, hosts: options.hosts.map((host) => host.replace(/^\[(.*)\]$/, '$1')) };
  }

  override async renewed(kept: Certificates | undefined, now: number): Promise<Certificates> {
    const authority = kept === undefined ? undefined : usable(kept['ca.crt'], kept['ca.key'], now);
    if (kept === undefined || authority === undefined) {
      const fresh = await newAuthority(now, this.options, '');
      return { ...fresh, ...(await newServing(fresh, now, this.options)) };
    }
    if (now >= twoThirds(authority)) return this.replaced(kept, now);
    const serving = usable(kept['tls.crt'], kept['tls.key'], now);
    const signed = serving?.verify(authority.publicKey) === true || now - begin(authority) < TRUST_MS;
    if (serving !== undefined && now < twoThirds(serving) && signed && isFor(serving, this.options.hosts)) return kept;
    return { ...kept, ...(await newServing(kept, now, this.options)) };
  }

  override async replaced(kept: Certificates, now: number): Promise<Certificates> {
    const next = await newAuthority(now, this.options, new X509Certificate(kept['ca.crt']).toString());
    if (usable(kept['tls.crt'], kept['tls.key'], now) !== undefined) return { ...kept, ...next };
    return { ...next, ...(await newServing(next, now, this.options)) };
  }

  override bundle(kept: Certificates, now: number): CertificateBundle | undefined {
    const serving = usable(kept['tls.crt'], kept['tls.key'], now);
    return (
      serving && {
        certificate: kept['tls.crt'],
        key: kept['tls.key'],
        authority: kept['ca.crt'],
        until: serving.validToDate.getTime(),
      }
    );
  }
}

/** The certificate, `undefined` when it or its key can't be read, they are no pair, or it has run out. */
function usable(certificate: string, key: string, now: number): X509Certificate | undefined {
  try {
    const read = new X509Certificate(certificate);
    return read.checkPrivateKey(createPrivateKey(key)) && read.validToDate.getTime() > now ? read : undefined;
  } catch {
    return undefined;
  }
}

function begin(certificate: X509Certificate): number {
  return certificate.validFromDate.getTime() + BACKDATE_MS;
}

function twoThirds(certificate: X509Certificate): number {
  const from = certificate.validFromDate.getTime();
  return from + ((certificate.validToDate.getTime() - from) * 2) / 3;
}

function isFor(certificate: X509Certificate, hosts: readonly string[]): boolean {
  return hosts.every(
    (host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined,
  );
}

async function newAuthority(
  now: number,
  options: CertificateOptions,
  before: string,
): Promise<Pick<Certificates, 'ca.crt' | 'ca.key'>> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // A subject of its own for each, so that the chain to the right one is found by name.
    name: `CN=kimup webhook authority ${new Date(now).toISOString()}`,
    serialNumber: newSerialNumber(),
    ...life(now, options.authorityLifeMs ?? 3650 * DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { 'ca.crt': lines(certificate.toString('pem')) + lines(before), 'ca.key': await privateKey(keys) };
}

async function newServing(
  authority: Pick<Certificates, 'ca.crt' | 'ca.key'>,
  now: number,
  options: CertificateOptions,
): Promise<Pick<Certificates, 'tls.crt' | 'tls.key'>> {
  const issuer = new x509.X509Certificate(new X509Certificate(authority['ca.crt']).raw);
  const signingKey = await crypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(authority['ca.key']),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=kimup webhook',
    issuer: issuer.subject,
    serialNumber: newSerialNumber(),
    ...life(now, options.servingLifeMs ?? 90 * DAY_MS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        options.hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }) as const),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { 'tls.crt': lines(certificate.toString('pem')), 'tls.key': await privateKey(keys) };
}

async function newKeys() {
  return await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function privateKey(keys: Awaited<ReturnType<typeof newKeys>>): Promise<string> {
  return lines(x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'));
}

/** Positive and of 16 bytes at most (RFC 5280, section 4.1.2.2). Hex. */
function newSerialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

function life(now: number, lifeMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + lifeMs) };
}

function lines(pem: string): string {
  return pem === '' || pem.endsWith('\n') ? pem : `${pem}\n`;
}
