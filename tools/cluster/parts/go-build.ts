// Builds programs with Go, into a folder of the cache that is named by all that decides what comes out.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../../scripts/cache.mjs';
import { abandoned, ownedName } from '../owned-names.ts';
import { goArchitecture } from './go-architecture.ts';
import type { PartGroup } from './groups.ts';

const BUILDING = '.build-';

/** A folder of parts/ with the programs that come from it. */
export interface PartFolder {
  readonly folder: string;
  readonly group: PartGroup;
  /** Where its programs are, or will be. */
  readonly target: string;
}

/** Named by all that decides what comes out, so that a changed pin or flag is another folder. */
export function targetFolder(folder: string, group: PartGroup): string {
  const source = sourceFolder(folder);
  const hash = createHash('sha256');
  for (const file of readdirSync(source).toSorted())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(source, file)))
      .update('\0');
  const platform = `${process.env['GOOS'] ?? process.platform}-${process.env['GOARCH'] ?? goArchitecture()}`;
  hash.update(JSON.stringify([platform, buildFlags(group)]));
  const version =
    group.module === undefined
      ? 'own'
      : (new RegExp(`${group.module.replaceAll('.', '\\.')} (v\\S+)`).exec(
          readFileSync(join(source, 'go.mod'), 'utf8'),
        )?.[1] ?? 'unknown');
  return join(cacheFolder(), 'parts', `${folder}-${version}-${platform}-${hash.digest('hex').slice(0, 12)}`);
}

/**
 * Builds into a folder beside the target and renames each program into place, so that a killed build leaves nothing half-made
 * there.
 * @param next what is built after it, for people
 * @throws Error with the end of Go's output, or with what is wrong with Go itself
 */
export async function buildParts(
  { folder, group, target }: PartFolder,
  missing: readonly string[],
  next: string,
  progress: (line: string) => void,
): Promise<void> {
  if (missing.length === 0) return;
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  mkdirSync(target, { recursive: true });
  for (const left of abandoned(readdirSync(target), BUILDING))
    rmSync(join(target, left), { recursive: true, force: true });
  const temporary = mkdtempSync(join(target, ownedName(BUILDING)));
  progress(
    `building ${missing.join(', ')} (once; ${folder === 'kubernetes' ? 'this one takes some minutes' : 'from the Go modules in tools/cluster/parts/' + folder})${next && `; next: ${next}`}`,
  );
  const tick = setInterval(() => progress(`  … ${folder}: ${seconds()}`), 15_000);
  try {
    const packages = missing.map((name) => group.packages[name] ?? name);
    const output = missing.length > 1 ? `${temporary}/` : join(temporary, missing[0] ?? '');
    await go(['build', ...buildFlags(group), '-o', output, ...packages], sourceFolder(folder));
    for (const name of missing) renameSync(join(temporary, name), join(target, name));
    progress(`built ${missing.join(', ')} in ${seconds()}`);
  } finally {
    clearInterval(tick);
    rmSync(temporary, { recursive: true, force: true });
  }
}

function sourceFolder(folder: string): string {
  return join(import.meta.dirname, folder);
}

function buildFlags(group: PartGroup): string[] {
  return ['-mod=readonly', '-trimpath', ...(group.flags ?? []), '-ldflags', `-s -w ${group.ldflags ?? ''}`.trim()];
}

/** Runs go; rejects with the end of its output, or with what is wrong with Go itself. */
function go(args: string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // A workspace or flags of the user's own would change what is built.
    const child = spawn('go', args, {
      cwd,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-4000)));
    const onExit = () => child.kill('SIGKILL');
    process.once('exit', onExit);
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(error.code === 'ENOENT' ? 'there is no "go" on the PATH' : error.message)),
    );
    child.on('close', (status) => {
      process.off('exit', onExit);
      if (status === 0) resolve();
      else
        reject(
          new Error(`go ${args[0]} ended with status ${status}:\n${output.trim().split('\n').slice(-15).join('\n')}`),
        );
    });
  });
}
