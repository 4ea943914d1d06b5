import { Injectable } from '@nestjs/common';
import { KubeConnection } from './kube-connection.ts';
import { hasStatus, KubeError } from './kube-error.ts';
import { KubeTransport, type IsStillLeader } from './kube-transport.ts';
import { watch, type WatchEvent, type WatchOptions } from './kube-watch.ts';
import {
  apiVersionOf,
  describe,
  pathOf,
  type KubeObject,
  type ObjectPath,
  type Resource,
  type Selection,
} from './resource.ts';

/** A whole list, and the point in time from which a watch goes on. */
export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
}

/** Objects a page of a list. */
const PAGE_SIZE = 500;

const JSON_TYPE = 'application/json';
/** JSON is YAML, so an apply's body is JSON. */
const APPLY = 'application/apply-patch+yaml';
const MERGE_PATCH = 'application/merge-patch+json';

/**
 * Asks the Kubernetes API. Every method fails with a {@link KubeError}, or a TypeError for names that could not be an object's.
 * A request is tried again where that is safe, see {@link KubeTransport}.
 */
@Injectable()
export class KubeClient {
  private readonly transport: KubeTransport;

  constructor(connection: KubeConnection) {
    this.transport = new KubeTransport(connection);
  }

  /** For how long no request to the API server was answered, milliseconds; 0 where the last one was. Told from the requests that are made: the Lease's come every other second. */
  unansweredForMs(): number {
    return this.transport.unansweredForMs();
  }

  get<T>(resource: Resource, at: ObjectPath, signal?: AbortSignal): Promise<T> {
    return this.transport.call<T>({
      method: 'GET',
      path: pathOf(resource, at),
      what: describe('get', resource, at),
      signal,
    });
  }

  /** All objects, of all pages. */
  async list<T>(resource: Resource, where: Selection = {}, signal?: AbortSignal): Promise<T[]> {
    return (await this.listAll<T>(resource, where, signal)).items;
  }

  /**
   * All objects of all pages, each as `keep` returns it, and the resource version of the whole.
   * A list whose continuation has expired (410) is begun anew, once.
   */
  async listAll<T>(
    resource: Resource,
    where: Selection = {},
    signal?: AbortSignal,
    keep: (object: T) => T = (object) => object,
  ): Promise<ObjectList<T>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.pages(resource, where, signal, keep);
      } catch (error) {
        if (!hasStatus(error, 410) || attempt === 2) throw error;
      }
    }
  }

  create<T>(
    resource: Resource,
    at: { readonly namespace?: string },
    body: object,
    fieldManager?: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const name = (body as KubeObject).metadata?.name;
    return this.transport.call<T>({
      method: 'POST',
      path: pathOf(resource, at),
      query: { fieldManager },
      contentType: JSON_TYPE,
      body,
      what: describe('create', resource, { ...at, ...(name === undefined ? {} : { name }) }),
      signal,
    });
  }

  /** Server-side apply with force: `body` is all that `fieldManager` wants of the object; what it set before and leaves out now goes. Kind and name are put in. */
  apply<T>(
    resource: Resource,
    at: ObjectPath,
    body: object,
    fieldManager: string,
    isStillLeader?: IsStillLeader,
  ): Promise<T> {
    return this.transport.call<T>({
      method: 'PATCH',
      path: pathOf(resource, at),
      query: { fieldManager, force: 'true' },
      contentType: APPLY,
      body: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        ...body,
        metadata: { ...namespaceAndName(at), ...(body as KubeObject).metadata },
      },
      what: describe('apply', resource, at),
      isStillLeader,
    });
  }

  /** RFC 7386: only what `body` names changes, null takes away. `metadata.uid` or `metadata.resourceVersion` in it guard it (409). */
  mergePatch<T>(
    resource: Resource,
    at: ObjectPath,
    body: object,
    fieldManager: string,
    isStillLeader?: IsStillLeader,
  ): Promise<T> {
    return this.transport.call<T>({
      method: 'PATCH',
      path: pathOf(resource, at),
      query: { fieldManager },
      contentType: MERGE_PATCH,
      body,
      what: describe('patch', resource, at),
      isStillLeader,
    });
  }

  /** Replaces the whole object; `metadata.resourceVersion` in it guards it (409). Only for objects that are kimup's own. */
  replace<T>(resource: Resource, at: ObjectPath, body: object, fieldManager: string, signal?: AbortSignal): Promise<T> {
    return this.transport.call<T>({
      method: 'PUT',
      path: pathOf(resource, at),
      query: { fieldManager },
      contentType: JSON_TYPE,
      body,
      what: describe('replace', resource, at),
      signal,
    });
  }

  /** @param options preconditions: 409 when the object is another by now */
  async delete(
    resource: Resource,
    at: ObjectPath,
    { uid, resourceVersion, propagationPolicy }: DeleteOptions = {},
    isStillLeader?: IsStillLeader,
  ): Promise<void> {
    await this.transport.call({
      method: 'DELETE',
      path: pathOf(resource, at),
      contentType: JSON_TYPE,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion }, propagationPolicy },
      what: describe('delete', resource, at),
      isStillLeader,
    });
  }

  /**
   * The changes of a resource's objects, until the API server ends the watch (the iterator ends) or it fails: a KubeError, its
   * status 410 when `resourceVersion` is too old, whether that comes as the answer or inside it; 0 when the connection breaks.
   */
  watch<T>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>, void, undefined> {
    return watch<T>(this.transport, resource, options);
  }

  private async pages<T>(
    resource: Resource,
    where: Selection,
    signal: AbortSignal | undefined,
    keep: (object: T) => T,
  ): Promise<ObjectList<T>> {
    const { namespace, labelSelector, fieldSelector } = where;
    const at = namespace === undefined ? {} : { namespace };
    const what = describe('list', resource, at);
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const page: { metadata?: { continue?: string; resourceVersion?: string }; items?: T[] } =
        await this.transport.call({
          method: 'GET',
          path: pathOf(resource, at),
          query: { limit: String(PAGE_SIZE), continue: next, labelSelector, fieldSelector },
          what,
          signal,
        });
      if (!Array.isArray(page.items) || page.metadata?.resourceVersion === undefined)
        throw new KubeError(`${what}: the response is not a list`, 0, 'NoAnswer');
      for (const item of page.items) items.push(keep(item));
      next = page.metadata.continue;
      if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }
}

function namespaceAndName({ namespace, name }: ObjectPath): object {
  return namespace === undefined ? { name } : { namespace, name };
}
