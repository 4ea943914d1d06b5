import type { ConnectionLimits } from '../net/routes.ts';

/** What is taken of a registry at most. Times in milliseconds, sizes in bytes. */
export interface Limits extends ConnectionLimits {
  /** For all requests of one question together. */
  readonly deadlineMs: number;
  readonly redirects: number;
  /** Tags asked for a page; a registry may give fewer. ECR refuses more than 1,000. */
  readonly pageSize: number;
  readonly pages: number;
  readonly pageBytes: number;
  readonly tags: number;
  readonly manifestBytes: number;
  readonly tokenBytes: number;
  /** Tokens and challenges that are remembered. */
  readonly remembered: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 8,
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  deadlineMs: 60_000,
  redirects: 5,
  pageSize: 1_000,
  pages: 10_000,
  pageBytes: 16 * 1_048_576,
  tags: 1_000_000,
  manifestBytes: 4 * 1_048_576,
  tokenBytes: 262_144,
  remembered: 1_024,
};
