import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { type CertificateBundle, ServingCertificate } from '../ports/serving-certificate.ts';

/** How long to wait while there is none at all. */
const WANTED_MS = 2_000;

/** A serving certificate that is looked for time and again where it is kept. One that is there goes on being served whatever becomes of its source. */
export abstract class PolledServingCertificate extends ServingCertificate {
  private present: CertificateBundle | undefined;
  private lastProblem: string | undefined;
  private listeners: ((bundle: CertificateBundle) => void)[] = [];
  private cancel: () => void = () => undefined;
  private stopped = false;

  /** @param periodMs how long to wait between two looks */
  constructor(
    protected readonly clock: Clock,
    protected readonly log: Log,
    private readonly periodMs: number,
  ) {
    super();
  }

  /**
   * The certificate as its source has it now: one that can be served, certificate and key a pair.
   * @throws Error that says what is wrong and what to do
   */
  protected abstract look(): Promise<CertificateBundle>;

  override current(): CertificateBundle | undefined {
    return this.present;
  }

  override problem(): string | undefined {
    return this.lastProblem;
  }

  override subscribe(listener: (bundle: CertificateBundle) => void): void {
    this.listeners.push(listener);
    if (this.present !== undefined) listener(this.present);
  }

  override async start(): Promise<void> {
    try {
      this.serve(await this.look());
      this.lastProblem = undefined;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.lastProblem)
        this.log.error("the webhook's certificate is missing or can't be renewed", { error: problem });
      this.lastProblem = problem;
    }
    this.cancel();
    if (this.stopped) return;
    const waitMs = this.present === undefined ? Math.min(WANTED_MS, this.periodMs) : this.periodMs;
    this.cancel = this.clock.after(waitMs, () => {
      void this.start();
    });
  }

  override stop(): void {
    this.stopped = true;
    this.cancel();
  }

  /** Takes `bundle` for the present one, if it is another. */
  protected serve(bundle: CertificateBundle): void {
    const { certificate, key, authority, until } = bundle;
    const now = this.present;
    if (now !== undefined && now.certificate === certificate && now.key === key && now.authority === authority) return;
    this.present = bundle;
    this.log.info('the webhook has a new certificate', { until: new Date(until).toISOString() });
    for (const listener of this.listeners) listener(bundle);
  }
}
