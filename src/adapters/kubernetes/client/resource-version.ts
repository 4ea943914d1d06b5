import { type KubeObject, metadataOf } from './resource.ts';

/** What the API server writes: a decimal number of any length (Kubernetes 1.35 made the order a promise). */
const NUMBER = /^(?:0|[1-9]\d*)$/;

/** Whether resource version `version` came after `than`. Never, where one of them is none or no number: nothing is known of their order then. */
export function isNewer(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined || !NUMBER.test(version) || !NUMBER.test(than)) return false;
  return version.length === than.length ? version > than : version.length > than.length;
}

/** The resource version of an object; `undefined` where it has none, or is not an object at all: it comes from outside. */
export function versionOf(object: KubeObject): string | undefined {
  const version = metadataOf(object).resourceVersion;
  return typeof version === 'string' && version !== '' ? version : undefined;
}
