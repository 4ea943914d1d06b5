import type { ImageSpec } from './image-spec.ts';
import type { ImageStatus } from './image-status.ts';

/** Where an object lives: `namespace` and `name` as the API server has them. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, the one spelling of a key in logs, queues and maps. */
export function keyOf(object: ObjectKey): string {
  return `${object.namespace}/${object.name}`;
}

/** The inverse of {@link keyOf}. */
export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** An Image as it is now in the API. */
export interface Image extends ObjectKey {
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  /** The annotations under `kimup.cloudavenue.io/`, the prefix left off: `action`, `tag`, … */
  readonly annotations: Readonly<Record<string, string>>;
  readonly deleting: boolean;
  readonly spec: ImageSpec;
  readonly status: ImageStatus;
}

/** The prefix of every annotation of kimup's. */
export const ANNOTATION_PREFIX = 'kimup.cloudavenue.io/';
