import type { VersionTag } from './version-tag.ts';

/** From so many digits on, a number is a date, a build number or the like. */
export const WIDE_DIGITS = 6;

/**
 * Whether `tag` has a number of six digits or more where `current` has in that place (of its numbers, its pre-release or
 * its revision) none, or one that is more than a digit shorter: `3` never becomes `20260805`, but `99999` does `100123`.
 */
export function isTooWide(current: VersionTag, tag: VersionTag): boolean {
  if (!tag.wide) return false;
  const own = widthsOf(current);
  return widthsOf(tag).some((widths, part) => widths.some((width, place) => width > mostDigits(own[part]![place])));
}

/** How many digits a number may have to take the place of one that has `width`; where there is none, it has 0. */
export function mostDigits(width = 0): number {
  return Math.max(WIDE_DIGITS - 1, width + 1);
}

/** How many digits the parts of a version are spelt with: its numbers, those of its pre-release, its revision. */
export function widthsOf({
  tag,
  numbers,
  preRelease,
  revision,
}: VersionTag): readonly [readonly number[], readonly number[], readonly number[]] {
  const widths = Array.from(tag.matchAll(/\d+/g), ([digits]) => digits.length);
  const behind = numbers.length + (preRelease?.numbers.length ?? 0);
  return [
    widths.slice(0, numbers.length),
    widths.slice(numbers.length, behind),
    widths.slice(behind, behind + revision.length),
  ];
}
