import { digitsEnd, type Part, type PreRelease, type VersionTag } from './version-tag.ts';
import { isTooWide } from './width.ts';

/**
 * Whether `tag` is of the same series as `current`, so that it may take its place if it is newer: with a leading v or none
 * like it, as many numbers (`1.25` never becomes `1.26.3`) and revision groups, the same variant, no number that is too
 * wide; and a release or, where `current` is a pre-release, a later pre-release of the same numbers, with numbers of its
 * own or without like `current` (`13-ea` is a channel that follows `13-ea-30` and its like: it never becomes one of them,
 * nor they it).
 */
export function isCandidate(current: VersionTag, tag: VersionTag): boolean {
  return (
    tag.numbers.length === current.numbers.length &&
    tag.prefix === current.prefix &&
    tag.variant === current.variant &&
    tag.revision.length === current.revision.length &&
    tag.build === current.build &&
    !isTooWide(current, tag) &&
    (tag.preRelease === undefined ||
      (current.preRelease !== undefined &&
        (tag.preRelease.numbers.length === 0) === (current.preRelease.numbers.length === 0) &&
        compareLists(tag.numbers, current.numbers) === 0 &&
        comparePrecedence(tag, current) > 0))
  );
}

/**
 * Which of two versions is newer, whatever their variants and spelling: by numbers (a missing one is 0), then pre-release
 * (below its release; words without case, then their numbers), then revision. Negative, 0 or positive like a sort's.
 */
export function comparePrecedence(a: VersionTag, b: VersionTag): number {
  return (
    compareNumbers(a.numbers, b.numbers) ||
    comparePreReleases(a.preRelease, b.preRelease) ||
    compareLists(a.revision, b.revision)
  );
}

/**
 * A total order of the candidates for `current`: {@link comparePrecedence}, then {@link compareSpelling} for equal ones
 * (`2024.01`, `2024.1`). 0 only for the same tag.
 */
export function compareCandidates(current: VersionTag, a: VersionTag, b: VersionTag): number {
  const precedence = comparePrecedence(a, b);
  if (precedence !== 0 || a.tag === b.tag) return precedence;
  return compareSpelling(current.tag, a.tag, b.tag);
}

/** Of two equal tags, that which is written like `current` is the higher, then the longer, then the later by code point. */
export function compareSpelling(current: string, a: string, b: string): number {
  return (
    Number(isWrittenLike(current, a)) - Number(isWrittenLike(current, b)) || a.length - b.length || compareText(a, b)
  );
}

/** By value. */
export function compareParts(a: Part, b: Part): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  return typeof b === 'number' ? 1 : a.length - b.length || compareText(a, b);
}

function compareNumbers(a: readonly Part[], b: readonly Part[]): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareParts(a[i] ?? 0, b[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** By the first that differs; the shorter first where it is the beginning of the other. */
export function compareLists(a: readonly Part[], b: readonly Part[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareParts(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** A pre-release is below its release (`undefined`); then by word, then by numbers. */
export function comparePreReleases(a: PreRelease | undefined, b: PreRelease | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compareText(a.word, b.word) || compareLists(a.numbers, b.numbers);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whether two tags are equal but for the values of their numbers: all else to the letter, and each number with as many
 * digits or, on both sides, without leading zeros. `2024.2` is written like `2024.1`, `2024.02` is not.
 */
function isWrittenLike(model: string, tag: string): boolean {
  let i = 0;
  let j = 0;
  while (i < model.length && j < tag.length) {
    const inModel = digitsEnd(model, i);
    const inTag = digitsEnd(tag, j);
    if (inModel === i || inTag === j) {
      if (model.charCodeAt(i++) !== tag.charCodeAt(j++)) return false;
    } else {
      const sameWidth = inModel - i === inTag - j;
      if (!sameWidth && (isPadded(model, i, inModel) || isPadded(tag, j, inTag))) return false;
      i = inModel;
      j = inTag;
    }
  }
  return i === model.length && j === tag.length;
}

function isPadded(text: string, start: number, end: number): boolean {
  return end - start > 1 && text.charCodeAt(start) === 0x30;
}
