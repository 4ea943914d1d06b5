import type { KubeObject } from '../../../src/adapters/kubernetes/client/resource.ts';

export interface Status {
  readonly tag?: string;
  readonly digest?: string;
  readonly result?: string;
  readonly time?: string;
  readonly update?: { readonly tag: string; readonly digest?: string; readonly since: string };
  readonly rollout?: {
    readonly tag: string;
    readonly phase: string;
    readonly workloads?: readonly { readonly kind: string; readonly phase: string }[];
  };
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** An Image as the API server shows it. */
export interface RawImage extends KubeObject {
  readonly status?: Status;
}

/** What was seen of an Image, in order, each once in a row. */
export interface Seen {
  readonly tags: string[];
  /** `tag since`, of each `status.update`. */
  readonly updates: string[];
}

/** What was seen of each application's Image. */
export class ImageHistory {
  private readonly seen = new Map<string, Seen>();

  /** Notes what an Image is now, if it is an application's: those have their namespace's name. */
  note({ metadata: { namespace = '', name = '' } = {}, status: { tag, update } = {} }: RawImage): void {
    if (namespace !== name) return;
    let seen = this.seen.get(name);
    if (seen === undefined) this.seen.set(name, (seen = { tags: [], updates: [] }));
    if (tag !== undefined && seen.tags.at(-1) !== tag) seen.tags.push(tag);
    const move = update && `${update.tag} ${update.since}`;
    if (move !== undefined && seen.updates.at(-1) !== move) seen.updates.push(move);
  }

  of(name: string): Seen {
    return this.seen.get(name) ?? { tags: [], updates: [] };
  }
}
