/**
 * A parsed image reference. `registry` is the host (with port) in lower case as it is named, Docker Hub's always
 * `docker.io`; `repository` is whole, `library/nginx` for `nginx`. `digest` is `sha256:…` and the like.
 */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** The text is no image reference; the message says what is wrong with it, in one sentence without the field. */
export class InvalidImageReferenceError extends Error {
  override readonly name = 'InvalidImageReferenceError';
}

const DOCKER_HUB = 'docker.io';
const REPOSITORY_MAX = 255;
const TAG_MAX = 128;
/** Nothing that is valid is longer: a host (253 and a port), a repository, a tag and the longest digest. */
const REFERENCE_MAX = 1024;

/** Lengths of the hex part of the registered digest algorithms (OCI image spec, "Registered algorithms"). */
const DIGEST_HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

const ZERO = 0x30, NINE = 0x39, UPPER_A = 0x41, UPPER_Z = 0x5a, LOWER_A = 0x61, LOWER_F = 0x66, LOWER_Z = 0x7a;
const DOT = 0x2e, DASH = 0x2d, UNDERSCORE = 0x5f, SLASH = 0x2f, COLON = 0x3a;

/**
 * Reads `[host[:port]/]path[:tag][@digest]` as container runtimes do (grammar of github.com/distribution/reference, and its
 * short names: `nginx` is `docker.io/library/nginx`). Linear in the length of the text.
 * @throws InvalidImageReferenceError and nothing else
 */
export function parseImageReference(text: string): ImageReference {
  if (text.length === 0) throw new InvalidImageReferenceError('is empty; give a repository, like docker.io/library/nginx');
  if (text.length > REFERENCE_MAX) throw new InvalidImageReferenceError(`is ${text.length} characters long; at most ${REFERENCE_MAX} can be right`);
  if (text.includes('://')) throw invalid(text, 'begins with a scheme; leave out everything up to ://');

  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : checkedDigest(text, at + 1);
  const nameAndTag = at === -1 ? text : text.slice(0, at);
  const colon = tagColon(nameAndTag);
  const tag = colon === -1 ? undefined : checkedTag(text, nameAndTag.slice(colon + 1));
  const name = colon === -1 ? nameAndTag : nameAndTag.slice(0, colon);

  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  let registry = DOCKER_HUB;
  let repository = name;
  if (isHost(first)) {
    checkHost(text, first);
    registry = lowerCaseHost(first);
    if (registry === 'index.docker.io' || registry === 'registry-1.docker.io') registry = DOCKER_HUB;
    repository = name.slice(slash + 1);
  }
  checkRepository(text, repository);
  if (registry === DOCKER_HUB && !repository.includes('/')) {
    if (isBareId(repository)) throw invalid(text, 'is an image id (64 hexadecimal digits), not a repository');
    repository = `library/${repository}`;
  }
  if (repository.length > REPOSITORY_MAX) throw invalid(text, `has a repository of ${repository.length} characters; at most ${REPOSITORY_MAX} are allowed`);

  if (tag === undefined) return digest === undefined ? { registry, repository } : { registry, repository, digest };
  return digest === undefined ? { registry, repository, tag } : { registry, repository, tag, digest };
}

/** {@link parseImageReference}, `undefined` for what is no reference. */
export function readReference(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof InvalidImageReferenceError) return undefined;
    throw error;
  }
}

/** The canonical text of a reference: `docker.io/library/nginx:1.9`. {@link parseImageReference} is its inverse. */
export function formatImageReference(reference: ImageReference): string {
  return withTagAndDigest(repositoryId(reference), reference);
}

/** The text as people write it: `nginx:1.9` for `docker.io/library/nginx:1.9`. */
export function familiarName(reference: ImageReference): string {
  const { registry, repository } = reference;
  if (registry !== DOCKER_HUB) return formatImageReference(reference);
  const short = repository.startsWith('library/') ? repository.slice('library/'.length) : repository;
  // `docker.io/library/localhost/app`, say, would be read as a host when shortened.
  const slash = short.indexOf('/');
  return withTagAndDigest(slash !== -1 && (short !== repository || isHost(short.slice(0, slash))) ? `${registry}/${repository}` : short, reference);
}

/** The repository in one canonical spelling, for maps and comparisons: `docker.io/library/nginx`, without tag and digest. */
export function repositoryId(reference: ImageReference): string {
  return `${reference.registry}/${reference.repository}`;
}

/** Whether both name the same repository; tags and digests don't matter. */
export function sameRepository(a: ImageReference, b: ImageReference): boolean {
  return a.repository === b.repository && a.registry === b.registry;
}

/**
 * The reference `text`, spelt as it is but with `tag` (and `digest`) in place of its tag and digest: `nginx:1.9` becomes
 * `nginx:1.10`, not `docker.io/library/nginx:1.10`. `text` has to be one that {@link parseImageReference} takes.
 */
export function withTag(text: string, tag: string, digest?: string): string {
  const at = text.indexOf('@');
  const nameAndTag = at === -1 ? text : text.slice(0, at);
  const colon = tagColon(nameAndTag);
  return `${colon === -1 ? nameAndTag : nameAndTag.slice(0, colon)}:${tag}${digest === undefined ? '' : `@${digest}`}`;
}

/** Whether `text` can be a tag: a letter, digit or `_`, then up to 127 of these, `.` and `-` (distribution spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  if (text.length === 0 || text.length > TAG_MAX) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!(isLower(c) || isDigit(c) || isUpper(c) || c === UNDERSCORE || (i > 0 && (c === DOT || c === DASH)))) return false;
  }
  return true;
}

function withTagAndDigest(name: string, { tag, digest }: ImageReference): string {
  return `${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Where the colon before the tag is; -1 where there is no tag. A colon before the last slash belongs to the host. */
function tagColon(nameAndTag: string): number {
  const colon = nameAndTag.lastIndexOf(':');
  return colon > nameAndTag.lastIndexOf('/') ? colon : -1;
}

/** Whether what is before the first slash is a host: Docker Hub's names have no dot, colon or upper case there. */
function isHost(first: string): boolean {
  if (first === 'localhost') return true;
  for (let i = 0; i < first.length; i++) {
    const c = first.charCodeAt(i);
    if (c === DOT || c === COLON || isUpper(c)) return true;
  }
  return false;
}

function checkHost(text: string, host: string): void {
  let end = host.lastIndexOf(':');
  if (host.startsWith('[')) {
    const close = host.indexOf(']');
    if (close < 2 || !isIpv6(host.slice(1, close))) throw invalid(text, `has no IPv6 address in the brackets of its host ${JSON.stringify(host)}`);
    end = close + 1;
    if (end === host.length) return;
    if (host.charCodeAt(end) !== COLON) throw invalid(text, `has something other than :port after the brackets of its host ${JSON.stringify(host)}`);
  } else {
    if (end === -1) end = host.length;
    if (!isHostName(host, end)) throw invalid(text, `has a host ${JSON.stringify(host)} that is none: letters, digits and dashes between dots are allowed`);
    if (end === host.length) return;
  }
  const port = host.slice(end + 1);
  if (port.length === 0 || port.length > 5 || !isDigits(port) || Number(port) > 65_535) {
    throw invalid(text, `has a port ${JSON.stringify(port)} that is none: a number up to 65535 is wanted`);
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
    if (!(isDigit(address.charCodeAt(i)) || (c >= LOWER_A && c <= LOWER_F) || address.charCodeAt(i) === COLON)) return false;
  }
  return address.includes(':');
}

/** Runs of lower-case letters and digits, joined by `.`, `_`, `__` or dashes, in parts joined by slashes. */
function checkRepository(text: string, repository: string): void {
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
        throw invalid(text, `has dots, dashes or underscores out of place in its repository ${JSON.stringify(repository)}: they stand alone between letters or digits (__ and more dashes are allowed too)`);
      }
      separator = c;
      times++;
    } else if (isUpper(c)) {
      throw invalid(text, `has upper case in its repository; write ${JSON.stringify(repository.toLowerCase())}`);
    } else {
      throw invalid(text, `has ${JSON.stringify(String.fromCodePoint(repository.codePointAt(i)!))} in its repository: lower-case letters, digits, and . _ - / between them are allowed`);
    }
  }
}

/** Hosts are the same in any case; but one that is a host by its upper case alone would become a part of a repository. */
function lowerCaseHost(host: string): string {
  const lower = host.toLowerCase();
  return isHost(lower) ? lower : host;
}

function badPart(repository: string, end: number, empty: boolean): string {
  if (repository.length === 0) return 'has no repository';
  if (empty) return `has an empty part in its repository ${JSON.stringify(repository)}: two slashes in a row, or one at an end`;
  return `has a part that ends with ${JSON.stringify(repository.charAt(end - 1))} in its repository ${JSON.stringify(repository)}`;
}

function checkedTag(text: string, tag: string): string {
  if (isTag(tag)) return tag;
  if (tag.length === 0) throw invalid(text, 'has nothing after its colon; give a tag or leave the colon out');
  if (tag.length > TAG_MAX) throw invalid(text, `has a tag of ${tag.length} characters; at most ${TAG_MAX} are allowed`);
  throw invalid(text, `has a tag ${JSON.stringify(tag)} that is none: letters, digits, _ and, not at first, . and - are allowed`);
}

function checkedDigest(text: string, start: number): string {
  const digest = text.slice(start);
  const colon = digest.indexOf(':');
  const length = colon === -1 || !Object.hasOwn(DIGEST_HEX_LENGTH, digest.slice(0, colon)) ? undefined : DIGEST_HEX_LENGTH[digest.slice(0, colon)];
  if (length === undefined) throw invalid(text, 'has a digest of no known algorithm: sha256:, sha384: or sha512: is wanted after the @');
  if (digest.length !== colon + 1 + length || !isHex(digest, colon + 1)) {
    throw invalid(text, `has a bad ${digest.slice(0, colon)} digest: ${length} lower-case hexadecimal digits are wanted`);
  }
  return digest;
}

function isBareId(repository: string): boolean {
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

function invalid(text: string, problem: string): InvalidImageReferenceError {
  return new InvalidImageReferenceError(`${JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)} ${problem}`);
}
