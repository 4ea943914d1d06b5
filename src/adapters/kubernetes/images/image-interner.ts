import type { Image } from '../../../domain/image/image.ts';
import { imageOf, type RawImage, UnreadableImageError } from './image-mapping.ts';
import { SharedValues } from './shared-values.ts';

const UNIQUE: ReadonlySet<string> = new Set(['time', 'since', 'digest', 'began', 'ended']);

/**
 * Images as they are kept in memory: read once, the object that they came in let go, and what many of them say (triggers,
 * rules, conditions' texts) kept once.
 */
export class ImageInterner {
  private readonly values = new SharedValues();

  /** For an informer. One that can't be read stays as it came, without its managedFields, for whoever reports it. */
  readonly trim = (raw: RawImage): RawImage => {
    const { apiVersion, kind } = raw;
    const { managedFields: _, ...metadata } = raw.metadata ?? {};
    let read: Image;
    try {
      read = this.slim(imageOf(raw));
    } catch (error) {
      if (!(error instanceof UnreadableImageError)) throw error;
      return { ...raw, metadata };
    }
    const { name, namespace, uid, resourceVersion, generation } = read;
    return {
      ...(apiVersion === undefined ? {} : { apiVersion: this.values.share(apiVersion) }),
      ...(kind === undefined ? {} : { kind: this.values.share(kind) }),
      metadata: { name, namespace, uid, resourceVersion, generation },
      read,
    };
  };

  private slim(image: Image): Image {
    const { values } = this;
    const spec = { ...image.spec } as Record<string, unknown>;
    for (const [name, field] of Object.entries(spec)) spec[name] = values.share(field);
    for (const condition of image.status.conditions) values.shareTexts(condition);
    for (const origin of image.status.origins ?? []) values.shareTexts(origin);
    for (const entry of image.status.history ?? []) values.shareTexts(entry, UNIQUE);
    return {
      ...image,
      namespace: values.share(image.namespace),
      annotations: values.share(image.annotations),
      spec: spec as unknown as Image['spec'],
      status: values.shareTexts({ ...image.status }, UNIQUE),
    };
  }
}
