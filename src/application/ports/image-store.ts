import type { ControllerStatus, OperatorStatus } from '../../domain/image/image-status.ts';
import type { Image, ObjectKey } from '../../domain/image/image.ts';

export interface ImageListener {
  /** An Image is new, or anything of it changed. `previous` is what was known of it; absent when it is new (also after it was deleted and made again). */
  changed(image: Image, previous: Image | undefined): void;
  deleted(image: Image): void;
}

/**
 * The Images of the cluster. Reading never asks the API server: it shows the present state as the watch brought it.
 * Every write is a server-side apply under the component's own field manager and fails with a WriteError.
 */
export abstract class ImageStore {
  abstract get(key: ObjectKey): Image | undefined;
  abstract list(namespace?: string): readonly Image[];
  /** Whether every Image was seen at least once. */
  abstract synced(): boolean;
  /** For how long changes have not come through, as far as is known, milliseconds; 0 while they do. What is read meanwhile may be old. */
  abstract staleForMs(): number;
  /** Tells of all present Images first, then of every change. */
  abstract subscribe(listener: ImageListener): void;

  /** Only for the controller. One request. Fails when `image` was deleted or recreated in the meantime (by its uid). */
  abstract writeControllerStatus(image: Image, status: ControllerStatus): Promise<void>;
  /** Only for the operator. One request. Fails when `image` was deleted or recreated in the meantime (by its uid). */
  abstract writeOperatorStatus(image: Image, status: OperatorStatus): Promise<void>;
  /** Takes `kimup.cloudavenue.io/NAME` annotations away (null) or sets them. One request. */
  abstract annotate(image: Image, annotations: Readonly<Record<string, string | null>>): Promise<void>;
}

/** What a failed write means for whoever wrote. */
export class WriteError extends Error {
  override readonly name = 'WriteError';
  /**
   * @param consequence `gone`: the object is not there any more, drop it; `conflict`: it changed, read again and decide
   * again; `refused`: the API server will not take it as it is (schema, RBAC); `retry`: it could not be asked now
   * @param options `retryAfterMs`: the least to wait, where the API server said so
   */
  constructor(
    message: string,
    readonly consequence: 'gone' | 'conflict' | 'refused' | 'retry',
    { retryAfterMs, ...options }: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.retryAfterMs = retryAfterMs;
  }

  /** The least to wait before it is tried again, milliseconds. */
  readonly retryAfterMs: number | undefined;
}
