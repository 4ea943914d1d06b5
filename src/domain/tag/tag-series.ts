import type { Part, VersionTag } from './version-tag.ts';
import { mostDigits, WIDE_DIGITS, widthsOf } from './width.ts';

/** What {@link TagSeries.read} found: no candidate, one, or a tag that has to be parsed to tell. */
export type Reading = typeof NO | typeof YES | typeof PARSE;

export const NO = 0,
  YES = 1,
  PARSE = 2;

const ZERO = 0x30,
  NINE = 0x39,
  LOWER_B = 0x62,
  LOWER_V = 0x76,
  DOT = 0x2e,
  DASH = 0x2d,
  UNDERSCORE = 0x5f;

/** A double holds numbers of so many digits exactly. */
const EXACT_DIGITS = 15;

/**
 * The tags of the current tag's series (see `isCandidate`), told from others without memory for each: a list has
 * thousands of tags, few of them of one series. It reads a tag only as far as it is like the current one, and leaves what
 * it can't tell that way to `parseVersionTag`.
 */
export class TagSeries {
  readonly current: VersionTag;
  /** The parts of the tag that was read last, if it was a candidate: its numbers, then its revision. */
  readonly parts: number[];
  private readonly prefixed: boolean;
  private readonly numbers: number;
  private readonly revisions: number;
  private readonly build: boolean;
  /** How many digits each of `parts` may have. */
  private readonly most: readonly number[];
  private readonly variant: string;
  /** Whether candidates can be told by reading alone: pre-releases are few, and numbers beyond a double too. */
  private readonly plain: boolean;

  constructor(current: VersionTag) {
    this.current = current;
    this.prefixed = current.prefix === 'v';
    this.numbers = current.numbers.length;
    this.revisions = current.revision.length;
    this.build = current.build;
    const [numbers, , revision] = widthsOf(current);
    this.most = [...numbers, ...revision].map((width) => mostDigits(width));
    this.variant = current.variant;
    this.plain = current.preRelease === undefined;
    this.parts = Array.from({ length: this.numbers + this.revisions }, () => 0);
  }

  /** Reads a tag; after {@link YES}, `parts` are its. */
  read(tag: string): Reading {
    const variant = this.variant;
    const end = tag.length - variant.length;
    if (end <= 0) return NO;
    if (variant === '') {
      if (this.plain && !isDigit(tag.charCodeAt(end - 1))) return NO;
    } else if (tag.charCodeAt(end) !== variant.charCodeAt(0) || !tag.endsWith(variant)) {
      return NO;
    }
    const i = this.readNumbers(tag, end);
    if (i < 0) return i === -1 ? NO : PARSE;
    if (!this.plain) return PARSE;
    if (this.revisions > 0) return this.readRevision(tag, i, end);
    // What follows is the current tag's variant to the letter, so it is read as it was there.
    return i === end ? YES : NO;
  }

  /** Reads what is behind a tag's numbers, from `i` to `end`, into `parts`. */
  private readRevision(tag: string, i: number, end: number): Reading {
    const parts = this.parts;
    if (this.build && (tag.charCodeAt(i + 1) | 0x20) !== LOWER_B) return NO;
    for (let r = 0; r < this.revisions; r++) {
      const separator = tag.charCodeAt(i);
      if (separator !== DASH && separator !== UNDERSCORE) return NO;
      i += r === 0 && this.build ? 2 : 1;
      const start = i;
      let value = 0;
      for (let c: number; i < end && isDigit((c = tag.charCodeAt(i))); i++) value = value * 10 + (c - ZERO);
      const digits = i - start;
      if (digits === 0) return NO;
      if (digits >= WIDE_DIGITS) {
        if (digits > this.most[this.numbers + r]!) return NO;
        if (digits > EXACT_DIGITS) return PARSE;
      }
      parts[this.numbers + r] = value;
    }
    return i === end ? YES : NO;
  }

  /**
   * Reads a tag's prefix and numbers, no further than `end`, into `parts`.
   * @returns where the numbers end; -1 where they can't be a candidate's, -2 where they have to be parsed
   */
  readNumbers(tag: string, end: number): number {
    let i = 0;
    if (this.prefixed) {
      if (tag.charCodeAt(0) !== LOWER_V) return -1;
      i = 1;
    }
    const parts = this.parts;
    const last = this.numbers - 1;
    for (let n = 0; ; n++) {
      const start = i;
      let value = 0;
      for (let c: number; i < end && isDigit((c = tag.charCodeAt(i))); i++) value = value * 10 + (c - ZERO);
      const digits = i - start;
      if (digits === 0) return -1;
      if (digits >= WIDE_DIGITS) {
        if (digits > this.most[n]!) return -1;
        if (digits > EXACT_DIGITS) return -2;
      }
      parts[n] = value;
      if (n === last) return i;
      if (i >= end || tag.charCodeAt(i) !== DOT) return -1;
      i++;
    }
  }
}

/** The parts of a release as {@link TagSeries.parts} has them; `undefined` where they are no plain numbers, or it is a pre-release. */
export function plainParts({ numbers, revision, preRelease }: VersionTag): readonly number[] | undefined {
  const parts: readonly Part[] = [...numbers, ...revision];
  return preRelease === undefined && parts.every((part) => typeof part === 'number') ? parts : undefined;
}

/** Parts of one series, by the first that differs. */
export function comparePlain(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = a[i]! - b[i]!;
    if (order !== 0) return order;
  }
  return 0;
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= NINE;
}
