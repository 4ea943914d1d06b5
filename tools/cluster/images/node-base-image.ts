// The base of images that are built here: the Node.js of node_modules, so that nothing has to be pulled.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, withLock } from '../../../scripts/cache.mjs';
import { ownedName } from '../owned-names.ts';
import { run } from '../process/run.ts';
import { buildImage, ociArchive } from './image.ts';
import type { TarFile } from './tar.ts';

/** An archive with node_modules' Node.js at /usr/local/bin/node and the libraries that it needs; made once. */
export async function nodeBaseImage(): Promise<string> {
  const node = realpathSync(process.execPath);
  const libraries = await librariesOf(node);
  const hash = createHash('sha256');
  for (const file of [node, ...libraries]) hash.update(file).update('\0').update(readFileSync(file));
  const archive = join(cacheFolder(), 'images', `node-${process.version}-${hash.digest('hex').slice(0, 12)}.tar`);
  await withLock(join(cacheFolder(), 'locks', 'node-image'), () => {
    if (existsSync(archive)) return;
    mkdirSync(dirname(archive), { recursive: true });
    const files: TarFile[] = [
      { path: '/usr/local/bin/node', mode: 0o755, content: node },
      ...libraries.map((path) => ({ path, mode: 0o755, content: path })),
      {
        path: '/etc/passwd',
        content: Buffer.from('root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n'),
      },
      // The authorities that this machine trusts, where it has them in Debian's place.
      ...['/etc/ssl/certs/ca-certificates.crt'].filter(existsSync).map((path) => ({ path, content: path })),
    ];
    const image = buildImage({ files, config: { entrypoint: ['/usr/local/bin/node'] } });
    const temporary = ownedName(`${archive}.`);
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
