import { InputError } from '../../../application/plan/input-error.ts';
import type { WorkloadToPlan } from '../../../application/plan/plan-workloads.ts';
import { type Container, CONTAINER_LISTS, type Pod } from '../../../domain/assignment/pod.ts';
import type { Annotations } from '../../../domain/assignment/scope.ts';
import { type FieldPath, fieldText } from '../../../support/field-path.ts';
import { isObject } from '../../../support/json.ts';
import type { Manifest } from './documents.ts';

/** The kinds whose pods are told of: their API group, and where in them the pod's template is. */
const KINDS: ReadonlyMap<string, { readonly group: string; readonly template: FieldPath }> = new Map([
  ['Deployment', { group: 'apps', template: ['spec', 'template'] }],
  ['StatefulSet', { group: 'apps', template: ['spec', 'template'] }],
  ['DaemonSet', { group: 'apps', template: ['spec', 'template'] }],
  ['ReplicaSet', { group: 'apps', template: ['spec', 'template'] }],
  ['Job', { group: 'batch', template: ['spec', 'template'] }],
  ['CronJob', { group: 'batch', template: ['spec', 'jobTemplate', 'spec', 'template'] }],
  ['Pod', { group: '', template: [] }],
]);

/** The workload that a manifest is of; `undefined` where it is of no kind that makes pods, or has no containers; an error where it can't be read. */
export function workloadIn({ value, root, lineOf }: Manifest, file: string): WorkloadToPlan | InputError | undefined {
  if (!isObject(value)) return undefined;
  const { kind, metadata } = value;
  const known = typeof kind === 'string' ? KINDS.get(kind) : undefined;
  if (known === undefined || !isOfGroup(value['apiVersion'], known.group)) return undefined;
  const template = known.template.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), value);
  const spec = isObject(template) ? template['spec'] : undefined;
  if (!isObject(spec)) return undefined;
  const { name, generateName, namespace } = isObject(metadata) ? metadata : {};
  const problem = (path: FieldPath, message: string): InputError =>
    InputError.at({ file, line: lineOf([...root, ...path]), field: fieldText(path) }, message);
  const lists: Record<string, readonly Container[]> = {};
  for (const list of CONTAINER_LISTS) {
    const containers = spec[list] ?? [];
    const path = [...known.template, 'spec', list];
    if (!Array.isArray(containers)) return problem(path, 'must be a list');
    for (const [at, container] of containers.entries()) {
      const image: unknown = isObject(container) ? container['image'] : undefined;
      if (image !== undefined && image !== null && typeof image !== 'string')
        return problem([...path, at, 'image'], 'must be a string: write it in quotes');
    }
    lists[list] = containers.filter(isObject).map(containerOf);
  }
  return {
    kind: kind as string,
    namespace: typeof namespace === 'string' && namespace !== '' ? namespace : 'default',
    name: typeof name === 'string' ? name : typeof generateName === 'string' ? generateName : '',
    pod: { metadata: { annotations: annotationsOf(template) ?? {} }, spec: lists as NonNullable<Pod['spec']> },
  };
}

/** The name and annotations of the namespace that a manifest is of. */
export function namespaceIn(value: unknown): { readonly name: string; readonly annotations: Annotations } | undefined {
  if (!isObject(value) || value['kind'] !== 'Namespace' || !isOfGroup(value['apiVersion'], '')) return undefined;
  const name = isObject(value['metadata']) ? value['metadata']['name'] : undefined;
  return typeof name === 'string' ? { name, annotations: annotationsOf(value) } : undefined;
}

/** Any version of the group: `apps/v1`, and of the core group `v1`. */
function isOfGroup(apiVersion: unknown, group: string): boolean {
  if (typeof apiVersion !== 'string') return false;
  return group === '' ? !apiVersion.includes('/') : apiVersion.startsWith(`${group}/`);
}

function containerOf({ name, image }: Record<string, unknown>): Container {
  return { name: typeof name === 'string' ? name : '', ...(typeof image === 'string' ? { image } : {}) };
}

function annotationsOf(object: unknown): Annotations {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  if (!isObject(annotations)) return undefined;
  return Object.fromEntries(
    Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
