// OCI images made of files: one uncompressed layer, a config, a manifest. OCI image spec v1.1.
import { createHash } from 'node:crypto';
import { goArchitecture } from '../parts/go-architecture.ts';
import { tar, type TarFile } from './tar.ts';

/** What an image is made of. */
export interface ImageSpec {
  readonly files: readonly TarFile[];
  readonly config: {
    readonly entrypoint: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    /** `UID` or `UID:GID`. */
    readonly user?: string;
    /** e.g. `8080/tcp`. */
    readonly exposedPorts?: readonly string[];
    readonly workingDir?: string;
  };
  /** As Go names it; this machine's if not given. */
  readonly architecture?: string;
}

/** Bytes and what names them. */
export interface Blob {
  readonly mediaType: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly bytes: Buffer;
}

export interface BuiltImage {
  readonly manifest: Blob;
  /** The layer and the config. */
  readonly blobs: readonly Blob[];
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** The same spec always gives the same digests. */
export function buildImage(spec: ImageSpec): BuiltImage {
  const layer = blob('application/vnd.oci.image.layer.v1.tar', tar(spec.files));
  const { entrypoint, env = {}, user, exposedPorts = [], workingDir } = spec.config;
  const config = jsonBlob('application/vnd.oci.image.config.v1+json', {
    architecture: spec.architecture ?? goArchitecture(),
    os: 'linux',
    config: {
      Entrypoint: entrypoint,
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      ...(user === undefined ? {} : { User: user }),
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      ExposedPorts: Object.fromEntries(exposedPorts.map((port) => [port, {}])),
    },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  return { manifest: imageManifest(config, [layer]), blobs: [layer, config] };
}

/** What a signer pushes beside an image: a manifest whose one layer says which digest it signs. */
export function buildSignature(signedDigest: string): BuiltImage {
  const layer = jsonBlob('application/vnd.dev.cosign.simplesigning.v1+json', {
    critical: { image: { 'docker-manifest-digest': signedDigest } },
  });
  const config = jsonBlob('application/vnd.oci.image.config.v1+json', {
    architecture: '',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
  });
  return { manifest: imageManifest(config, [layer]), blobs: [layer, config] };
}

/** The image as an OCI image layout in a tar archive, under a name, as `ctr images import` takes it. */
export function ociArchive({ manifest, blobs }: BuiltImage, name: string): Buffer {
  const index = {
    schemaVersion: 2,
    manifests: [{ ...descriptor(manifest), annotations: { 'io.containerd.image.name': name } }],
  };
  return tar([
    { path: 'oci-layout', content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', content: Buffer.from(JSON.stringify(index)) },
    ...[manifest, ...blobs].map(({ digest, bytes }) => ({ path: `blobs/${digest.replace(':', '/')}`, content: bytes })),
  ]);
}

function imageManifest(config: Blob, layers: readonly Blob[]): Blob {
  return jsonBlob(manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor(config),
    layers: layers.map(descriptor),
  });
}

function descriptor({ mediaType, digest, bytes }: Blob): object {
  return { mediaType, digest, size: bytes.length };
}

function jsonBlob(mediaType: string, value: unknown): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function blob(mediaType: string, bytes: Buffer): Blob {
  return { mediaType, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}
