import { errors } from 'undici';
import { type CredentialsSource, RegistryError } from '../../application/ports/tag-registry.ts';
import { RefusedAddressError } from '../net/address-guard.ts';
import type { Proxy } from '../net/proxy-environment.ts';
import { ProxyError } from '../net/routes.ts';
import { truncate } from '../../support/text.ts';

/** What is asked of whom, as an error names it. */
export interface Subject {
  /** The registry's host as the Image spells it. */
  readonly host: string;
  readonly repository: string;
  /** Or a digest. Absent where the whole repository is asked for. */
  readonly tag?: string;
  /** Where whoever asks keeps credentials. */
  readonly source: CredentialsSource;
}

/** What of it a request is for; pages count from 1. */
export type Asked =
  | { readonly what: 'list'; readonly page: number }
  | { readonly what: 'manifest' | 'configuration' | 'token' };

/** What there is to say of an answer that is no success. */
export interface AboutAnswer {
  readonly asked: Asked;
  /** Whether any were tried. */
  readonly credentials: boolean;
  /** The registry's own words, already made safe. */
  readonly detail?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** What passed it on, and may have made it. */
  readonly proxy?: Proxy | undefined;
}

const MAX_RETRY_AFTER_MS = 6 * 3_600_000;
const MAX_DETAIL = 200;

/** The error for an answer that is no success. */
export function statusError(subject: Subject, status: number, about: AboutAnswer): RegistryError {
  const detail = about.detail === undefined ? '' : ` (${about.detail})`;
  const answered = `registry ${subject.host}${through(about.proxy)} answered ${status} to the request for ${shownRequest(about.asked, subject)}${detail}`;
  if (status === 401 || status === 403)
    return new RegistryError(`${answered}: ${whereCredentialsAre(subject, about.credentials)}`, 'unauthorized');
  if (status === 404) return new RegistryError(`${answered}: ${whatIsMissing(subject, about.asked)}`, 'not-found');
  if (status === 429) {
    const wait =
      about.retryAfterMs === undefined
        ? 'the rate limit is reached'
        : `the rate limit is reached, and the registry asks to wait ${Math.ceil(about.retryAfterMs / 1_000)} s`;
    return new RegistryError(`${answered}: ${wait}; kimup will retry`, 'throttled', about.retryAfterMs);
  }
  if (status >= 500 || status === 408)
    return new RegistryError(
      `${answered}: kimup will retry; if this persists, check the registry`,
      'server-error',
      about.retryAfterMs,
    );
  return new RegistryError(`${answered}: check that it is an OCI registry`, 'invalid-answer');
}

function whereCredentialsAre({ host, repository, source }: Subject, tried: boolean): string {
  if (source === 'imagePullSecrets') {
    return tried
      ? `the credentials from spec.imagePullSecrets were rejected; check that they are valid and allowed to pull ${repository}`
      : 'add a pull secret for this registry to spec.imagePullSecrets, or check that those listed have credentials for it';
  }
  return tried
    ? `the credentials in ${shortened(source.dockerConfig)} were rejected; check that they are allowed to pull ${repository}, or log in again: docker login ${host}`
    : `${shortened(source.dockerConfig)} has no credentials for this registry; log in: docker login ${host}`;
}

function whatIsMissing({ tag = '', source }: Subject, asked: Asked): string {
  if (asked.what === 'list') {
    if (asked.page > 1)
      return 'the tag list is incomplete, and kimup decides nothing from an incomplete list; if this persists, check the registry';
    return `check spec.image, and whether the registry needs ${source === 'imagePullSecrets' ? 'a pull secret in spec.imagePullSecrets' : `credentials: those in ${shortened(source.dockerConfig)} may be missing or not valid for this repository`}`;
  }
  return tag.includes(':')
    ? 'this digest was deleted or only partly pushed; push the image again'
    : 'the tag does not exist, or its manifest was deleted; push the tag again, or use another one';
}

/** The error for an answer that can't be used. `what` continues "registry H …". */
export function invalidAnswer(subject: Subject, what: string): RegistryError {
  return new RegistryError(
    `registry ${subject.host} ${what} (request for ${shownSubject(subject)}): check that it is an OCI registry and that nothing in between, such as a proxy, changes its responses`,
    'invalid-answer',
  );
}

/**
 * The error for a request that got no (whole) answer. `server` is the host that was asked: the registry, or where it sent us;
 * `proxy` is what led to it, if anything did.
 */
export function noAnswer(subject: Subject, server: string, error: unknown, proxy?: Proxy): RegistryError {
  const code = codeOf(error);
  const via = server === subject.host || subject.host === 'docker.io' ? '' : ` (${server})`;
  const unreachable = (what: string) =>
    new RegistryError(
      `the request to registry ${subject.host}${via} for ${shownSubject(subject)}${error instanceof ProxyError ? '' : through(proxy)} failed: ${what}`,
      'unreachable',
    );

  if (error instanceof ProxyError) return unreachable(proxyFailure(error));
  if (error instanceof RefusedAddressError) return unreachable(error.message);
  if (UNTRUSTED.has(code)) {
    return unreachable(
      `its certificate is not trusted (${code}); add its CA with NODE_EXTRA_CA_CERTS or, for tests only, set spec.insecureSkipTLSVerify: true`,
    );
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return unreachable('it does not speak TLS; if it serves plain HTTP, add it to --plain-http-registries');
  }
  if (UNKNOWN_NAME.has(code))
    return unreachable(`its host name can't be resolved (${code}); check spec.image and the cluster's DNS`);
  if (TOO_LATE.has(code)) return unreachable('no response in time');
  if (
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code.startsWith('HPE_')
  ) {
    return invalidAnswer(subject, `sent a malformed response (${code})`);
  }
  return unreachable(code === '' ? 'the connection failed' : `the connection failed (${code})`);
}

function proxyFailure({ proxy, reason }: ProxyError): string {
  const { variable, origin, authorization } = proxy;
  if (reason === undefined) return `${variable} is not the URL of an HTTP proxy; write it as http://HOST:PORT`;
  const name = `the proxy ${origin} (from ${variable})`;
  const way = `check ${variable}, or add the registry to NO_PROXY`;
  if ('status' in reason) {
    if (reason.status !== 407)
      return `${name} answered CONNECT with ${reason.status}; check the rules of the proxy, or add the registry to NO_PROXY`;
    return authorization === undefined
      ? `${name} requires credentials (407); set ${variable} to http://USER:PASSWORD@HOST:PORT`
      : `${name} rejected the credentials in ${variable} (407)`;
  }
  const code = codeOf(reason.error);
  const shown = code === '' ? '' : ` (${code})`;
  if (UNKNOWN_NAME.has(code)) return `the host name of ${name} can't be resolved${shown}; ${way}`;
  if (UNTRUSTED.has(code)) return `the certificate of ${name} is not trusted${shown}; ${way}`;
  if (TOO_LATE.has(code)) return `${name} did not respond in time; ${way}`;
  return `the connection to ${name} failed${shown}; ${way}`;
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
  if (Array.isArray(errors) && typeof errors[0] === 'object' && errors[0] !== null)
    said.push(errors[0].code, errors[0].message);
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
  const line = text
    .slice(0, 10 * MAX_DETAIL)
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim();
  return truncate(line, MAX_DETAIL);
}

/** `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, in milliseconds from `now`; at most six hours. */
export function retryAfterMs(header: string | readonly string[] | undefined, now: number): number | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, MAX_RETRY_AFTER_MS);
  // Only what looks like a date: Date.parse takes much else.
  const at = /^[A-Z][a-z]{2,8},? \d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), MAX_RETRY_AFTER_MS);
}

const UNKNOWN_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN']);
const TOO_LATE: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const UNTRUSTED: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
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

function through(proxy: Proxy | undefined): string {
  return proxy === undefined ? '' : ` through the proxy ${proxy.origin} (from ${proxy.variable})`;
}

/** What a request was for: `the tag list of org/app`, `a token for org/app`. */
function shownRequest(asked: Asked, subject: Subject): string {
  const whose = shownSubject(subject);
  switch (asked.what) {
    case 'list':
      return `${asked.page === 1 ? 'the tag list' : `page ${asked.page} of the tag list`} of ${whose}`;
    case 'token':
      return `a token for ${whose}`;
    case 'configuration':
      return `the image configuration of ${whose}`;
    case 'manifest':
      return `the manifest of ${whose}`;
  }
}

function shownSubject(subject: Subject): string {
  if (subject.tag === undefined) return subject.repository;
  return `${subject.repository}${subject.tag.includes(':') ? '@' : ':'}${subject.tag}`;
}
