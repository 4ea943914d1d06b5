/** What others wrote, for a terminal: it must not move the cursor, nor turn the direction of the text. */
export function text(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** The same of several lines, which stay lines. */
export function lines(value: string): string {
  return value.split('\n').map(text).join('\n');
}
