// Images built from a Dockerfile by buildah, without pulling anything: the base is made of the Node.js in node_modules.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemCommands, systemPath } from '../parts/debian.ts';
import type { Progress } from '../parts/parts.ts';
import { run } from '../process/run.ts';
import type { TestRegistry } from '../registry/registry.ts';
import { nodeBaseImage } from './node-base-image.ts';

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
  try {
    await buildahBuildAndPush(build, base, storage);
  } finally {
    rmSync(storage, { recursive: true, force: true });
  }
  progress(`built and pushed ${build.repository}:${build.tag} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return `${build.registry.host}/${build.repository}:${build.tag}`;
}

/** @param storage an empty folder for what buildah keeps */
async function buildahBuildAndPush(build: ImageBuild, base: string, storage: string): Promise<void> {
  // Only what a build needs to read images of this machine; none is verified, none pulled.
  const policy = join(storage, 'policy.json');
  writeFileSync(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  const credentials = join(storage, 'auth.json');
  writeFileSync(credentials, '{}');
  const env = { PATH: systemPath(), REGISTRY_AUTH_FILE: credentials, TMPDIR: storage };
  const bound = ['setpriv', '--pdeathsig', 'KILL'];
  const folders = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
  const buildah = (command: string, ...args: string[]) =>
    run([...bound, 'buildah', '--storage-driver', 'vfs', ...folders, command, '--signature-policy', policy, ...args], {
      env,
      timeoutMs: 300_000,
    });
  const image = `localhost/${build.repository}:${build.tag}`;
  const source = ['--build-arg', `BASE=oci-archive:${base}`, '--tag', image, build.context];
  await buildah('bud', '--isolation', 'chroot', '--pull=false', ...source);
  const target = `${new URL(build.registry.url).host}/${build.repository}:${build.tag}`;
  await buildah('push', '--tls-verify=false', image, `docker://${target}`);
}
