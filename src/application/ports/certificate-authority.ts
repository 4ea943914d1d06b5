import type { CertificateBundle } from './serving-certificate.ts';

/** An authority of kimup's own and a serving certificate signed by it, PEM, by the keys of the Secret that keeps them. */
export interface Certificates {
  /** The authority's certificate; after a renewal the one before it too, so that what that one signed is still trusted. */
  readonly 'ca.crt': string;
  readonly 'ca.key': string;
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
}

/** Makes certificates. Times are milliseconds since the epoch. */
export abstract class CertificateAuthority {
  /**
   * What is to be served from `now` on, given what is kept: the very same when nothing is due; a new serving certificate when
   * it is for other hosts or two thirds of its life are over; a new authority, the old one still trusted beside it, when two
   * thirds of its own are. Nothing kept, or nothing that can be read: all new.
   */
  abstract renewed(kept: Certificates | undefined, now: number): Promise<Certificates>;

  /**
   * A new authority, the one of `kept` still trusted beside it. The old serving certificate goes on until the new authority
   * is trusted everywhere ({@link renewed} then replaces it), unless there is none to go on with.
   */
  abstract replaced(kept: Certificates, now: number): Promise<Certificates>;

  /** What a server is given; `undefined` when certificate or key can't be read, they are no pair, or it has run out. */
  abstract bundle(kept: Certificates, now: number): CertificateBundle | undefined;
}
