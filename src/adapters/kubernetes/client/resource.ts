/** What of every Kubernetes object is known without knowing its kind. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
}

/** metav1.ObjectMeta, as far as kimup reads it. Everything is optional: it comes from outside. */
export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller?: boolean;
  }[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** The metadata of what came from outside; empty where that is not an object, or has none. */
export function metadataOf(object: KubeObject): ObjectMeta {
  return (object as KubeObject | null | undefined)?.metadata ?? {};
}

/** metav1.ManagedFieldsEntry: who set which fields. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

/** Where a kind of objects is served. `group` is empty for the core group. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** `group/version`, or `version` alone for the core group. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

export const IMAGES: Resource = {
  group: 'kimup.cloudavenue.io',
  version: 'v1alpha1',
  plural: 'images',
  kind: 'Image',
  namespaced: true,
};
export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
export const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };
export const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
export const STATEFULSETS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  namespaced: true,
};
export const DAEMONSETS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
};
export const EVENTS: Resource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};
export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
export const MUTATING_WEBHOOK_CONFIGURATIONS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  namespaced: false,
};

/** Where one object is, or a part of it. */
export interface ObjectPath {
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: 'status' | 'scale';
}

/** What part of a resource's objects is meant. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** RFC 1123 subdomain: what names of objects are made of, and what can go into a path as it is. */
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * The path of a resource's collection (`name` left out) or of one object, on the API server.
 * @throws TypeError for a namespace or name that could not be one, so that no path is ever built from unvalidated text
 */
export function pathOf(
  resource: Resource,
  at: { readonly namespace?: string; readonly name?: string; readonly subresource?: string },
): string {
  let path = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (at.namespace !== undefined) {
    if (!resource.namespaced)
      throw new TypeError(`a ${resource.kind} has no namespace, got ${JSON.stringify(at.namespace)}`);
    path += `/namespaces/${segment('namespace', at.namespace)}`;
  } else if (resource.namespaced && at.name !== undefined) {
    throw new TypeError(`the ${resource.kind} ${JSON.stringify(at.name)} needs a namespace`);
  }
  path += `/${resource.plural}`;
  if (at.name !== undefined) path += `/${segment('name', at.name)}`;
  if (at.subresource !== undefined) path += `/${at.subresource}`;
  return path;
}

function segment(what: string, text: string): string {
  if (!NAME.test(text))
    throw new TypeError(`${JSON.stringify(text.slice(0, 64))} is not a valid ${what} of a Kubernetes object`);
  return text;
}

/** A request for messages, as in `get Image default/demos`. */
export function describe(
  verb: string,
  resource: Resource,
  { namespace, name, subresource }: { namespace?: string; name?: string; subresource?: string },
): string {
  const where = name === undefined ? namespace : namespace === undefined ? name : `${namespace}/${name}`;
  return `${verb} ${name === undefined && verb !== 'create' ? resource.plural : resource.kind}${where === undefined ? '' : ` ${where}`}${subresource === undefined ? '' : ` (${subresource})`}`;
}
