import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolledServingCertificate } from '../../application/admission/polled-serving-certificate.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { Log } from '../../application/ports/log.ts';
import type { CertificateBundle } from '../../application/ports/serving-certificate.ts';

/** Whether there is a certificate in the directory, put there by cert-manager or by hand. */
export function hasServingCertificate(directory: string): boolean {
  return existsSync(join(directory, 'tls.crt')) && existsSync(join(directory, 'tls.key'));
}

/** As long as an authority of kimup's own: files come to all replicas within a minute or two, and the leader tells the API server. */
const TRUST_MS = 10 * 60_000;

/**
 * The certificate in `tls.crt` and `tls.key` of a directory, and its authority in `ca.crt`; without that one, or where it
 * is empty, the API server trusts exactly the certificates in `tls.crt`. Files that change are taken up within seconds;
 * ones that don't fit together (half of them written) are left for the next look.
 *
 * Where the authority changes too, the API server is to trust both for a while: the old certificate is served until everybody
 * has heard of the new authority (or it runs out), and the old authority stays trusted until every replica serves the new one.
 */
export class FileServingCertificate extends PolledServingCertificate {
  /** What the files had at the last look. */
  private files: CertificateBundle | undefined;
  /** What was served under another authority, and since when that one is replaced. */
  private before: { readonly bundle: CertificateBundle; readonly since: number } | undefined;

  constructor(
    clock: Clock,
    log: Log,
    private readonly directory: string,
    periodMs = 5_000,
    private readonly trustMs = TRUST_MS,
  ) {
    super(clock, log, periodMs);
  }

  protected override async look(): Promise<CertificateBundle> {
    const certificate = await this.read('tls.crt');
    const key = await this.read('tls.key');
    const authority = await readFile(join(this.directory, 'ca.crt'), 'utf8').catch(() => '');
    const trusted = authority.trim() === '' ? certificate : authority;
    return this.inTurn({ certificate, key, authority: trusted, until: this.checked(certificate, key, trusted) });
  }

  private read(file: string): Promise<string> {
    return readFile(join(this.directory, file), 'utf8').catch((cause: unknown) => {
      throw new Error(`the webhook's certificate in ${this.directory} can't be read: ${(cause as Error).message}`, {
        cause,
      });
    });
  }

  /** What is to be served where the files have `fresh`. */
  private inTurn(fresh: CertificateBundle): CertificateBundle {
    const now = this.clock.now();
    if (this.files !== undefined && this.files.authority !== fresh.authority) {
      // Replaced again before the first replacement was served: what is served is still the one before.
      const isServed = this.before !== undefined && now - this.before.since < this.trustMs;
      this.before = { bundle: isServed ? this.before!.bundle : this.files, since: now };
    }
    this.files = fresh;
    if (this.before === undefined) return fresh;
    const { bundle, since } = this.before;
    const both = `${bundle.authority.trim()}\n${fresh.authority.trim()}\n`;
    if (now < since + this.trustMs && now < bundle.until) return { ...bundle, authority: both };
    if (now < since + 2 * this.trustMs) return { ...fresh, authority: both };
    this.before = undefined;
    return fresh;
  }

  /** When the certificate runs out. */
  private checked(certificate: string, key: string, authority: string): number {
    const where = `the webhook's certificate in ${this.directory}`;
    let read: X509Certificate;
    let isPair: boolean;
    let isTrusted: boolean;
    try {
      const chain = certificatesIn(certificate);
      read = chain[0]!;
      isPair = read.checkPrivateKey(createPrivateKey(key));
      isTrusted = leadsTo(chain, certificatesIn(authority));
    } catch {
      // Its cause may quote what is in the files.
      throw new Error(
        `${where} can't be read: PEM is expected in tls.crt, ca.crt and, without a passphrase, in tls.key`,
      );
    }
    if (!isPair) throw new Error(`${where} and its key do not match: replace tls.crt and tls.key together`);
    if (!isTrusted)
      throw new Error(`${where} is not signed by the CA in ca.crt: put the CA that signed tls.crt into ca.crt`);
    return read.validToDate.getTime();
  }
}

/** @throws Error where one of them can't be read, or there is none */
function certificatesIn(pem: string): X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (found === null) throw new Error('no certificate in it');
  return found.map((one) => new X509Certificate(one));
}

/** Whether the first of `chain` is one of `authorities`, or signed by one, over others of the chain if need be. */
function leadsTo([first, ...others]: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  if (first === undefined) return false;
  if (
    authorities.some(
      (authority) => authority.fingerprint256 === first.fingerprint256 || first.verify(authority.publicKey),
    )
  )
    return true;
  const issuer = others.findIndex((other) => first.verify(other.publicKey));
  return issuer !== -1 && leadsTo([others[issuer]!, ...others.toSpliced(issuer, 1)], authorities);
}
