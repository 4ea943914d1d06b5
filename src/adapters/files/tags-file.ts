import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { InputError } from '../../application/plan/input-error.ts';
import type { TagsOfFile } from '../../application/plan/tag-sources.ts';

/** A tag (distribution spec, "Pulling manifests"). */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** What may be tried as one: rules say themselves of `1.0.0+build` that it is no version. */
const WORD = /^[^\s:/"'`#&*!|>%@{}[\],-][^\s:/"'`{}[\],]{0,255}$/;
/** What plain YAML is read fast by: `- tag`, with quotes or without. */
const ITEM = /^( *)- +(?:"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_][A-Za-z0-9._+-]*)) *\r?$/;
const KEY = /^(?:"([^"\\]{1,999})"|'([^']{1,999})'|([^\s"'#&*!|>%@`{}[\],?:-][^\s#]{0,999})):(?: +(\[\]))? *\r?$/;
const COMMENT = /^ *(?:#.*)?\r?$/;
const FORM = 'expected one tag per line, or JSON or YAML that maps each spec.image to a list of tags';
const LETTERS = 'use letters, digits, _, . and -';

/**
 * A file of tags: a tag a line (empty lines and those that begin with # are passed over), for all Images; or JSON or YAML that
 * gives each `spec.image` its list of tags. A list alone, JSON or YAML, is for all Images too. Tags stay as they are written:
 * 1.10 is no number.
 * @param file its name, for errors
 * @throws InputError that names the line
 */
export function readTags(text: string, file: string): TagsOfFile {
  return plainLines(text, TAG) ?? plainYaml(text) ?? json(text, file) ?? plainLines(text, WORD) ?? yaml(text, file);
}

function plainLines(text: string, form: RegExp): readonly string[] | undefined {
  const tags: string[] = [];
  for (const line of text.split('\n')) {
    const tag = line.trim();
    if (tag === '' || tag.startsWith('#')) continue;
    if (!form.test(tag)) return undefined;
    tags.push(tag);
  }
  return tags;
}

/**
 * The one form that people write and programs print: a key a repository, a dash a tag. All else is for the parser, which takes
 * ten times as long, and says what is wrong.
 */
function plainYaml(text: string): TagsOfFile | undefined {
  const byImage = new Map<string, string[]>();
  /** The list that dashes add to, and how far its first one is indented. */
  let list: string[] | undefined;
  let indent: number | undefined;
  let begun = false;
  for (const line of text.split('\n')) {
    if (COMMENT.test(line)) continue;
    if (!begun && line === '---') {
      begun = true;
      continue;
    }
    begun = true;
    const item = ITEM.exec(line);
    if (item !== null) {
      const tag = item[2] ?? item[3] ?? item[4]!;
      indent ??= item[1]!.length;
      if (list === undefined || item[1]!.length !== indent || !WORD.test(tag)) return undefined;
      list.push(tag);
      continue;
    }
    const key = KEY.exec(line);
    const image = key?.[1] ?? key?.[2] ?? key?.[3];
    if (key === null || image === undefined || byImage.has(image) || list?.length === 0) return undefined;
    const none: string[] = [];
    byImage.set(image, none);
    list = key[4] === undefined ? none : undefined;
    indent = undefined;
  }
  return byImage.size === 0 || list?.length === 0 ? undefined : byImage;
}

function json(text: string, file: string): TagsOfFile | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  const checked = (tags: unknown, ...above: readonly string[]): readonly string[] => {
    const field = above[0];
    if (!Array.isArray(tags)) throw InputError.at({ file, line: lineIn(text, above), field }, 'must be a list of tags');
    const wrong = tags.findIndex((tag) => typeof tag !== 'string' || !WORD.test(tag));
    if (wrong === -1) return tags as string[];
    const what = typeof tags[wrong] === 'number' ? 'write it in quotes' : LETTERS;
    throw InputError.at(
      { file, line: lineIn(text, [...above, wrong]), field: `${field ?? ''}[${wrong}]` },
      `${shown(tags[wrong])} is not a valid tag: ${what}`,
    );
  };
  if (Array.isArray(content)) return checked(content);
  if (typeof content !== 'object' || content === null) return undefined;
  return new Map(Object.entries(content).map(([image, tags]) => [image, checked(tags, image)]));
}

/** Where JSON has that value. JSON is YAML, whose parser keeps places. */
function lineIn(text: string, path: readonly (string | number)[]): number {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...FAILSAFE, lineCounter: lines });
  return lines.linePos(startOf(document.getIn(path, true)) ?? 0).line;
}

/** All scalars are text in this schema. */
const FAILSAFE = { schema: 'failsafe', prettyErrors: false, logLevel: 'error' } as const;

function startOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] } | null | undefined)?.range?.[0];
}

function yaml(text: string, file: string): TagsOfFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...FAILSAFE, lineCounter: lines });
  const at = (offset: number | undefined, field?: string) => ({ file, line: lines.linePos(offset ?? 0).line, field });
  const {
    contents,
    errors: [error],
  } = document;
  // YAML takes lines for one text.
  const line = isScalar(contents) || beginsWithTag(text) ? wrongLine(text) : undefined;
  if (line !== undefined)
    throw InputError.at({ file, line: line.number }, `${FORM}: ${shown(line.text)} is not a valid tag`);
  if (error !== undefined) throw InputError.at(at(error.pos[0]), `${FORM}: ${error.message}`);
  const listOf = (node: unknown, field: string | undefined, above?: unknown): readonly string[] => {
    // What is not there has no place; its key has.
    if (!isSeq(node)) throw InputError.at(at(startOf(above) ?? startOf(node), field), 'must be a list of tags');
    return node.items.map((item, index) => {
      const tag = isScalar(item) ? item.value : undefined;
      if (typeof tag !== 'string' || !WORD.test(tag))
        throw InputError.at(
          at(startOf(item) ?? startOf(node), `${field ?? ''}[${index}]`),
          `${shown(tag)} is not a valid tag: ${LETTERS}`,
        );
      return tag;
    });
  };
  if (isSeq(contents)) return listOf(contents, undefined);
  if (!isMap(contents)) throw InputError.at(at(startOf(contents)), `${FORM}`);
  return new Map(
    contents.items.map(({ key, value }) => {
      if (!isScalar(key) || key.value === '')
        throw InputError.at(at(startOf(key) ?? startOf(value)), `${FORM}: each list must have a spec.image as its key`);
      const image = String(key.value);
      return [image, listOf(value, image, key)];
    }),
  );
}

/** Whether the first line is a tag, which neither JSON nor YAML of a map or list begins with. */
function beginsWithTag(text: string): boolean {
  return WORD.test(meaningfulLines(text).next().value?.text ?? '');
}

function wrongLine(text: string): Line | undefined {
  for (const line of meaningfulLines(text)) if (!WORD.test(line.text)) return line;
  return undefined;
}

interface Line {
  readonly number: number;
  readonly text: string;
}

function* meaningfulLines(text: string): Generator<Line, undefined> {
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line !== '' && !line.startsWith('#')) yield { number: at + 1, text: line };
  }
  return undefined;
}

function shown(value: unknown): string {
  return (typeof value === 'object' ? 'what is there' : (JSON.stringify(value) ?? 'what is there')).slice(0, 140);
}
