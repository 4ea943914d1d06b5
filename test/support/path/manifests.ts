// The objects that tests, the demo and benches apply.

/** A namespace whose pods kimup may change. */
export function namespaceInScope(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, annotations: { 'kimup.cloudavenue.io/enabled': 'true' } },
  };
}

export interface ImageOptions {
  readonly name: string;
  readonly namespace: string;
  /** The repository, without a tag. */
  readonly image: string;
  readonly baseTag: string;
  /** When it is refreshed; on request alone without it. */
  readonly crontab?: string;
  /** The name of its rule, for people. */
  readonly rule?: string;
}

export interface ImageManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly image: string } & Readonly<Record<string, unknown>>;
}

/** An Image that takes the highest minor. */
export function imageManifest({ name, namespace, image, baseTag, crontab, rule }: ImageOptions): ImageManifest {
  return {
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata: { name, namespace },
    spec: {
      image,
      baseTag,
      triggers: [crontab === undefined ? { type: 'webhook' } : { type: 'crontab', value: crontab }],
      rules: [{ name: rule ?? 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
    },
  };
}
