// The programs a cluster is made of: built once by Go from the pinned modules in the folders here, into the cache folder.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, withLock } from '../../../scripts/cache.mjs';
import { buildParts, type PartFolder, targetFolder } from './go-build.ts';
import { type Part, PART_GROUPS, type PartGroup } from './groups.ts';

/** Called with one line of text at a time, for people. */
export type Progress = (line: string) => void;

/** Taken from `$KUBEBUILDER_ASSETS` where that folder holds them. */
const kubebuilderAssets: readonly string[] = ['etcd', 'kube-apiserver', 'kubectl'];

/**
 * Paths of the programs asked for, each built if the cache does not hold it yet.
 * @throws Error that names the ways to get a part which can't be built, with the end of the build's output.
 */
export async function ensureParts<P extends Part>(
  names: readonly P[],
  progress: Progress = () => {},
): Promise<Record<P, string>> {
  const paths = new Map<string, string>();
  const toBuild: (PartFolder & { readonly missing: readonly string[] })[] = [];
  for (const [folder, group] of Object.entries(PART_GROUPS) as [string, PartGroup][]) {
    const target = targetFolder(folder, group);
    const missing: string[] = [];
    for (const name of names.filter((name) => name in group.packages)) {
      const path = assetPath(name) ?? join(target, name);
      paths.set(name, path);
      if (!existsSync(path)) missing.push(name);
    }
    if (missing.length > 0) toBuild.push({ folder, group, target, missing });
  }
  for (const [index, part] of toBuild.entries()) {
    const later = toBuild.slice(index + 1).map(({ folder }) => folder);
    await buildOnce(part, part.missing, later.join(', '), progress);
  }
  return Object.fromEntries(paths) as Record<P, string>;
}

/** One process at a time builds from a folder; what another one has built meanwhile is there. */
async function buildOnce(
  part: PartFolder,
  missing: readonly string[],
  next: string,
  progress: Progress,
): Promise<void> {
  const build = async () => {
    const still = missing.filter((name) => !existsSync(join(part.target, name)));
    await buildParts(part, still, next, progress).catch((error: Error) => {
      throw new Error(howToGet(still, part.target, error.message), { cause: error });
    });
  };
  await withLock(join(cacheFolder(), 'locks', `part-${part.folder}`), build, (pid) =>
    progress(`waiting for process ${pid}, which is building ${part.folder}`),
  );
}

function assetPath(name: string): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (!assets || !kubebuilderAssets.includes(name)) return undefined;
  try {
    accessSync(join(assets, name), constants.X_OK);
    return join(assets, name);
  } catch {
    return undefined;
  }
}

function howToGet(names: readonly string[], target: string, why: string): string {
  const fromAssets = names.filter((name) => kubebuilderAssets.includes(name));
  return [
    `${names.join(', ')} can't be built: ${why}`,
    'To fix this, do one of the following:',
    '  - install Go 1.26.6 or newer (https://go.dev/dl; an older Go from 1.21 on fetches it by itself) with access to a Go module proxy (go env GOPROXY)',
    ...(fromAssets.length > 0
      ? [`  - set KUBEBUILDER_ASSETS to a directory that contains ${fromAssets.join(', ')}`]
      : []),
    `  - put the binaries there yourself: ${names.map((name) => join(target, name)).join(', ')}`,
    '  - copy the cache directory of another machine, and set KIMUP_CACHE to its path',
  ].join('\n');
}
