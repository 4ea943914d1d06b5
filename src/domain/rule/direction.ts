import type { InvalidValue } from './invalid-value.ts';

/** Which way a rule goes from the current tag: 1 up to the highest tag, -1 down to the lowest. */
export type Direction = 1 | -1;

/** The direction that a rule's value names. @param invalidValue makes the error of any other value */
export function directionOf(value: string | undefined, invalidValue: InvalidValue): Direction {
  switch (value) {
    case undefined:
    case '':
    case 'desc':
      return 1;
    case 'asc':
      return -1;
    default:
      throw invalidValue(
        `value is ${JSON.stringify(value)}; omit it for the highest tag above the current one, or use "asc" for the lowest below it`,
      );
  }
}

/** What is said of tags that lie the other way. */
export function notBeyond(direction: Direction): string {
  return `not ${direction > 0 ? 'above' : 'below'} the current tag`;
}
