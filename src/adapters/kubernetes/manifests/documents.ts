import { type Document, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { InputError } from '../../../application/plan/input-error.ts';
import type { FieldPath } from '../../../support/field-path.ts';
import { isObject } from '../../../support/json.ts';

/** One object of a file, and where it stands in it. */
export interface Manifest {
  readonly value: unknown;
  /** From the document's root: `[]`, or `['items', 2]` in a List. */
  readonly root: FieldPath;
  readonly lineOf: (path: FieldPath) => number | undefined;
}

/** Every object in a text of YAML or JSON, those of Lists one by one. @throws InputError that names the line of what can't be read */
export function* manifestsIn(text: string, file: string): Iterable<Manifest> {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    logLevel: 'error',
  });
  if (!Array.isArray(documents)) return;
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined)
      throw InputError.at(
        { file, line: lines.linePos(error.pos[0]).line },
        `this is neither YAML nor JSON: ${error.message}`,
      );
    let value: unknown;
    try {
      // Aliases that grow without end are refused.
      value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      throw InputError.at({ file, line: aliasLine(document, lines) }, `can't be read: ${(error as Error).message}`);
    }
    const lineOf = (path: FieldPath) => lineAt(document, path, lines);
    if (value === null || value === undefined) continue;
    if (!isObject(value))
      throw InputError.at(
        { file, line: lineOf([]) },
        'is not a manifest; expected an object with apiVersion, kind, metadata and spec',
      );
    yield* flattened({ value, root: [], lineOf });
  }
}

/** The objects of a List, of a list of one kind (ImageList) too. */
function* flattened(manifest: Manifest): Iterable<Manifest> {
  const { value, root, lineOf } = manifest;
  if (
    !isObject(value) ||
    typeof value['kind'] !== 'string' ||
    !value['kind'].endsWith('List') ||
    !Array.isArray(value['items'])
  )
    return yield manifest;
  // What the API server lists of one kind (DeploymentList) says the kind once.
  const of =
    value['kind'] === 'List' ? {} : { apiVersion: value['apiVersion'], kind: value['kind'].slice(0, -'List'.length) };
  for (const [at, item] of value['items'].entries())
    yield* flattened({ value: isObject(item) ? { ...of, ...item } : item, root: [...root, 'items', at], lineOf });
}

/** The line of the first alias of nothing; else of the first one, since only aliases keep a document from being read. */
function aliasLine(document: Document, lines: LineCounter): number | undefined {
  let first: number | undefined;
  let unresolved: number | undefined;
  visit(document, {
    Alias(_, alias) {
      const start = alias.range?.[0];
      first ??= start;
      if (alias.resolve(document) !== undefined) return undefined;
      unresolved = start;
      return visit.BREAK;
    },
  });
  const offset = unresolved ?? first ?? document.contents?.range?.[0];
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

/** The line of a field, or of what it should be in. */
function lineAt(document: Document, path: FieldPath, lines: LineCounter): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = (length === 0 ? document.contents : document.getIn(path.slice(0, length), true)) as
      | Node
      | null
      | undefined;
    const start = node?.range?.[0];
    if (start !== undefined) return lines.linePos(start).line;
  }
  return undefined;
}
