/** What only a registry knows of a tag, asked of it one tag at a time and only where it matters. */
export type FactName = 'digest' | 'platforms' | 'firstSeen';

/**
 * What is known of a tag so far; what is left out has not been asked. What was asked and can't be known is `unknown`,
 * and why: a few words (`the registry has no such tag`, `tags from a file`).
 */
export interface TagFacts {
  /** `sha256:…`. */
  readonly digest?: string | Unknown;
  /** `linux/amd64`, `linux/arm64/v8`, …: what the tag's index, or its one image, is for. */
  readonly platforms?: readonly string[] | Unknown;
  /** When kimup first saw the tag's present digest, milliseconds since the epoch. */
  readonly firstSeen?: number | Unknown;
}

export interface Unknown {
  readonly unknown: string;
}

export type Facts = ReadonlyMap<string, TagFacts>;

export function isUnknown(fact: unknown): fact is Unknown {
  return typeof fact === 'object' && fact !== null && 'unknown' in fact;
}
