import { CertificateAuthority, type Certificates } from '../../../src/application/ports/certificate-authority.ts';
import type { CertificateBundle } from '../../../src/application/ports/serving-certificate.ts';

/** A serving certificate is due for renewal an hour after it was made, and has run out an hour later. */
export const DUE_MS = 3_600_000;
/** A new authority signs nothing before everybody has had this long to trust it. */
const TRUST_MS = 600_000;

/**
 * Certificates that are words, a line each: `renewed 1` or `replaced 1`. The serving certificate has the name of what made it,
 * its key is the time at which it is due.
 */
export class FakeCertificateAuthority extends CertificateAuthority {
  private made = 0;
  /** Which authority signed a serving certificate, and when an authority was made, by their names. */
  private readonly signers = new Map<string, string>();
  private readonly since = new Map<string, number>();

  /** Whether `certificate` was signed by one of `authorities`. */
  isTrusted(certificate: string, authorities: string): boolean {
    return authorities.split('\n').includes(this.signers.get(certificate) ?? '');
  }

  override async renewed(kept: Certificates | undefined, now: number): Promise<Certificates> {
    const [authority = ''] = kept?.['ca.crt'].split('\n') ?? [];
    if (kept === undefined || kept['ca.key'] !== authority || !this.since.has(authority))
      return this.all(`renewed ${++this.made}`, now);
    const isSigned = this.signers.get(kept['tls.crt']) === authority || now - this.since.get(authority)! < TRUST_MS;
    if (isSigned && now < Number(kept['tls.key']) && this.bundle(kept, now) !== undefined) return kept;
    return { ...kept, ...this.serving(`renewed ${++this.made}`, authority, now) };
  }

  override async replaced(kept: Certificates, now: number): Promise<Certificates> {
    const fresh = this.all(`replaced ${++this.made}`, now);
    const [before = ''] = kept['ca.crt'].split('\n');
    const both = { 'ca.crt': `${fresh['ca.crt']}\n${before}`, 'ca.key': fresh['ca.key'] };
    return this.bundle(kept, now) === undefined ? { ...fresh, ...both } : { ...kept, ...both };
  }

  override bundle(kept: Certificates, now: number): CertificateBundle | undefined {
    const until = Number(kept['tls.key']) + DUE_MS;
    return until > now && this.signers.has(kept['tls.crt'])
      ? { certificate: kept['tls.crt'], key: kept['tls.key'], authority: kept['ca.crt'], until }
      : undefined;
  }

  private all(name: string, now: number): Certificates {
    this.since.set(name, now);
    return { 'ca.crt': name, 'ca.key': name, ...this.serving(name, name, now) };
  }

  private serving(name: string, authority: string, now: number): Pick<Certificates, 'tls.crt' | 'tls.key'> {
    this.signers.set(name, authority);
    return { 'tls.crt': name, 'tls.key': String(now + DUE_MS) };
  }
}
