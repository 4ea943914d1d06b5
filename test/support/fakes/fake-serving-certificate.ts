import { type CertificateBundle, ServingCertificate } from '../../../src/application/ports/serving-certificate.ts';

/** A certificate that the test gives. */
export class FakeServingCertificate extends ServingCertificate {
  private bundle: CertificateBundle | undefined;
  private reason: string | undefined;
  private readonly listeners: ((bundle: CertificateBundle) => void)[] = [];
  private stopped = false;

  /** This is the present one from now on, unless it was stopped. */
  give(bundle: CertificateBundle): void {
    if (this.stopped) return;
    this.reason = undefined;
    if (this.bundle === bundle) return;
    this.bundle = bundle;
    for (const listener of this.listeners) listener(bundle);
  }

  /** Whoever looks for it fails with this. */
  fail(reason: string): void {
    this.reason = reason;
  }

  override current(): CertificateBundle | undefined {
    return this.bundle;
  }

  override problem(): string | undefined {
    return this.reason;
  }

  override subscribe(listener: (bundle: CertificateBundle) => void): void {
    this.listeners.push(listener);
    if (this.bundle !== undefined) listener(this.bundle);
  }

  override async start(): Promise<void> {}

  override stop(): void {
    this.stopped = true;
  }
}
