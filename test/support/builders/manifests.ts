// Objects as users write them, for tests, the demo and benches.

/** A namespace whose pods kimup may change. */
export function namespaceInScope(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, annotations: { 'kimup.cloudavenue.io/enabled': 'true' } },
  };
}

export interface GivenImageManifest {
  readonly name: string;
  readonly namespace: string;
  /** The repository, without a tag. */
  readonly image: string;
  readonly baseTag: string;
  /** When it is refreshed; on request alone without it. */
  readonly crontab?: string;
  /** More of its spec, or what is to stand there instead. */
  readonly spec?: object;
}

export interface ImageManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly image: string } & Readonly<Record<string, unknown>>;
}

/** An Image that takes the highest minor. */
export function imageManifest({ name, namespace, image, baseTag, crontab, spec }: GivenImageManifest): ImageManifest {
  return {
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata: { name, namespace },
    spec: {
      image,
      baseTag,
      triggers: [crontab === undefined ? { type: 'webhook' } : { type: 'crontab', value: crontab }],
      rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
      ...spec,
    },
  };
}
