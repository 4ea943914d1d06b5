import { type Document, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { InputError } from '../../../application/plan/input-error.ts';
import type { ImageToPlan } from '../../../application/plan/plan-images.ts';
import type { Surroundings, WorkloadToPlan } from '../../../application/plan/plan-workloads.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { Annotations } from '../../../domain/assignment/scope.ts';
import { buildSpec } from '../../../domain/rule/rule-catalogue.ts';
import { InvalidRuleError } from '../../../domain/tag/invalid-rule-error.ts';
import { IMAGES } from '../client/resource.ts';
import { imageOf, UnreadableImageError } from '../images/image-mapping.ts';
import { fieldText, problemsOfImageSpec } from '../images/spec-problems.ts';
import { isObject, namespaceIn, workloadIn } from './workload-manifests.ts';

export type Path = readonly (string | number)[];

/** One object of a file, and where it stands in it. */
export interface Manifest {
  readonly value: unknown;
  /** From the document's root: `[]`, or `['items', 2]` in a List. */
  readonly root: Path;
  readonly lineOf: (path: Path) => number | undefined;
}

const MOST_PROBLEMS = 20;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const NO_TEXT = 'must be text: write it in quotes';

/** What a file says that `kimup plan` can use. */
export interface Manifests extends Surroundings {
  readonly images: readonly ImageToPlan[];
}

/**
 * The Images, workloads and namespaces in a file of YAML or JSON: one or more documents, Lists of objects too. Objects of other
 * kinds are passed over, so that a whole folder's output can be given. What an Image leaves out gets the API server's defaults.
 * @param file its name, for errors
 * @throws InputError that names line and field of what the API server would refuse
 */
export function readManifests(text: string, file: string): Manifests {
  const images: ImageToPlan[] = [];
  const workloads: WorkloadToPlan[] = [];
  const namespaces = new Map<string, Annotations>();
  const problems: string[] = [];
  for (const manifest of manifestsIn(text, file)) {
    for (const found of isImage(manifest.value) ? read(manifest, file) : [workloadIn(manifest, file)]) {
      if (found instanceof InputError) problems.push(found.message);
      else if (found !== undefined && 'image' in found) images.push(found);
      else if (found !== undefined) workloads.push(found);
    }
    const namespace = namespaceIn(manifest.value);
    if (namespace !== undefined) namespaces.set(namespace.name, namespace.annotations);
  }
  if (problems.length > 0) {
    const more = problems.length - MOST_PROBLEMS;
    throw new InputError(
      [...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`${file}: and ${more} more`] : [])].join('\n'),
    );
  }
  return { images, workloads, namespaces };
}

/** That there is no Image in these files, to plan for. */
export function noImage(files: readonly string[]): InputError {
  const [file = '', ...more] = files;
  return new InputError(
    `${more.length === 0 ? file : files.join(', ')}: ${more.length === 0 ? 'holds no Image' : 'none of them holds an Image'} (apiVersion ${IMAGES.group}/${IMAGES.version}, kind Image)`,
  );
}

function* manifestsIn(text: string, file: string): Iterable<Manifest> {
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
    const lineOf = (path: Path) => lineAt(document, path, lines);
    if (value === null || value === undefined) continue;
    if (!isObject(value))
      throw InputError.at(
        { file, line: lineOf([]) },
        'is no manifest: an object with apiVersion, kind, metadata and spec',
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

function isImage(value: unknown): value is Record<string, unknown> {
  if (!isObject(value) || value['kind'] !== IMAGES.kind) return false;
  // Others have a kind of that name, too.
  const { apiVersion } = value;
  return typeof apiVersion !== 'string' || apiVersion.startsWith(`${IMAGES.group}/`);
}

function* read({ value, root, lineOf }: Manifest, file: string): Iterable<ImageToPlan | InputError> {
  const problem = (path: Path, message: string) =>
    InputError.at({ file, line: lineOf([...root, ...path]), field: fieldText(path) }, message);
  const { apiVersion, metadata, spec, status } = value as Record<string, unknown>;
  const wanted = `${IMAGES.group}/${IMAGES.version}`;
  if (apiVersion !== wanted) return yield problem(['apiVersion'], `must be ${wanted}`);
  const { name, namespace: given, annotations } = isObject(metadata) ? metadata : {};
  const namespace = given === undefined || given === null || given === '' ? 'default' : given;
  if (name === undefined || name === null || name === '') return yield problem(['metadata', 'name'], 'is required');
  if (typeof name !== 'string') return yield problem(['metadata', 'name'], NO_TEXT);
  if (typeof namespace !== 'string') return yield problem(['metadata', 'namespace'], NO_TEXT);
  const misnamed: InputError[] = [];
  if (!isDnsSubdomain(name))
    misnamed.push(
      problem(
        ['metadata', 'name'],
        `${JSON.stringify(name)} is not the name of an object: at most 253 of a-z, 0-9, - and ., a letter or digit first, last and beside each .`,
      ),
    );
  if (!isDnsLabel(namespace))
    misnamed.push(
      problem(
        ['metadata', 'namespace'],
        `${JSON.stringify(namespace)} is not the name of a namespace: at most 63 of a-z, 0-9 and -, a letter or digit first and last`,
      ),
    );
  if (misnamed.length > 0) return yield* misnamed;
  if (spec === undefined) return yield problem(['spec'], 'is required');
  const refused = problemsOfImageSpec(spec);
  if (refused.length > 0) return yield* refused.map(({ path, message }) => problem(path, message));
  try {
    const image: Image = imageOf({
      metadata: {
        name,
        namespace,
        uid: `${namespace}/${name}`,
        ...(isObject(annotations) ? { annotations: annotations as Record<string, string> } : {}),
      },
      spec,
      status,
    });
    yield { image, ...buildSpec(image.spec) };
  } catch (error) {
    if (!(error instanceof InvalidRuleError || error instanceof UnreadableImageError)) throw error;
    // Both begin with the field: `spec.rules[1].value: …`.
    const field = /^spec[\w.[\]]*/.exec(error.message)?.[0];
    const path = pathOf(field ?? 'spec');
    // Of a rule that can't be built it is the value, where it has one.
    yield InputError.at(
      { file, line: lineOf([...root, ...path, ...(path[1] === 'rules' ? ['value'] : [])]) },
      error.message,
    );
  }
}

/** RFC 1123: the name of a namespace. */
function isDnsLabel(name: string): boolean {
  return name.length <= 63 && DNS_LABEL.test(name);
}

/** RFC 1123: the name of an object of a custom resource. */
function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every((part) => DNS_LABEL.test(part));
}

/** The inverse of `fieldText`. */
function pathOf(field: string): Path {
  return [...field.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([part, index]) =>
    index === undefined ? part : Number(index),
  );
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
function lineAt(document: Document, path: Path, lines: LineCounter): number | undefined {
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
