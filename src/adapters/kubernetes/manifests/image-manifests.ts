import { InputError } from '../../../application/plan/input-error.ts';
import type { ImageToPlan } from '../../../application/plan/plan-images.ts';
import { buildSpec } from '../../../domain/rule/rule-catalogue.ts';
import { InvalidRuleError } from '../../../domain/tag/invalid-rule-error.ts';
import { type FieldPath, fieldText } from '../../../support/field-path.ts';
import { isObject } from '../../../support/json.ts';
import { IMAGES, type ObjectMeta } from '../client/resource.ts';
import { imageOf, UnreadableImageError } from '../images/image-mapping.ts';
import { type FieldProblem, problemsOfImageSpec } from '../images/spec-problems.ts';
import type { Manifest } from './documents.ts';

const API_VERSION = `${IMAGES.group}/${IMAGES.version}`;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const NAME: FieldPath = ['metadata', 'name'];
const NAMESPACE: FieldPath = ['metadata', 'namespace'];
const NO_TEXT = 'must be a string: write it in quotes';

type Identity = Required<Pick<ObjectMeta, 'name' | 'namespace' | 'uid'>>;

/** Whether a manifest is of an Image of kimup's, of whatever version. */
export function isImage(value: unknown): value is Record<string, unknown> {
  if (!isObject(value) || value['kind'] !== IMAGES.kind) return false;
  // Others have a kind of that name, too.
  const { apiVersion } = value;
  return typeof apiVersion !== 'string' || apiVersion.startsWith(`${IMAGES.group}/`);
}

/** The Image that a manifest is of, or everything that the API server would refuse of it. */
export function imageIn({ value, root, lineOf }: Manifest, file: string): readonly (ImageToPlan | InputError)[] {
  const { apiVersion, metadata, spec, status } = value as Record<string, unknown>;
  const refuse = (problems: readonly FieldProblem[]): readonly InputError[] =>
    problems.map(({ path, message }) =>
      InputError.at({ file, line: lineOf([...root, ...path]), field: fieldText(path) }, message),
    );
  if (apiVersion !== API_VERSION) return refuse([{ path: ['apiVersion'], message: `must be ${API_VERSION}` }]);
  const identity = identityOf(metadata);
  if (!('name' in identity)) return refuse(identity);
  if (spec === undefined) return refuse([{ path: ['spec'], message: 'is required' }]);
  const problems = problemsOfImageSpec(spec);
  if (problems.length > 0) return refuse(problems);
  try {
    const image = imageOf({ metadata: { ...identity, ...annotationsOf(metadata) }, spec, status });
    return [{ image, ...buildSpec(image.spec) }];
  } catch (error) {
    if (!(error instanceof InvalidRuleError || error instanceof UnreadableImageError)) throw error;
    // Its message begins with the field.
    return [InputError.at({ file, line: lineOf([...root, ...error.field]) }, error.message)];
  }
}

/** What tells an Image from others; a problem or more where the API server would refuse it. */
function identityOf(metadata: unknown): Identity | readonly FieldProblem[] {
  const { name, namespace: given } = isObject(metadata) ? metadata : {};
  const namespace = given === undefined || given === null || given === '' ? 'default' : given;
  if (name === undefined || name === null || name === '') return [{ path: NAME, message: 'is required' }];
  if (typeof name !== 'string') return [{ path: NAME, message: NO_TEXT }];
  if (typeof namespace !== 'string') return [{ path: NAMESPACE, message: NO_TEXT }];
  const problems: FieldProblem[] = [];
  if (!isDnsSubdomain(name))
    problems.push({
      path: NAME,
      message: `${JSON.stringify(name)} is not a valid object name: at most 253 characters from a-z, 0-9, - and .; each part between dots must start and end with a letter or digit`,
    });
  if (!isDnsLabel(namespace))
    problems.push({
      path: NAMESPACE,
      message: `${JSON.stringify(namespace)} is not a valid namespace name: at most 63 characters from a-z, 0-9 and -, starting and ending with a letter or digit`,
    });
  return problems.length > 0 ? problems : { name, namespace, uid: `${namespace}/${name}` };
}

function annotationsOf(metadata: unknown): Pick<ObjectMeta, 'annotations'> {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) ? { annotations: annotations as Record<string, string> } : {};
}

/** RFC 1123: the name of a namespace. */
function isDnsLabel(name: string): boolean {
  return name.length <= 63 && DNS_LABEL.test(name);
}

/** RFC 1123: the name of an object of a custom resource. */
function isDnsSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every((part) => DNS_LABEL.test(part));
}
