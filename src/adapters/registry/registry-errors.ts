import { errors } from 'undici';
import { RegistryError } from '../../application/ports/tag-registry.ts';
import { RefusedAddressError } from './address-guard.ts';

/** What is asked of whom, as an error names it. */
export interface Subject {
  /** The registry's host as the Image spells it. */
  readonly host: string;
  readonly repository: string;
  /** Or a digest. Absent where the whole repository is asked for. */
  readonly tag?: string;
}

const MAX_RETRY_AFTER_MS = 6 * 3_600_000;
const MAX_DETAIL = 200;

/** The error for an answer that is no success. `credentials`: whether any were tried; `detail`: the registry's own words, already made safe. */
export function statusError(subject: Subject, status: number, about: { credentials: boolean; detail?: string; retryAfterMs?: number }): RegistryError {
  const detail = about.detail === undefined ? '' : ` (${about.detail})`;
  const answered = `registry ${subject.host} answered ${status} for ${shownSubject(subject)}${detail}`;
  if (status === 401 || status === 403) {
    return new RegistryError(
      about.credentials
        ? `${answered}: the credentials of spec.imagePullSecrets were refused, check that they are valid and may pull ${subject.repository}`
        : `${answered}: name a pull secret for it in spec.imagePullSecrets, or check the one that is there`,
      'unauthorized',
    );
  }
  if (status === 404) return new RegistryError(`${answered}: check spec.image, or whether it needs a pull secret in spec.imagePullSecrets`, 'not-found');
  if (status === 429) {
    const wait = about.retryAfterMs === undefined ? 'it is asked too often' : `it asks to wait ${Math.ceil(about.retryAfterMs / 1_000)} s`;
    return new RegistryError(`${answered}: ${wait}; it is asked again later`, 'throttled', about.retryAfterMs);
  }
  if (status >= 500 || status === 408) return new RegistryError(`${answered}: it is asked again later; if this lasts, see to the registry`, 'server-error', about.retryAfterMs);
  return new RegistryError(`${answered}: check that it is an OCI registry`, 'invalid-answer');
}

/** The error for an answer that can't be used. `what` continues "registry H …". */
export function invalidAnswer(subject: Subject, what: string): RegistryError {
  return new RegistryError(`registry ${subject.host} ${what}, asked for ${shownSubject(subject)}: check that it is an OCI registry and nothing between changes its answers`, 'invalid-answer');
}

/** The error for a request that got no (whole) answer. `server` is the host that was asked: the registry, or where it sent us. */
export function noAnswer(subject: Subject, server: string, error: unknown): RegistryError {
  const code = codeOf(error);
  const via = server === subject.host || subject.host === 'docker.io' ? '' : ` (${server})`;
  const unreachable = (what: string) =>
    new RegistryError(`registry ${subject.host}${via} can't be asked for ${shownSubject(subject)}: ${what}`, 'unreachable');

  if (error instanceof RefusedAddressError) return unreachable(error.message);
  if (UNTRUSTED.has(code)) {
    return unreachable(`its certificate is not trusted (${code}); with spec.insecureSkipTLSVerify: true any certificate is taken`);
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return unreachable('it does not speak TLS; if it serves plain HTTP, name it in --plain-http-registries');
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return unreachable(`its name is not known (${code}), check spec.image and the cluster's DNS`);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return unreachable('no answer in time');
  }
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || code === 'UND_ERR_HEADERS_OVERFLOW' || code.startsWith('HPE_')) {
    return invalidAnswer(subject, `gave an answer that is broken (${code})`);
  }
  return unreachable(code === '' ? 'the connection failed' : `the connection failed (${code})`);
}

/**
 * What the registry itself says was wrong (distribution spec, "Error Codes"; RFC 6749 section 5.2 for a token server), as
 * text that can be shown: one line, shortened. Nothing when it repeats one of `secrets`.
 */
export function errorDetail(body: Buffer, secrets: Iterable<string>): string | undefined {
  let content: unknown;
  try {
    content = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof content !== 'object' || content === null) return undefined;
  const said: unknown[] = [];
  const { errors } = content as { errors?: unknown };
  if (Array.isArray(errors) && typeof errors[0] === 'object' && errors[0] !== null) said.push(errors[0].code, errors[0].message);
  else said.push((content as { error?: unknown }).error, (content as { details?: unknown }).details);
  const text = shortened(said.filter((part) => typeof part === 'string').join(': '));
  if (text === '') return undefined;
  const whole = said.join(': ');
  return repeatsSecret(whole, secrets) || repeatsSecret(text, secrets) ? undefined : text;
}

/** Whether `text` holds one of `secrets`, in whatever case: host names come back in lower case. */
export function repeatsSecret(text: string, secrets: Iterable<string>): boolean {
  const lower = text.toLowerCase();
  for (const secret of secrets) if (secret !== '' && lower.includes(secret.toLowerCase())) return true;
  return false;
}

/** One line of at most 200 characters, without control, format and direction-changing characters. */
export function shortened(text: string): string {
  const line = text.slice(0, 10 * MAX_DETAIL).replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim();
  return line.length > MAX_DETAIL ? `${line.slice(0, MAX_DETAIL - 1)}…` : line;
}

/** `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, in milliseconds from `now`; at most six hours. */
export function retryAfterMs(header: string | readonly string[] | undefined, now: number): number | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, MAX_RETRY_AFTER_MS);
  // Only what looks like a date: Date.parse takes much else.
  const at = /^[A-Z][a-z]{2,8},? \d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), MAX_RETRY_AFTER_MS);
}

const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_UNTRUSTED', 'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Only the code is shown of what a library says: its messages may quote what was sent or received. */
function codeOf(error: unknown): string {
  // The one error of undici's HTTP parser has no code for an answer that is not HTTP at all.
  if (error instanceof errors.HTTPParserError && error.code === undefined) return 'HPE_NOT_HTTP';
  const own = (error as { code?: unknown } | undefined)?.code;
  const inner = (error as { cause?: { code?: unknown } } | undefined)?.cause?.code;
  const code = typeof own === 'string' && own !== 'UND_ERR' ? own : inner;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : '';
}

function shownSubject(subject: Subject): string {
  if (subject.tag === undefined) return subject.repository;
  return `${subject.repository}${subject.tag.includes(':') ? '@' : ':'}${subject.tag}`;
}
