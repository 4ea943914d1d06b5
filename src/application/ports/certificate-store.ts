import type { Certificates } from './certificate-authority.ts';

/** Keeps one set of certificates for all replicas. Fails with an Error that says what is wrong and what to do. */
export abstract class CertificateStore {
  /** What is kept, `undefined` where that is nothing or not all of it, and the version that {@link write} wants to hear. */
  abstract read(): Promise<{ readonly certificates: Certificates | undefined; readonly version: string }>;
  /** Keeps `certificates`, unless somebody wrote since `version` was read: then false, and theirs count. */
  abstract write(certificates: Certificates, version: string): Promise<boolean>;
}
