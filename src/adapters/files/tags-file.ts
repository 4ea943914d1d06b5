import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { InputError } from '../../application/plan/input-error.ts';
import type { TagsOfFile } from '../../application/plan/tag-sources.ts';

/** A tag (distribution spec, "Pulling manifests"). */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
/** What may be tried as one: rules say themselves of `1.0.0+build` that it is no version. */
const WORD = /^[^\s:/"'`#&*!|>%@{}[\],-][^\s:/"'`{}[\],]{0,255}$/;
/** What plain YAML is read fast by: `- tag`, with quotes or without. */
const ITEM = /^\s*-\s+(?:"([^"\\]*)"|'([^']*)'|([A-Za-z0-9_][A-Za-z0-9._+-]*))\s*$/;
const KEY = /^(?:"([^"\\]+)"|'([^']+)'|([^\s"'#&*!|>%@`{}[\],?-][^\s#]*)):\s*(\[\])?\s*$/;

/**
 * A file of tags: a tag a line (empty lines and those that begin with # are passed over), for all Images; or JSON or YAML that
 * gives each `spec.image` its list of tags. A list alone, JSON or YAML, is for all Images too. Tags stay as they are written:
 * 1.10 is no number.
 * @param file its name, for errors
 * @throws InputError
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

/** The one form that people write and programs print: a key a repository, a dash a tag. All else is for the parser, which takes ten times as long. */
function plainYaml(text: string): TagsOfFile | undefined {
  const byImage = new Map<string, string[]>();
  let list: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.trimStart().startsWith('#') || line === '---') continue;
    const item = ITEM.exec(line);
    if (item !== null) {
      const tag = item[1] ?? item[2] ?? item[3]!;
      if (list === undefined || !WORD.test(tag)) return undefined;
      list.push(tag);
      continue;
    }
    const key = KEY.exec(line);
    const image = key?.[1] ?? key?.[2] ?? key?.[3];
    if (key === null || image === undefined || byImage.has(image)) return undefined;
    list = [];
    byImage.set(image, list);
    if (key[4] !== undefined) list = undefined;
  }
  return byImage;
}

function json(text: string, file: string): TagsOfFile | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (Array.isArray(content)) return checked(content, file, undefined);
  if (typeof content !== 'object' || content === null) return undefined;
  return new Map(Object.entries(content).map(([image, tags]) => [image, checked(tags, file, image)]));
}

function checked(tags: unknown, file: string, field: string | undefined): readonly string[] {
  if (!Array.isArray(tags)) throw InputError.at({ file, field }, 'must be a list of tags');
  const wrong = tags.findIndex((tag) => typeof tag !== 'string' || !WORD.test(tag));
  if (wrong !== -1) throw InputError.at({ file, field: `${field ?? ''}[${wrong}]` }, `${shown(tags[wrong])} is no tag: ${typeof tags[wrong] === 'number' ? 'write it in quotes' : 'letters, digits, _, . and -'}`);
  return tags as string[];
}

function yaml(text: string, file: string): TagsOfFile {
  const lines = new LineCounter();
  // All scalars are text in this schema.
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const at = (offset: number | undefined, field?: string) => ({ file, line: offset === undefined ? undefined : lines.linePos(offset).line, field });
  const [error] = document.errors;
  const form = 'tags, one a line, or JSON or YAML that gives each spec.image a list of them';
  if (error !== undefined) throw InputError.at(at(error.pos[0]), `these are no ${form}: ${error.message}`);
  const listOf = (node: unknown, field: string | undefined): readonly string[] => {
    if (!isSeq(node)) throw InputError.at(at((node as { range?: [number] } | null)?.range?.[0], field), 'must be a list of tags');
    return node.items.map((item, index) => {
      const tag = isScalar(item) ? item.value : undefined;
      if (typeof tag !== 'string' || !WORD.test(tag)) throw InputError.at(at((item as { range?: [number] } | null)?.range?.[0], `${field ?? ''}[${index}]`), `${shown(tag)} is no tag: letters, digits, _, . and -`);
      return tag;
    });
  };
  const { contents } = document;
  if (isSeq(contents)) return listOf(contents, undefined);
  if (!isMap(contents)) throw InputError.at(at(contents?.range?.[0]), `these are no ${form}`);
  return new Map(contents.items.map(({ key, value }) => {
    const image = isScalar(key) ? String(key.value) : '';
    return [image, listOf(value, image)];
  }));
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'what is there').slice(0, 140);
}
