/** What the webhook is served with. PEM. The key must not reach a log, an error or an event. */
export interface CertificateBundle {
  /** The serving certificate, its chain behind it. */
  readonly certificate: string;
  readonly key: string;
  /** What the API server is to trust: one or more certificates. */
  readonly authority: string;
  /** When the serving certificate runs out, milliseconds since the epoch. */
  readonly until: number;
}

/** Has the certificate that the webhook is served with, and keeps it from running out. */
export abstract class ServingCertificate {
  /** The present one, `undefined` until there is one. It stays the present one while its source can't be read. */
  abstract current(): CertificateBundle | undefined;
  /** Why there is no certificate yet, or why it can't be renewed: what is wrong and what to do. `undefined` when all is well. */
  abstract problem(): string | undefined;
  /** Tells of the present one first, where there is one, then of every new one. */
  abstract subscribe(listener: (bundle: CertificateBundle) => void): void;
  /** Looks for it at once, and again from time to time; never fails (see {@link problem}). Ends when it was looked for once. */
  abstract start(): Promise<void>;
  /** Looks no more. What there is stays. */
  abstract stop(): void;
}
