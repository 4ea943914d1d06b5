// Objects as users write them, for the API server or for `kimup plan`.
import { MINOR } from './image.ts';

export interface ImageManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly image: string } & Readonly<Record<string, unknown>>;
  readonly status?: object;
}

/** What a test says of an Image; the rest is that of one that takes the highest minor. */
export interface GivenImageManifest {
  /** `demos` without it. */
  readonly name?: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The repository, without a tag. */
  readonly image: string;
  readonly baseTag: string;
  /** When it is refreshed; on request alone without it. */
  readonly crontab?: string;
  /** More of its spec, or what is to stand there instead. */
  readonly spec?: object;
  readonly status?: object | undefined;
}

export function imageManifest({
  name = 'demos',
  namespace,
  annotations,
  image,
  baseTag,
  crontab,
  spec,
  status,
}: GivenImageManifest): ImageManifest {
  return {
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      image,
      baseTag,
      triggers: [crontab === undefined ? { type: 'webhook' } : { type: 'crontab', value: crontab }],
      rules: [MINOR],
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

/** What the controller has written of an Image that is on `tag`, and came there from `baseTag` by its rules. */
export function statusManifest(tag: string, { image, baseTag }: { image: string; baseTag: string }): object {
  return { tag, image, baseTag, result: 'Success', time: '2026-11-22T12:00:00Z' };
}

/** A namespace whose pods kimup may change. `says` are further annotations of kimup's, without their prefix. */
export function namespaceInScope(name: string, says: Readonly<Record<string, string>> = {}): object {
  return namespaceManifest(name, { enabled: 'true', ...says });
}

/** @param says annotations of kimup's, without their prefix */
export function namespaceManifest(name: string, says: Readonly<Record<string, string>> = {}): object {
  const annotations = Object.fromEntries(
    Object.entries(says).map(([key, value]) => [`kimup.cloudavenue.io/${key}`, value]),
  );
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

/** A pod with one container. */
export function podManifest(image: string, metadata: object = { generateName: 'web-' }): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'main', image }] } };
}
