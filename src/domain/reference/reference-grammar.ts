// The parts of an image reference, as github.com/distribution/reference and the distribution specification have them.
import { truncate } from '../../support/text.ts';

/** The text is no image reference; the message says what is wrong with it, in one sentence without the field. */
export class InvalidImageReferenceError extends Error {
  override readonly name = 'InvalidImageReferenceError';
}

const TAG_MAX = 128;
/** Characters of a text that an error shows. */
const MAX_SHOWN = 101;
/** Lengths of the hex part of the registered digest algorithms (OCI image spec, "Registered algorithms"). */
const DIGEST_HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const ZERO = 0x30,
  NINE = 0x39,
  UPPER_A = 0x41,
  UPPER_Z = 0x5a,
  LOWER_A = 0x61,
  LOWER_F = 0x66,
  LOWER_Z = 0x7a;
const DOT = 0x2e,
  DASH = 0x2d,
  UNDERSCORE = 0x5f,
  SLASH = 0x2f,
  COLON = 0x3a;

/** Whether `text` can be a tag: a letter, digit or `_`, then up to 127 of these, `.` and `-` (distribution spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  if (text.length === 0 || text.length > TAG_MAX) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!(isLower(c) || isDigit(c) || isUpper(c) || c === UNDERSCORE || (i > 0 && (c === DOT || c === DASH))))
      return false;
  }
  return true;
}

/** Whether what is before the first slash is a host: Docker Hub's names have no dot, colon or upper case there. */
export function isHost(first: string): boolean {
  if (first === 'localhost') return true;
  for (let i = 0; i < first.length; i++) {
    const c = first.charCodeAt(i);
    if (c === DOT || c === COLON || isUpper(c)) return true;
  }
  return false;
}

export function checkHost(text: string, host: string): void {
  let end = host.lastIndexOf(':');
  if (host.startsWith('[')) {
    const close = host.indexOf(']');
    if (close < 2 || !isIpv6(host.slice(1, close)))
      throw invalid(text, `has no IPv6 address in the brackets of its host ${JSON.stringify(host)}`);
    end = close + 1;
    if (end === host.length) return;
    if (host.charCodeAt(end) !== COLON)
      throw invalid(text, `has something other than :port after the brackets of its host ${JSON.stringify(host)}`);
  } else {
    if (end === -1) end = host.length;
    if (!isHostName(host, end))
      throw invalid(
        text,
        `has an invalid host ${JSON.stringify(host)}: use letters, digits and dashes, separated by dots`,
      );
    if (end === host.length) return;
  }
  const port = host.slice(end + 1);
  if (port.length === 0 || port.length > 5 || !isDigits(port) || Number(port) > 65_535) {
    throw invalid(text, `has an invalid port ${JSON.stringify(port)}: use a number up to 65535`);
  }
}

/** The first `end` characters: components of letters, digits and inner dashes, joined by dots. */
function isHostName(host: string, end: number): boolean {
  let before = DOT;
  for (let i = 0; i < end; i++) {
    const c = host.charCodeAt(i);
    if (c === DOT) {
      if (before === DOT || before === DASH) return false;
    } else if (c === DASH) {
      if (before === DOT) return false;
    } else if (!isLower(c) && !isDigit(c) && !isUpper(c)) return false;
    before = c;
  }
  return before !== DOT && before !== DASH;
}

function isIpv6(address: string): boolean {
  for (let i = 0; i < address.length; i++) {
    const c = address.charCodeAt(i) | 0x20;
    if (!(isDigit(address.charCodeAt(i)) || (c >= LOWER_A && c <= LOWER_F) || address.charCodeAt(i) === COLON))
      return false;
  }
  return address.includes(':');
}

/** Runs of lower-case letters and digits, joined by `.`, `_`, `__` or dashes, in parts joined by slashes. */
export function checkRepository(text: string, repository: string): void {
  let run = 0; // how many alphanumerics there are right before
  let separator = 0; // the separator character since them, and how often
  let times = 0;
  for (let i = 0; i <= repository.length; i++) {
    const c = i === repository.length ? SLASH : repository.charCodeAt(i);
    if (isLower(c) || isDigit(c)) {
      run++;
      separator = times = 0;
    } else if (c === SLASH) {
      if (run === 0 || times > 0) throw invalid(text, badPart(repository, i, run === 0 && times === 0));
      run = 0;
    } else if (c === DOT || c === UNDERSCORE || c === DASH) {
      if (run === 0 || (times > 0 && (c !== separator || c === DOT || (c === UNDERSCORE && times === 2)))) {
        throw invalid(
          text,
          `has dots, dashes or underscores in the wrong place in its repository ${JSON.stringify(repository)}: each must be a single one between letters or digits (__ and several dashes are allowed too)`,
        );
      }
      separator = c;
      times++;
    } else if (isUpper(c)) {
      throw invalid(text, `has upper case in its repository; write ${JSON.stringify(repository.toLowerCase())}`);
    } else {
      throw invalid(
        text,
        `has ${JSON.stringify(String.fromCodePoint(repository.codePointAt(i)!))} in its repository: use lower-case letters, digits, and . _ - / between them`,
      );
    }
  }
}

function badPart(repository: string, end: number, empty: boolean): string {
  if (repository.length === 0) return 'has no repository';
  if (empty)
    return `has an empty part in its repository ${JSON.stringify(repository)}: two slashes in a row, or one at the start or end`;
  return `has a part that ends with ${JSON.stringify(repository.charAt(end - 1))} in its repository ${JSON.stringify(repository)}`;
}

export function checkedTag(text: string, tag: string): string {
  if (isTag(tag)) return tag;
  if (tag.length === 0) throw invalid(text, 'has nothing after its colon; add a tag or remove the colon');
  if (tag.length > TAG_MAX)
    throw invalid(text, `has a tag of ${tag.length} characters; at most ${TAG_MAX} are allowed`);
  throw invalid(
    text,
    `has an invalid tag ${JSON.stringify(tag)}: use letters, digits, _, . and -, starting with a letter, digit or _`,
  );
}

export function checkedDigest(text: string, start: number): string {
  const digest = text.slice(start);
  const colon = digest.indexOf(':');
  const length =
    colon === -1 || !Object.hasOwn(DIGEST_HEX_LENGTH, digest.slice(0, colon))
      ? undefined
      : DIGEST_HEX_LENGTH[digest.slice(0, colon)];
  if (length === undefined)
    throw invalid(text, 'has a digest with an unknown algorithm: use sha256:, sha384: or sha512: after the @');
  if (digest.length !== colon + 1 + length || !isHex(digest, colon + 1)) {
    throw invalid(text, `has an invalid ${digest.slice(0, colon)} digest: use ${length} lower-case hexadecimal digits`);
  }
  return digest;
}

export function isBareId(repository: string): boolean {
  return repository.length === 64 && isHex(repository, 0);
}

function isHex(text: string, start: number): boolean {
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!(isDigit(c) || (c >= LOWER_A && c <= LOWER_F))) return false;
  }
  return true;
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= NINE;
}

function isLower(c: number): boolean {
  return c >= LOWER_A && c <= LOWER_Z;
}

function isUpper(c: number): boolean {
  return c >= UPPER_A && c <= UPPER_Z;
}

export function invalid(text: string, problem: string): InvalidImageReferenceError {
  return new InvalidImageReferenceError(`${JSON.stringify(truncate(text, MAX_SHOWN))} ${problem}`);
}
