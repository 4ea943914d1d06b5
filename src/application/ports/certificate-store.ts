import type { Certificates } from './certificate-authority.ts';

/** Keeps one set of certificates for all replicas. Fails with an Error that says what is wrong and what to do. */
export abstract class CertificateStore {
  /** What is kept, `undefined` where that is nothing or not all of it, and the version that {@link write} wants to hear. */
  abstract read(): Promise<{ readonly certificates: Certificates | undefined; readonly version: string }>;
  /**
   * Keeps `certificates` in place of what is kept, unless somebody wrote or took something away since `version` was read.
   * @returns whether they are kept; where not, what somebody else made of it counts
   */
  abstract write(certificates: Certificates, version: string): Promise<boolean>;
}
