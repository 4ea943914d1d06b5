import type { VersionTag } from './version-tag.ts';

/**
 * Whether a version seems to be numbered in another way than the one that it follows: its first number is a year where the
 * other's has less than four digits (`10.11.4`, `2021.12.16`), or has two digits more or still more (`1.6.1`, `5512.0.0`).
 */
function changesNumbering(from: VersionTag, to: VersionTag): boolean {
  const before = String(from.numbers[0]);
  const after = String(to.numbers[0]);
  return after.length >= before.length + 2 || (before.length < 4 && /^(?:19|20)\d\d$/.test(after));
}

/**
 * What is said of `to` where it takes the place of `from` and {@link changesNumbering}: that it may not be intended, and what to do.
 * @param tag the whole tag, of which the version may be a part (`spec.tags.extract`)
 */
export function numberingRemark(
  from: VersionTag | undefined,
  to: VersionTag | undefined,
  tag: string,
): string | undefined {
  if (from === undefined || to === undefined || !changesNumbering(from, to)) return undefined;
  const remark =
    'its version numbering differs from that of the current tag; if that is not intended, exclude it with spec.tags.exclude';
  if (to.tag !== tag) return remark;
  const digits = /\d+/.exec(tag)![0].length;
  return `${remark}, such as '^${to.prefix}\\d{${digits}}${to.numbers.length > 1 ? '\\.' : '(\\D|$)'}'`;
}
