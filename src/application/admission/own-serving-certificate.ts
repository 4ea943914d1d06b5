import type { CertificateAuthority, Certificates } from '../ports/certificate-authority.ts';
import type { CertificateStore } from '../ports/certificate-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { CertificateBundle } from '../ports/serving-certificate.ts';
import { PolledServingCertificate } from './polled-serving-certificate.ts';

const PERIOD_MS = 15_000;
const ATTEMPTS = 5;

/**
 * A certificate by an authority of kimup's own, both kept in one store that all replicas share. Whichever replica finds it
 * empty, or something in it due, writes it; of two that do, one is told so and reads what the other wrote.
 */
export class OwnServingCertificate extends PolledServingCertificate {
  private known: Certificates | undefined;

  constructor(
    private readonly store: CertificateStore,
    private readonly authority: CertificateAuthority,
    clock: Clock,
    log: Log,
  ) {
    super(clock, log, PERIOD_MS);
  }

  protected override async look(): Promise<CertificateBundle> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const { certificates: kept, version } = await this.store.read();
      const now = this.clock.now();
      const served = kept && this.authority.bundle(kept, now);
      if (kept !== undefined && served !== undefined) {
        // What is there is served, whether or not what is due can be written.
        this.known = kept;
        this.serve(served);
      }
      const next =
        kept === undefined && this.known !== undefined
          ? await this.authority.replaced(this.known, now) // somebody emptied the store: new ones, without a gap
          : await this.authority.renewed(kept, now);
      if (next === kept && served !== undefined) return served;
      if (!(await this.store.write(next, version))) continue;
      this.known = next;
      const bundle = this.authority.bundle(next, now);
      if (bundle === undefined)
        throw new Error("the certificate that was made for the webhook can't be served: this is a bug in kimup");
      return bundle;
    }
    throw new Error(
      "the webhook's certificate could not be stored in its Secret: someone else changed the Secret during every attempt; find out what else writes to it",
    );
  }
}
