import { type AbortSignalLike, type RegistryCredentials, RegistryError } from '../../application/ports/tag-registry.ts';
import { repeatsSecret, shortened, type Subject } from './registry-errors.ts';

export interface SessionOptions {
  readonly subject: Subject;
  /** The registry's own: the one place its credentials go to, but for its token server. */
  readonly origin: string;
  readonly credentials: readonly RegistryCredentials[];
  readonly insecureSkipTLSVerify: boolean;
  readonly deadlineMs: number;
}

/** One question to a registry, however many requests it takes: who asks, until when, and what must never be shown. */
export class Session {
  readonly subject: Subject;
  readonly origin: string;
  readonly credentials: readonly RegistryCredentials[];
  readonly insecureSkipTLSVerify: boolean;
  /** Passwords and tokens, as they are and as they are sent. */
  readonly secrets = new Set<string>();
  private readonly controller = new AbortController();
  private late = false;

  private constructor(options: SessionOptions) {
    this.subject = options.subject;
    this.origin = options.origin;
    this.credentials = options.credentials;
    this.insecureSkipTLSVerify = options.insecureSkipTLSVerify;
    for (const one of options.credentials) {
      for (const secret of [one.password, one.identityToken ?? '', basicValue(one)]) this.secrets.add(secret);
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Runs `work` until it ends, the deadline is past or `signal` aborts; then everything under way in it is stopped. */
  static async run<T>(
    options: SessionOptions,
    signal: AbortSignalLike | undefined,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const session = new Session(options);
    const stop = () => session.controller.abort();
    const timer = setTimeout(() => {
      session.late = true;
      stop();
    }, options.deadlineMs);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    try {
      session.throwIfStopped();
      return await work(session);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** What a server chose (a host that it leads to), as an error may show it: shortened, and nothing that repeats a secret. */
  shown(text: string): string {
    return repeatsSecret(text, this.secrets) ? '…' : shortened(text);
  }

  /** @throws RegistryError when the question is not to be worked on any more */
  throwIfStopped(): void {
    if (!this.signal.aborted) return;
    const { host, repository } = this.subject;
    throw new RegistryError(
      this.late
        ? `registry ${host} did not send a complete response for ${repository} in time; kimup will retry`
        : `asking registry ${host} for ${repository} was stopped`,
      'unreachable',
    );
  }

  /** `promise`, or the error of {@link throwIfStopped} as soon as there is one. `promise` itself goes on. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let stopped: (() => void) | undefined;
    const stop = new Promise<never>((_, reject) => {
      stopped = () => {
        try {
          this.throwIfStopped();
        } catch (error) {
          reject(error as RegistryError);
        }
      };
      this.signal.addEventListener('abort', stopped);
      stopped();
    });
    try {
      return await Promise.race([promise, stop]);
    } finally {
      if (stopped) this.signal.removeEventListener('abort', stopped);
    }
  }
}

/** What follows `Basic ` (RFC 7617 section 2). */
export function basicValue(credentials: RegistryCredentials): string {
  return Buffer.from(`${credentials.username}:${credentials.password}`, 'utf8').toString('base64');
}
