import { isCandidate, parseVersionTag } from '../tag/version-tag.ts';

/**
 * Whether two whole tags are of one kind, so that one may stand where the other did: of one series (what a rule without
 * `spec.tags.extract` would take, `isCandidate`), or of one shape.
 */
export function isSameKind(own: string, next: string): boolean {
  if (own === next || isSameShape(own, next)) return true;
  const version = parseVersionTag(own);
  const target = version === undefined ? undefined : parseVersionTag(next);
  return version !== undefined && target !== undefined && isCandidate(version, target);
}

/**
 * Whether two tags are the same to the letter once their runs of digits and their commit hashes are set equal:
 * `4.0.16-ls299` and `4.0.17-ls301`, `main-9-ab12cd4` and `main-10-99ff001`.
 */
export function isSameShape(a: string, b: string): boolean {
  const one = partsOf(a);
  const other = partsOf(b);
  return one.length === other.length && one.every((part, at) => isSamePart(part, other[at]!));
}

/** Words of letters and digits, and what stands between them. */
function partsOf(tag: string): readonly string[] {
  return tag.match(/[A-Za-z0-9]+|[^A-Za-z0-9]+/g) ?? [];
}

function isSamePart(a: string, b: string): boolean {
  if (a === b) return true;
  // A hash may be of digits alone, as a date is: then its length tells.
  if (isHash(a) && isHash(b) && (a.length === b.length || !(isNumber(a) || isNumber(b)))) return true;
  return withoutDigits(a) === withoutDigits(b);
}

/**
 * A commit's hash, short or long, also as `git describe` writes it (`g` before it). A word of six letters alone, such as
 * `decade`, is none; of the shortest hashes one in three hundred looks like that.
 */
function isHash(part: string): boolean {
  return /^g?[0-9a-f]{6,64}$/.test(part) && (part.length > 6 || /\d/.test(part));
}

function isNumber(part: string): boolean {
  return /^\d+$/.test(part);
}

function withoutDigits(part: string): string {
  return part.replace(/\d+/g, '#');
}
