// The certificates of a test cluster: one authority, and what it signs. ECDSA P-256: made in milliseconds.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const lifetimeMs = 30 * 24 * 3600 * 1000;

/** A certificate and its private key: both PEM, or the names of the files that hold them. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Kubernetes takes it for the user's or server's name. */
  readonly commonName: string;
  /** Kubernetes takes it for the user's group. */
  readonly organization?: string;
  /** Subject alternative names: DNS names and IP addresses. */
  readonly names?: readonly string[];
}

/** A certificate authority of the run. */
export interface Authority extends KeyPair {
  /** A certificate for a server and for a client, good for 30 days. */
  issue(request: CertificateRequest): Promise<KeyPair>;
}

/** Makes an authority. */
export async function createAuthority(commonName = 'kimup-test'): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
    ],
  });
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: await privateKeyPem(keys),
    issue: (request) => issue(request, certificate, keys),
  };
}

async function issue(
  { commonName, organization, names = [] }: CertificateRequest,
  issuer: x509.X509Certificate,
  issuerKeys: webcrypto.CryptoKeyPair,
): Promise<KeyPair> {
  const own = await generateKeys();
  const alternatives = names.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
  const issued = await x509.X509CertificateGenerator.create({
    subject: [...(organization ? [{ O: [organization] }] : []), { CN: [commonName] }],
    issuer: issuer.subject,
    publicKey: own.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
    ],
  });
  return { cert: `${issued.toString('pem')}\n`, key: await privateKeyPem(own) };
}

/** Writes `path`.crt and, for this user alone, `path`.key; returns both names. */
export function writeKeyPair(path: string, pair: KeyPair): KeyPair {
  const files = { cert: `${path}.crt`, key: `${path}.key` };
  writeFileSync(files.cert, pair.cert);
  writeFileSync(files.key, pair.key, { mode: 0o600 });
  return files;
}

/** A key pair for signing tokens, both halves PEM. */
export async function signingKeys(): Promise<{ publicKey: string; privateKey: string }> {
  const keys = await generateKeys();
  return {
    publicKey: pem('PUBLIC KEY', await webcrypto.subtle.exportKey('spki', keys.publicKey)),
    privateKey: await privateKeyPem(keys),
  };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
}

function pem(label: string, der: ArrayBuffer): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;
}

/** A minute back, for a clock that is a little behind. */
function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + lifetimeMs) };
}
