// Images built from a Dockerfile by buildah, without pulling anything: the base is made of the Node.js in node_modules.
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder, self, withLock } from '../../scripts/cache.mjs';
import { ensureSystemCommands, systemPath } from './debian.ts';
import { buildImage as buildFromFiles, type ImageFile, ociArchive } from './image.ts';
import type { Progress } from './parts.ts';
import { run } from './process.ts';
import type { TestRegistry } from './registry.ts';

export interface ImageBuild {
  /** The folder with the Dockerfile and what it copies. */
  readonly context: string;
  /** Where the image goes, and its repository and tag there. */
  readonly registry: TestRegistry;
  readonly repository: string;
  readonly tag: string;
  readonly progress?: Progress;
}

/**
 * Builds `context`/Dockerfile with the build argument BASE set to an image that holds Node.js alone, and pushes it.
 * Root, Debian's buildah. Takes seconds. Returns the reference that pods name it by.
 */
export async function buildAndPush(build: ImageBuild): Promise<string> {
  const progress = build.progress ?? (() => {});
  await ensureSystemCommands(['buildah'], progress);
  const started = Date.now();
  const base = await nodeBaseImage();
  const storage = mkdtempSync(join(tmpdir(), 'kimup-images-'));
  const credentials = join(storage, 'auth.json');
  writeFileSync(credentials, '{}');
  const env = { PATH: systemPath(), REGISTRY_AUTH_FILE: credentials, TMPDIR: storage };
  const buildah = (...args: string[]) =>
    run(
      [
        'setpriv',
        '--pdeathsig',
        'KILL',
        'buildah',
        '--storage-driver',
        'vfs',
        '--root',
        join(storage, 'root'),
        '--runroot',
        join(storage, 'run'),
        ...args,
      ],
      { env, timeoutMs: 300_000 },
    );
  try {
    // Only what a build needs to read images of this machine; none is verified, none pulled.
    const policy = join(storage, 'policy.json');
    writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
    const image = `localhost/${build.repository}:${build.tag}`;
    await buildah(
      'bud',
      '--signature-policy',
      policy,
      '--isolation',
      'chroot',
      '--pull=false',
      '--build-arg',
      `BASE=oci-archive:${base}`,
      '--tag',
      image,
      build.context,
    );
    const target = `${new URL(build.registry.url).host}/${build.repository}:${build.tag}`;
    await buildah('push', '--signature-policy', policy, '--tls-verify=false', image, `docker://${target}`);
  } finally {
    rmSync(storage, { recursive: true, force: true });
  }
  progress(`built and pushed ${build.repository}:${build.tag} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return `${build.registry.host}/${build.repository}:${build.tag}`;
}

/** An archive with node_modules' Node.js at /usr/local/bin/node and the libraries that it needs; made once. */
async function nodeBaseImage(): Promise<string> {
  const node = realpathSync(process.execPath);
  const libraries = await librariesOf(node);
  const hash = createHash('sha256');
  for (const file of [node, ...libraries]) hash.update(file).update('\0').update(readFileSync(file));
  const archive = join(cacheFolder(), 'images', `node-${process.version}-${hash.digest('hex').slice(0, 12)}.tar`);
  await withLock(join(cacheFolder(), 'locks', 'node-image'), () => {
    if (existsSync(archive)) return;
    mkdirSync(dirname(archive), { recursive: true });
    const files: ImageFile[] = [
      { path: '/usr/local/bin/node', mode: 0o755, content: node },
      ...libraries.map((path) => ({ path, mode: 0o755, content: path })),
      {
        path: '/etc/passwd',
        content: Buffer.from('root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n'),
      },
      // The authorities that this machine trusts, where it has them in Debian's place.
      ...['/etc/ssl/certs/ca-certificates.crt'].filter(existsSync).map((path) => ({ path, content: path })),
    ];
    const image = buildFromFiles({ files, config: { entrypoint: ['/usr/local/bin/node'] } });
    const temporary = `${archive}.${self().replace(' ', '-')}`;
    writeFileSync(temporary, ociArchive(image, 'localhost/node:base'));
    renameSync(temporary, archive);
  });
  return archive;
}

/** The shared libraries that a program is linked with, the loader included, by their absolute paths. */
async function librariesOf(program: string): Promise<string[]> {
  const output = await run(['ldd', program]);
  return [...output.matchAll(/(?:=> )?(\/\S+) \(0x[0-9a-f]+\)/g)]
    .map((match) => match[1] ?? '')
    .filter((path) => path !== '');
}
