import { RE2JS } from 're2js';
import { LONGEST_PATTERN } from './tags-spec.ts';

/** A user's pattern: RE2 (Go's syntax), which takes time linear in the text, whatever the pattern. Compiled once. */
export interface Pattern {
  /** As the user wrote it. */
  readonly source: string;
  /** How many groups it has. */
  readonly groups: number;
  /** Searched: whether it matches anywhere in `text`. */
  matches(text: string): boolean;
  /** What the first group matched; `undefined` where the pattern does not match, or the group took no part. */
  firstGroup(text: string): string | undefined;
}

/** Repetitions of repetitions multiply: beyond this, a pattern of a few letters would be a program of megabytes. */
const LARGEST_PROGRAM = 20_000;

/** A text is not a valid RE2 pattern; the message says what is wrong, without its full stop. */
export class InvalidPatternError extends Error {
  override readonly name = 'InvalidPatternError';
}

/** @throws InvalidPatternError */
export function compilePattern(source: string): Pattern {
  if (source === '') throw new InvalidPatternError('the pattern is empty');
  if (source.length > LONGEST_PATTERN)
    throw new InvalidPatternError(
      `the pattern has ${source.length} characters; at most ${LONGEST_PATTERN} are allowed`,
    );
  const compiled = compile(source);
  if (compiled.programSize() > LARGEST_PROGRAM)
    throw new InvalidPatternError(
      `the pattern ${JSON.stringify(source)} repeats so much that it gets too large; use smaller counts`,
    );
  return {
    source,
    groups: compiled.groupCount(),
    matches: (text) => compiled.test(text),
    firstGroup(text) {
      const matcher = compiled.matcher(text);
      return matcher.find() ? (matcher.group(1) ?? undefined) : undefined;
    },
  };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new InvalidPatternError(
      `${JSON.stringify(source)} is not a valid RE2 pattern: ${(error as Error).message.replace('error parsing regexp: ', '')}`,
      { cause: error },
    );
  }
}
