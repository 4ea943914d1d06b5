import { compareOneRun, firstDifference, type Run, runsOf } from './runs.ts';
import { comparePrecedence } from './compare-versions.ts';
import { parseVersionTag, type VersionTag } from './version-tag.ts';

/**
 * A total order of all tags: versions above other words; versions by their parts; words, and versions that are equal, by
 * their runs of digits (as numbers) and of other characters (by code point), then by code point. 0 only for the same tag.
 */
export function compareNaturally(a: string, b: string): number {
  if (a === b) return 0;
  const one = parseVersionTag(a);
  const other = parseVersionTag(b);
  if (one === undefined || other === undefined) {
    const versions = Number(one !== undefined) - Number(other !== undefined);
    return versions !== 0 ? versions : compareRuns(a, b);
  }
  return comparePrecedence(one, other) || compareRuns(a, b);
}

/**
 * Whether `tag` is newer than another one: where the natural order says something of them. Versions are above other words,
 * and go by their parts; equal ones by the first run that differs, and only where that is digits in both: `1.25.3-r10` is
 * newer than `1.25.3-r9`, but of `1.25.3-alpine` and `1.25.3-bookworm` neither is. Words go by the first run that differs
 * as well, and by letters too where no digits have come before: `noble` is newer than `jammy`, `main-10-abc` than
 * `main-9-fed`, but not `main-9-fed` than `main-9-abc`. A commit's hash is never newer. What is newer than a newer one is
 * newer, and {@link compareNaturally} has it above.
 */
export function isNewer(tag: string, than: string): boolean {
  const one = parseVersionTag(tag);
  const other = parseVersionTag(than);
  if (one !== undefined && other !== undefined) return isNewerVersion(one, other);
  if (one !== undefined || other !== undefined) return one !== undefined;
  const [runs, others] = [runsOf(tag), runsOf(than)];
  const at = firstDifference(runs, others);
  if (at === undefined) return false;
  const kinds = [runs[at]?.kind, others[at]?.kind];
  if (kinds[0] === 'digits' && kinds[1] === 'digits') return compareOneRun(runs[at], others[at]) > 0;
  return (
    !kinds.includes('hash') && runs.slice(0, at).every(({ kind }) => kind === 'text') && compareRuns(tag, than) > 0
  );
}

/** {@link isNewer}, of versions. */
export function isNewerVersion(tag: VersionTag, than: VersionTag): boolean {
  const order = comparePrecedence(tag, than);
  if (order !== 0 || tag.tag === than.tag) return order > 0;
  const [runs, others] = [runsOf(tag.tag), runsOf(than.tag)];
  const at = firstDifference(runs, others);
  return (
    at !== undefined &&
    runs[at]?.kind === 'digits' &&
    others[at]?.kind === 'digits' &&
    compareOneRun(runs[at], others[at]) > 0
  );
}

/**
 * Of two tags the better one to take the place of `model`: by the first run that differs, digits by value, else that which
 * is like the model's in that place, then by code point. A total order but for leading zeros, which has what
 * {@link isNewer} of equal versions says in it.
 */
export function compareLike(model: readonly Run[], a: string, b: string): number {
  const [runs, others] = [runsOf(a), runsOf(b)];
  const at = firstDifference(runs, others);
  if (at === undefined) return 0;
  const isLike = (run: Run | undefined): boolean =>
    model[at]?.kind === 'digits' ? run?.kind === 'digits' : run?.text === model[at]?.text;
  return Number(isLike(runs[at])) - Number(isLike(others[at])) || compareOneRun(runs[at], others[at]);
}

/** Sorted by {@link compareNaturally}, the newest first; each tag is parsed once. */
export function newestFirst(tags: Iterable<string>): readonly string[] {
  const versions: VersionTag[] = [];
  const words: string[] = [];
  for (const tag of tags) {
    const version = parseVersionTag(tag);
    if (version === undefined) words.push(tag);
    else versions.push(version);
  }
  versions.sort((a, b) => comparePrecedence(b, a) || compareRuns(b.tag, a.tag));
  words.sort((a, b) => compareRuns(b, a));
  return [...versions.map(({ tag }) => tag), ...words];
}

/** The first of {@link newestFirst}, without sorting; `undefined` of none. */
export function newestOf(tags: Iterable<string>): string | undefined {
  let newest: VersionTag | undefined;
  let word: string | undefined;
  for (const tag of tags) {
    const version = parseVersionTag(tag);
    if (version === undefined) {
      if (word === undefined || compareRuns(tag, word) > 0) word = tag;
    } else if (newest === undefined || (comparePrecedence(version, newest) || compareRuns(tag, newest.tag)) > 0) {
      newest = version;
    }
  }
  return newest?.tag ?? word;
}

/** By runs of digits, as numbers of any length, and character by character between them; then the shorter first. */
export function compareRuns(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const c = a.charCodeAt(i);
    const d = b.charCodeAt(j);
    if (isDigit(c) && isDigit(d)) {
      const endA = digitsEnd(a, i);
      const endB = digitsEnd(b, j);
      while (i < endA - 1 && a.charCodeAt(i) === ZERO) i++;
      while (j < endB - 1 && b.charCodeAt(j) === ZERO) j++;
      if (endA - i !== endB - j) return endA - i - (endB - j);
      while (i < endA) {
        const order = a.charCodeAt(i++) - b.charCodeAt(j++);
        if (order !== 0) return order;
      }
    } else {
      if (c !== d) return c - d;
      i++;
      j++;
    }
  }
  return a.length - i - (b.length - j) || a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

const ZERO = 0x30,
  NINE = 0x39;

function digitsEnd(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= NINE;
}
