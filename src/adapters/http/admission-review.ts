import type { PodAnswer, PodReview } from '../../application/admission/review-pod.ts';
import { CONTAINER_LISTS, type Pod } from '../../domain/assignment/pod.ts';

/** The body is no AdmissionReview that can be answered; the message says which field and what was expected there. */
export class MalformedReviewError extends Error {
  override readonly name = 'MalformedReviewError';
}

/** A review as it came: the `uid` to answer to, and what is asked. */
export interface AdmissionRequest extends PodReview {
  readonly uid: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the AdmissionReview (admission.k8s.io/v1) in `body`, as much of it as admission looks at; all the rest is let by.
 * By hand, since it is on the path of every pod.
 * @throws MalformedReviewError
 */
export function parseAdmissionReview(body: string): AdmissionRequest {
  const review = object('the body', parseJson(body));
  if (review['kind'] !== 'AdmissionReview') throw expected('kind', 'AdmissionReview', review['kind']);
  if (review['apiVersion'] !== 'admission.k8s.io/v1')
    throw expected('apiVersion', 'admission.k8s.io/v1', review['apiVersion']);
  const request = object('request', review['request']);
  const uid = text('request.uid', request['uid']);
  const operation = text('request.operation', request['operation']);
  if (operation !== 'CREATE' && operation !== 'UPDATE')
    throw expected('request.operation', 'CREATE or UPDATE', operation);
  const pod = podOf('request.object', request['object']);
  const asked = {
    uid,
    operation,
    subResource: request['subResource'] === undefined ? '' : text('request.subResource', request['subResource'], true),
    // An object that has only a generateName may have no namespace of its own yet.
    namespace: text('request.namespace', request['namespace']),
    pod,
  };
  return request['oldObject'] === undefined || request['oldObject'] === null
    ? asked
    : { ...asked, before: podOf('request.oldObject', request['oldObject']) };
}

/** The AdmissionReview that answers `uid`: allowed, with a JSONPatch where there is one. JSON text. */
export function formatAdmissionReview(uid: string, { patch, warnings }: PodAnswer): string {
  const patched =
    patch.length === 0
      ? ''
      : `,"patchType":"JSONPatch","patch":"${Buffer.from(JSON.stringify(patch)).toString('base64')}"`;
  const warned = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`;
  return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":${JSON.stringify(uid)},"allowed":true${patched}${warned}}}`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new MalformedReviewError(
      body === ''
        ? 'the body is empty, expected an AdmissionReview'
        : 'the body is not JSON, expected an AdmissionReview',
    );
  }
}

/**
 * Checks what admission reads of a pod, once, so that the rest of the code may lean on its types. Names of fields are put
 * together only where something is wrong with them.
 */
function podOf(field: string, value: unknown): Pod {
  const pod = object(field, value);
  const metadata = pod['metadata'];
  if (!isAbsent(metadata)) {
    const annotations = object(field, metadata, '.metadata')['annotations'];
    if (!isAbsent(annotations)) checkTexts(field, object(field, annotations, '.metadata.annotations'));
  }
  const spec = pod['spec'];
  if (isAbsent(spec)) return pod as Pod;
  const lists = object(field, spec, '.spec');
  for (const list of CONTAINER_LISTS) {
    const containers = lists[list];
    if (!isAbsent(containers)) checkContainers(`${field}.spec.${list}`, containers);
  }
  return pod as Pod;
}

function checkTexts(field: string, annotations: Fields): void {
  for (const key in annotations)
    if (typeof annotations[key] !== 'string') text(`${field}.metadata.annotations`, annotations[key], true);
}

function checkContainers(field: string, containers: unknown): void {
  if (!Array.isArray(containers)) throw expected(field, 'a list', containers);
  for (const one of containers as unknown[]) {
    const { name, image } = object(field, one);
    if (name !== undefined && typeof name !== 'string') throw expected(`${field}.name`, 'a string', name);
    if (image !== undefined && typeof image !== 'string') throw expected(`${field}.image`, 'a string', image);
  }
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** @param below of `field`, what `value` is, where it is something within it */
function object(field: string, value: unknown, below = ''): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw expected(field + below, 'an object', value);
  return value as Fields;
}

function text(field: string, value: unknown, mayBeEmpty = false): string {
  if (typeof value !== 'string' || (value === '' && !mayBeEmpty)) throw expected(field, 'a string', value);
  return value;
}

function expected(field: string, what: string, got: unknown): MalformedReviewError {
  const shown =
    got === undefined
      ? 'nothing'
      : got === null
        ? 'null'
        : Array.isArray(got)
          ? 'a list'
          : typeof got === 'object'
            ? 'an object'
            : JSON.stringify(got).slice(0, 80);
  return new MalformedReviewError(`${field}: expected ${what}, got ${shown}`);
}
