/** One way in that a server offers with a 401. */
export interface Challenge {
  /** Lower case: `basic`, `bearer`, … */
  readonly scheme: string;
  /** By lower-case name; the first of a name counts. */
  readonly params: ReadonlyMap<string, string>;
}

const MAX_LENGTH = 8_192;
const MAX_CHALLENGES = 16;
/** `token` of RFC 9110, section 5.6.2. */
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAM_NAME = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
/** Wider than a token: registries leave the quotes off URLs. */
const BARE_VALUE = /[^\s,"]*/y;
const SEPARATORS = /[\s,]*/y;

/**
 * Parses `WWW-Authenticate` (RFC 9110 section 11.6.1; bearer's parameters: RFC 6750 section 3): several challenges in one
 * or several header fields, quoted strings with commas and escapes. Never fails: what can't be read is passed over.
 * Linear in the header's length, of which at most 8 KiB are read.
 */
export function parseChallenges(header: string | readonly string[] | undefined): readonly Challenge[] {
  const text = (typeof header === 'string' ? header : (header ?? []).join(', ')).slice(0, MAX_LENGTH);
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match ?? undefined;
  };

  while (take(SEPARATORS) !== undefined && at < text.length) {
    const current = challenges.at(-1);
    const param = current && take(PARAM_NAME);
    if (current && param) {
      const name = (param[1] ?? '').toLowerCase();
      let value: string;
      if (text[at] === '"') [value, at] = quotedString(text, at);
      else value = take(BARE_VALUE)?.[0] ?? '';
      if (!current.params.has(name)) current.params.set(name, value);
      continue;
    }
    const scheme = take(TOKEN)?.[0];
    if (scheme === undefined) {
      at += 1;
      continue;
    }
    if (challenges.length === MAX_CHALLENGES) break;
    challenges.push({ scheme: scheme.toLowerCase(), params: new Map() });
    if (take(/[ \t]+/y) !== undefined) take(TOKEN68);
  }
  return challenges;
}

/** RFC 9110 section 5.6.4, from the opening quote at `start`; one that is never closed ends with the text. */
function quotedString(text: string, start: number): [value: string, end: number] {
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') return [value, at + 1];
    if (character === '\\') at += 1;
    value += text[at] ?? '';
  }
  return [value, text.length];
}
