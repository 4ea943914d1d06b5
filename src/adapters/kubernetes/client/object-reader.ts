import type { Log } from '../../../application/ports/log.ts';
import { isObject } from '../../../support/json.ts';
import { versionOf } from './resource-version.ts';
import { apiVersionOf, metadataOf, type KubeObject, type Resource } from './resource.ts';

/** How many broken objects are remembered as said. */
const MAX_BROKEN = 1_000;

/** Reads what the API server sends of one kind: what is kept of an object, and whether it can be read at all. */
export class ObjectReader<T extends KubeObject> {
  /** The objects that were said to be broken, by namespace and name, and at which version. */
  private readonly broken = new Map<string, string>();

  /** @param trim what is kept of an object; it throws for one that can't be read */
  constructor(
    private readonly resource: Resource,
    private readonly trim: (object: T) => T = withoutManagedFields,
    private readonly log?: Log,
  ) {}

  /** What is kept of an object; `undefined` for one that can't be read, which is said once for each version of it. */
  read(raw: T): T | undefined {
    try {
      if (!isObject(raw)) throw new TypeError('it is not an object');
      const { name, namespace } = raw.metadata ?? {};
      if (typeof name !== 'string' || name === '' || (namespace !== undefined && typeof namespace !== 'string'))
        throw new TypeError('it has no name');
      // Items of a list carry neither, the events of a watch both.
      const whole =
        raw.kind === undefined ? { ...raw, apiVersion: apiVersionOf(this.resource), kind: this.resource.kind } : raw;
      const kept = this.trim(whole);
      if (this.broken.size > 0) this.broken.delete(brokenKey(raw));
      return kept;
    } catch (error) {
      this.leftOut(raw, error);
      return undefined;
    }
  }

  private leftOut(raw: T, error: unknown): void {
    const key = brokenKey(raw);
    const version = versionOf(raw) ?? '';
    if (version !== '' && this.broken.get(key) === version) return;
    if (this.broken.size >= MAX_BROKEN) this.broken.clear();
    this.broken.set(key, version);
    this.log?.warn("ignoring an object that can't be read", {
      kind: this.resource.kind,
      object: key,
      problem: error instanceof Error ? error.message : String(error),
    });
  }
}

function brokenKey(object: KubeObject): string {
  const { namespace, name } = metadataOf(object);
  return namespace === undefined ? String(name ?? '') : `${namespace}/${name}`;
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata?.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
