import type { Certificates } from '../../../src/application/ports/certificate-authority.ts';
import { CertificateStore } from '../../../src/application/ports/certificate-store.ts';

/** Certificates in memory. */
export class FakeCertificateStore extends CertificateStore {
  certificates: Certificates | undefined;
  version = 1;
  /** What every read and write fails with. */
  failure: Error | undefined;
  readOnly = false;
  /** What somebody else does right before each write. */
  meanwhile: (() => void) | undefined;

  override async read(): Promise<{ readonly certificates: Certificates | undefined; readonly version: string }> {
    if (this.failure !== undefined) throw this.failure;
    return { certificates: this.certificates, version: String(this.version) };
  }

  override async write(certificates: Certificates, version: string): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure;
    if (this.readOnly) throw new Error('it may not be written');
    this.meanwhile?.();
    if (version !== String(this.version)) return false;
    this.certificates = certificates;
    this.version++;
    return true;
  }
}
