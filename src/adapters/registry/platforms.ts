import { isObject } from '../../support/json.ts';

/** Where an image's platforms are told. Media types do not matter: registries and builders spell them in several ways. */
export type Manifest =
  /** An image index names the platform of each of its manifests. */
  | { readonly platforms: readonly string[] }
  /** A single image has its platform in its configuration, a blob with this digest. */
  | { readonly config: string };

/**
 * OCI image specification, "Image Index" and "Image Manifest"; Docker's manifest list and manifest are the same.
 * @returns undefined when it is none of them
 */
export function readManifest(body: Buffer): Manifest | undefined {
  const content = parse(body);
  if (Array.isArray(content?.['manifests'])) {
    const found = content['manifests'].map((entry: unknown) =>
      isObject(entry) ? platformOf(entry['platform']) : undefined,
    );
    return { platforms: sorted(found) };
  }
  const config = isObject(content?.['config']) ? content['config']['digest'] : undefined;
  return typeof config === 'string' && /^sha256:[0-9a-f]{64}$/.test(config) ? { config } : undefined;
}

/** OCI image specification, "Image Configuration". None for the configuration of what is no image: a chart, a signature. */
export function readConfiguration(body: Buffer): readonly string[] {
  return sorted([platformOf(parse(body))]);
}

/** An attestation beside the images of an index has the platform unknown/unknown. */
function platformOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const parts = [
    value['os'],
    value['architecture'],
    ...(value['variant'] === undefined || value['variant'] === '' ? [] : [value['variant']]),
  ];
  if (
    !parts.every((part) => typeof part === 'string' && /^[a-z0-9][a-z0-9._-]{0,30}$/.test(part)) ||
    parts.includes('unknown')
  )
    return undefined;
  return parts.join('/');
}

function sorted(platforms: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(platforms.filter((platform) => platform !== undefined))].sort();
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(body.toString('utf8'));
    return isObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}
