// Programs that come from the distribution, not from Go: installed on Debian and Ubuntu, asked for elsewhere.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheFolder, withLock } from '../../../scripts/cache.mjs';
import { run } from '../process/run.ts';
import type { Progress } from './parts.ts';

/** The package of Debian that a command comes from. */
const packages = {
  runc: 'runc',
  ip: 'iproute2',
  iptables: 'iptables',
  buildah: 'buildah',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
} as const;

export type SystemCommand = keyof typeof packages;

/** Looked in besides the PATH, since an ordinary user's has no sbin. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** A PATH on which installed system commands are found, after the given folders. */
export function systemPath(...first: string[]): string {
  return [...first, ...(process.env['PATH'] ?? '').split(delimiter), ...systemFolders].join(delimiter);
}

/** Installs what is missing, where this process may. @throws Error that names the packages, and what to do instead. */
export async function ensureSystemCommands(commands: readonly SystemCommand[], progress: Progress): Promise<void> {
  const missing = () => [
    ...new Set(commands.filter((command) => !isInstalled(command)).map((command) => packages[command])),
  ];
  if (missing().length === 0) return;
  const alternative = `install ${missing().join(', ')} (Debian and Ubuntu package names), or use --nodes kwok, which does not need them`;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get'))
    throw new Error(`a real node needs programs that are not installed: ${alternative}`);
  await withLock(join(cacheFolder(), 'locks', 'apt'), async () => {
    const wanted = missing();
    if (wanted.length === 0) return;
    progress(`installing the Debian packages ${wanted.join(', ')}`);
    const started = Date.now();
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const options = { env, timeoutMs: 600_000 };
    try {
      await run(['apt-get', '-qq', 'update'], options);
      await run(
        ['apt-get', '-qq', '-y', '-o', 'DPkg::Lock::Timeout=120', 'install', '--no-install-recommends', ...wanted],
        options,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}\nEither ${alternative}`, { cause: error });
    }
    progress(`installed in ${Math.round((Date.now() - started) / 1000)} s`);
  });
  if (missing().length > 0)
    throw new Error(`apt-get installed ${missing().join(', ')}, yet the commands are not found: ${alternative}`);
}

function isInstalled(command: string): boolean {
  return systemPath()
    .split(delimiter)
    .some((folder) => {
      try {
        accessSync(join(folder, command), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
