// OCI images made of files: one uncompressed layer, a config, a manifest. OCI image spec v1.1.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** One regular file of an image. */
export interface ImageFile {
  /** Where it is in the image, e.g. `/app/main.js`. */
  readonly path: string;
  /** Permission bits; 0o644 if not given. */
  readonly mode?: number;
  /** Its bytes, or the path of a file of this machine that holds them. */
  readonly content: Buffer | string;
}

/** What an image is made of. */
export interface ImageSpec {
  readonly files: readonly ImageFile[];
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

/** This machine's architecture as Go names it. */
export function goArchitecture(): string {
  return ({ x64: 'amd64', ia32: '386' } as Record<string, string>)[process.arch] ?? process.arch;
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

/** A tar archive (POSIX ustar) of regular files and the folders above them, owned by root, dated 1970. */
export function tar(files: readonly ImageFile[]): Buffer {
  const folders = new Set<string>();
  for (const { path } of files) {
    const parts = relative(path).split('/').slice(0, -1);
    parts.forEach((_, depth) => folders.add(`${parts.slice(0, depth + 1).join('/')}/`));
  }
  const chunks: Buffer[] = [...folders].toSorted().map((path) => header(path, 0o755, 0, '5'));
  for (const { path, mode = 0o644, content } of files) {
    const bytes = typeof content === 'string' ? readFileSync(content) : content;
    chunks.push(
      header(relative(path), mode, bytes.length, '0'),
      bytes,
      Buffer.alloc((512 - (bytes.length % 512)) % 512),
    );
  }
  return Buffer.concat([...chunks, Buffer.alloc(1024)]);
}

function relative(path: string): string {
  return path.replace(/^\/+/, '');
}

function header(path: string, mode: number, size: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  const split = path.length <= 100 ? 0 : path.indexOf('/', path.length - 101);
  if (split < 0 || split > 155) throw new Error(`the path ${path} is too long for a tar archive`);
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0');
  block.write(split === 0 ? path : path.slice(split + 1), 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  if (split > 0) block.write(path.slice(0, split), 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)}\0 `, 148);
  return block;
}
