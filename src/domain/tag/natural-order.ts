import { comparePrecedence, parseVersionTag, type VersionTag } from './version-tag.ts';

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
  return (a.length - i) - (b.length - j) || a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

const ZERO = 0x30, NINE = 0x39;

function digitsEnd(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= NINE;
}
