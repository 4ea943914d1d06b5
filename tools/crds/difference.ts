/** Lines shown around a difference, and at most in all. */
const CONTEXT = 2;
const MOST = 60;

/**
 * What differs between two texts, as lines with `-` (only in `before`), `+` (only in `after`) or a space.
 * Between the first and the last difference nothing is matched up: enough to see where to look.
 */
export function difference(before: string, after: string): string {
  const old = before.split('\n');
  const now = after.split('\n');
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const lines = [
    `@@ line ${start + 1} @@`,
    ...old.slice(Math.max(0, start - CONTEXT), start).map((line) => ` ${line}`),
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
    ...old.slice(old.length - end, old.length - end + CONTEXT).map((line) => ` ${line}`),
  ];
  return lines.length <= MOST
    ? lines.join('\n')
    : [...lines.slice(0, MOST), `… ${lines.length - MOST} more lines`].join('\n');
}
