/** `text` in at most `most` characters (UTF-16 units, at least 1): what is longer ends with `…` in place of the rest. */
export function truncate(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
