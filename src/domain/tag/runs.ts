import { compareText } from './compare-versions.ts';

/** A piece of a tag: digits, letters or what stands between them (`text`), or the hash of a commit. */
export interface Run {
  readonly text: string;
  readonly kind: 'digits' | 'text' | 'hash';
}

const BETWEEN_WORDS = /([^0-9A-Za-z])/;

/** A tag's runs, from the left: `main-10-a1b2c3d` is main, -, 10, - and a hash. */
export function runsOf(tag: string): readonly Run[] {
  return tag.split(BETWEEN_WORDS).flatMap((word): Run[] => {
    if (isHash(word)) return [{ text: word, kind: 'hash' }];
    return (word.match(/\d+|\D+/g) ?? []).map((text) => ({ text, kind: /^\d/.test(text) ? 'digits' : 'text' }));
  });
}

/** Where two tags begin to differ, digits being compared by value; `undefined` where it is in leading zeros at most. */
export function firstDifference(a: readonly Run[], b: readonly Run[]): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (compareOneRun(a[i], b[i]) !== 0) return i;
  return undefined;
}

/** A total order: no run any more, digits by value, all others by code point. */
export function compareOneRun(a: Run | undefined, b: Run | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  if (a.kind === 'digits' && b.kind === 'digits') return compareDigits(a.text, b.text);
  return Number(a.kind !== 'digits') - Number(b.kind !== 'digits') || compareText(a.text, b.text);
}

/**
 * Whether two tags, or ends of them, are of one shape: the same to the letter once their runs of digits and their commit hashes
 * are set equal: `-r9` and `-r24`, `main-9-a1b2c3d` and `main-10-9f8e7d6`.
 */
export function isSameShape(a: string, b: string): boolean {
  const words = a.split(BETWEEN_WORDS);
  const others = b.split(BETWEEN_WORDS);
  return words.length === others.length && words.every((word, i) => isSameWord(word, others[i]!));
}

function isSameWord(a: string, b: string): boolean {
  if (a === b) return true;
  // A hash may be of digits alone, as a date is: then its length tells.
  if (mayBeHash(a, b) && mayBeHash(b, a) && (a.length === b.length || !(/^\d+$/.test(a) || /^\d+$/.test(b))))
    return true;
  return a.replace(/\d+/g, '#') === b.replace(/\d+/g, '#');
}

/** Wider than what is surely a hash, since nothing is ordered by it: of the short ones some begin with digits, or have letters alone. */
function mayBeHash(word: string, beside: string): boolean {
  return /^g?[0-9a-f]{6,64}$/.test(word) && (word.length > 6 || /\d/.test(word) || /\d/.test(beside));
}

/**
 * Whether a word is a commit's hash, as `git rev-parse --short` and `git describe` write it. One of digits alone can't be
 * told from a number, nor one of letters from a word; digits with one letter before or behind them are rather a date's.
 */
function isHash(word: string): boolean {
  if (/^g[0-9a-f]{7,40}$/.test(word)) return true;
  return (
    /^[0-9a-f]{6,64}$/.test(word) && /\d/.test(word) && /[a-f]/.test(word) && !/^(?:\d+[a-f]|[a-f]\d+)$/.test(word)
  );
}

/** By value, of any length. */
function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+/, '');
  const y = b.replace(/^0+/, '');
  return x.length - y.length || compareText(x, y);
}
