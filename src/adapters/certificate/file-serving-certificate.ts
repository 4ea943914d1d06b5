import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PolledServingCertificate } from '../../application/admission/polled-serving-certificate.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { Log } from '../../application/ports/log.ts';
import type { CertificateBundle } from '../../application/ports/serving-certificate.ts';

/** Where the contract has the certificate, put there by cert-manager or by hand. */
export const SERVING_CERTS_DIRECTORY = '/tmp/k8s-webhook-server/serving-certs';

/** Whether somebody put a certificate there. */
export function hasServingCertificate(directory: string): boolean {
  return existsSync(join(directory, 'tls.crt')) && existsSync(join(directory, 'tls.key'));
}

/**
 * The certificate in `tls.crt` and `tls.key` of a directory, and its authority in `ca.crt`; without that one, or where it
 * is empty, the API server trusts exactly the certificates in `tls.crt`. Files that change are taken up within seconds;
 * ones that don't fit together (half of them written) are left for the next look.
 */
export class FileServingCertificate extends PolledServingCertificate {
  constructor(clock: Clock, log: Log, private readonly directory: string = SERVING_CERTS_DIRECTORY, periodMs = 5_000) {
    super(clock, log, periodMs);
  }

  protected override async look(): Promise<CertificateBundle> {
    const [certificate, key, authority] = await Promise.all([
      readFile(join(this.directory, 'tls.crt'), 'utf8'),
      readFile(join(this.directory, 'tls.key'), 'utf8'),
      readFile(join(this.directory, 'ca.crt'), 'utf8').catch(() => ''),
    ]).catch((cause: unknown) => {
      throw new Error(`the webhook's certificate in ${this.directory} can't be read: ${(cause as Error).message}`, { cause });
    });
    return { certificate, key, authority: authority.trim() === '' ? certificate : authority, until: this.#checked(certificate, key) };
  }

  /** When the certificate runs out. */
  #checked(certificate: string, key: string): number {
    const where = `the webhook's certificate in ${this.directory}`;
    let read: X509Certificate;
    let isPair: boolean;
    try {
      read = new X509Certificate(certificate);
      isPair = read.checkPrivateKey(createPrivateKey(key));
    } catch {
      // Its cause may quote what is in the files.
      throw new Error(`${where} can't be read: PEM is expected in tls.crt and, without a passphrase, in tls.key`);
    }
    if (!isPair) throw new Error(`${where} and its key are no pair: write tls.crt and tls.key anew, together`);
    return read.validToDate.getTime();
  }
}
