const MAX_LENGTH = 16_384;

/**
 * The target of the link with `rel="next"` in a `Link` header (RFC 8288 section 3; distribution spec, "Listing Tags"), as it
 * stands there: relative or absolute. Registries that leave out the `<>` are understood. Never fails; `undefined` without one.
 */
export function nextLink(header: string | readonly string[] | undefined): string | undefined {
  const text = (typeof header === 'string' ? header : (header ?? []).join(', ')).slice(0, MAX_LENGTH);
  let at = 0;
  while (at < text.length) {
    at = skip(text, at, ' \t,');
    let end: number;
    let target: string;
    if (text[at] === '<') {
      end = text.indexOf('>', at);
      if (end < 0) return undefined;
      target = text.slice(at + 1, end);
      end += 1;
    } else {
      end = firstOf(text, at, ';,');
      target = text.slice(at, end).trim();
    }
    const [next, relations] = parameters(text, end);
    if (target !== '' && relations.includes('next')) return target;
    at = next;
  }
  return undefined;
}

/** Reads `;name=value` up to the comma that ends the link: where that is, and the relations that `rel` names. */
function parameters(text: string, start: number): [end: number, relations: readonly string[]] {
  let relations: readonly string[] | undefined;
  let at = start;
  while (at < text.length && text[at] !== ',') {
    at = skip(text, at, ' \t;');
    const nameEnd = firstOf(text, at, '=;,');
    const name = text.slice(at, nameEnd).trim().toLowerCase();
    at = nameEnd;
    if (text[at] !== '=') continue;
    at = skip(text, at + 1, ' \t');
    let value: string;
    if (text[at] === '"') {
      const close = text.indexOf('"', at + 1);
      value = text.slice(at + 1, close < 0 ? text.length : close);
      at = close < 0 ? text.length : close + 1;
    } else {
      const valueEnd = firstOf(text, at, ';,');
      value = text.slice(at, valueEnd).trim();
      at = valueEnd;
    }
    // RFC 8288: of several rel, the first counts.
    if (name === 'rel') relations ??= value.toLowerCase().split(/\s+/);
  }
  return [at, relations ?? []];
}

function skip(text: string, start: number, characters: string): number {
  let at = start;
  while (at < text.length && characters.includes(text[at] ?? '')) at += 1;
  return at;
}

function firstOf(text: string, start: number, characters: string): number {
  let at = start;
  while (at < text.length && !characters.includes(text[at] ?? '')) at += 1;
  return at;
}
