import { WIDE_DIGITS } from './width.ts';

/**
 * A run of digits, by value: a number up to 15 digits, beyond that the digits without leading zeros, since a double
 * would lose some. {@link compareParts} compares them.
 */
export type Part = number | string;

/** What follows the numbers of a version before its release: `rc.1` is the word `rc` and the number 1. */
export interface PreRelease {
  /** In lower case. */
  readonly word: string;
  readonly numbers: readonly Part[];
}

/**
 * A tag that is a version, read from the left:
 *
 *     [v] numbers [pre-release] [revision] [variant]        v8.0.0-rc.1-alpine   21.0.2_13-jdk   4.0-20220107
 */
export interface VersionTag {
  /** The whole tag, as it is spelt. */
  readonly tag: string;
  readonly prefix: '' | 'v';
  /** One to four, that were joined by dots. */
  readonly numbers: readonly Part[];
  readonly preRelease: PreRelease | undefined;
  /** Groups of digits after `-` or `_`: a build, a date; behind four numbers also `-b12`. */
  readonly revision: readonly Part[];
  /** Whether the revision begins with a `b`: `2.6.3.0-b12`. */
  readonly build: boolean;
  /** All the rest with its separator, to the letter: `-alpine3.20`. */
  readonly variant: string;
  /** Whether any of its parts is spelt with six digits or more, as dates and build numbers are; see {@link isTooWide}. */
  readonly wide: boolean;
}

const NUMBERS_MAX = 4;
const EXACT_DIGITS = 15;

const ZERO = 0x30,
  NINE = 0x39,
  LOWER_A = 0x61,
  LOWER_B = 0x62,
  LOWER_V = 0x76,
  LOWER_Z = 0x7a;
const DOT = 0x2e,
  DASH = 0x2d,
  UNDERSCORE = 0x5f;

/** Words that make a pre-release; `true` where they do without a number too (`3.12-dev` is a variant, a moving channel). */
const PRE_RELEASE_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['alpha', 'beta', 'rc', 'pre', 'prerelease', 'preview', 'milestone', 'ea'].map((word) => [word, true] as const),
  ...['a', 'b', 'm', 'dev', 'snapshot', 'nightly', 'canary', 'next'].map((word) => [word, false] as const),
]);
const LONGEST_WORD = 'prerelease'.length;

const NONE: readonly Part[] = [];

/**
 * Reads a tag. `undefined` where it is no version: it begins with something else (`latest`, `bookworm`, the signatures
 * `sha256-….sig`), has letters glued to its numbers that are no pre-release (`8u242`), or more than four numbers.
 * One pass, by character codes: lists have thousands of tags.
 */
export function parseVersionTag(tag: string): VersionTag | undefined {
  const prefix = tag.charCodeAt(0) === LOWER_V ? 'v' : '';
  let i = prefix.length;
  if (!isDigit(tag.charCodeAt(i))) return undefined;
  let wide = false;
  const numbers: Part[] = [];
  for (;;) {
    const end = digitsEnd(tag, i);
    if (numbers.length === NUMBERS_MAX) return undefined;
    if (end - i >= WIDE_DIGITS) wide = true;
    numbers.push(part(tag, i, end));
    i = end;
    if (tag.charCodeAt(i) !== DOT || !isDigit(tag.charCodeAt(i + 1))) break;
    i++;
  }
  if (i === tag.length)
    return { tag, prefix, numbers, preRelease: undefined, revision: NONE, build: false, variant: '', wide };

  const glued = !isSeparator(tag.charCodeAt(i));
  const build = numbers.length === NUMBERS_MAX && isBuild(tag, i);
  const wordStart = glued ? i : i + 1;
  const word = build ? undefined : preReleaseWord(tag, wordStart);
  const found = word === undefined ? undefined : readPreRelease(tag, word, wordStart + word.length);
  if (found?.preRelease !== undefined) i = found.end;
  else if (glued) return undefined;
  const revision = isRevision(tag, i, build) ? readRevision(tag, i, build) : undefined;
  if (revision !== undefined) i = revision.end;
  return {
    tag,
    prefix,
    numbers,
    preRelease: found?.preRelease,
    revision: revision === undefined ? NONE : revision.numbers,
    build: build && revision !== undefined,
    variant: i === tag.length ? '' : tag.slice(i),
    wide: wide || found?.wide === true || revision?.wide === true,
  };
}

/**
 * The pre-release of a word that ends at `start`, and where it ends itself; none where the word needs a number and has none,
 * or goes on in letters.
 */
function readPreRelease(
  tag: string,
  word: string,
  start: number,
): { readonly preRelease: PreRelease | undefined; readonly end: number; readonly wide: boolean } {
  // Its first number is glued or after any separator, further ones follow dots: rc1, alpha-4, preview.7.23376.3
  let end = start;
  let at = isSeparator(tag.charCodeAt(end)) ? end + 1 : end;
  let wide = false;
  let numbers: Part[] | undefined;
  while (isDigit(tag.charCodeAt(at))) {
    end = digitsEnd(tag, at);
    if (end - at >= WIDE_DIGITS) wide = true;
    numbers ??= [];
    numbers.push(part(tag, at, end));
    if (tag.charCodeAt(end) !== DOT) break;
    at = end + 1;
  }
  const complete =
    (numbers !== undefined || PRE_RELEASE_WORDS.get(word) === true) &&
    (end === tag.length || isSeparator(tag.charCodeAt(end)));
  return { preRelease: complete ? { word, numbers: numbers ?? NONE } : undefined, end, wide };
}

/** Whether a separator and a digit stand at `start`, with a `b` between them for a build. */
function isRevision(tag: string, start: number, build: boolean): boolean {
  return isRevisionSeparator(tag.charCodeAt(start)) && isDigit(tag.charCodeAt(build ? start + 2 : start + 1));
}

/** The groups of digits from `start` on, each after its separator, and where they end; `undefined` for none. */
function readRevision(
  tag: string,
  start: number,
  build: boolean,
): { readonly numbers: readonly Part[]; readonly end: number; readonly wide: boolean } | undefined {
  const numbers: Part[] = [];
  let i = start;
  let digits = build ? start + 2 : start + 1;
  let wide = false;
  do {
    const end = digitsEnd(tag, digits);
    // `1.0-3.20` and `1.0-3f` are no revision 3 but a variant.
    if (end < tag.length && !isRevisionSeparator(tag.charCodeAt(end))) break;
    if (end - digits >= WIDE_DIGITS) wide = true;
    numbers.push(part(tag, digits, end));
    i = end;
    digits = end + 1;
  } while (isRevision(tag, i, false));
  return numbers.length === 0 ? undefined : { numbers, end: i, wide };
}

/** Whether a tag is a signature, an attestation or another companion of a digest (`sha256-<64 hex>.sig`), and no image. */
export function isCompanion(tag: string): boolean {
  return tag.startsWith('sha256-') && /^sha256-[0-9a-f]{64}(?:\.[a-z]+)?$/.test(tag);
}

/** The pre-release word at `start` in lower case, whether or not it stands without a number; `undefined` for any other word. */
function preReleaseWord(tag: string, start: number): string | undefined {
  let end = start;
  while (isLetter(tag.charCodeAt(end))) {
    if (++end - start > LONGEST_WORD) return undefined;
  }
  if (end === start) return undefined;
  const word = tag.slice(start, end);
  if (PRE_RELEASE_WORDS.has(word)) return word;
  const lower = word.toLowerCase();
  return PRE_RELEASE_WORDS.has(lower) ? lower : undefined;
}

function part(tag: string, start: number, end: number): Part {
  let from = start;
  while (from < end - 1 && tag.charCodeAt(from) === ZERO) from++;
  if (end - from > EXACT_DIGITS) return tag.slice(from, end);
  let value = 0;
  for (let i = from; i < end; i++) value = value * 10 + (tag.charCodeAt(i) - ZERO);
  return value;
}

/** Where the run of digits that begins at `start` ends. */
export function digitsEnd(tag: string, start: number): number {
  let end = start;
  while (isDigit(tag.charCodeAt(end))) end++;
  return end;
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= NINE;
}

function isLetter(c: number): boolean {
  const lower = c | 0x20;
  return lower >= LOWER_A && lower <= LOWER_Z;
}

function isSeparator(c: number): boolean {
  return c === DASH || c === UNDERSCORE || c === DOT;
}

function isRevisionSeparator(c: number): boolean {
  return c === DASH || c === UNDERSCORE;
}

/** Whether a build such as `-b12` stands at `start`; behind four numbers, where it is no beta. */
function isBuild(tag: string, start: number): boolean {
  const separator = tag.charCodeAt(start);
  return (
    isRevisionSeparator(separator) &&
    (tag.charCodeAt(start + 1) | 0x20) === LOWER_B &&
    isDigit(tag.charCodeAt(start + 2))
  );
}
