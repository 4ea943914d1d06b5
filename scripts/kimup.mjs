// npm run -s kimup -- ARGUMENTS: the command line from a clone. Bundled anew when a source has changed since, which takes a
// second; nothing of that is on stdout.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './cache.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bundle = join(root, 'dist', 'kimup.mjs');
const stamp = join(root, 'dist', '.kimup-sources');

try {
  if (!isFresh()) await withLock(join(root, 'dist', '.kimup-lock'), () => isFresh() || build());
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
// npm runs scripts in the clone; FILE is meant from where the user is.
if (process.env.npm_lifecycle_event === 'kimup' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
await import(pathToFileURL(bundle).href);

function isFresh() {
  return existsSync(bundle) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources();
}

function build() {
  const wanted = sources();
  mkdirSync(dirname(bundle), { recursive: true });
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', 'rolldown', 'bin', 'cli.mjs'), '-c', 'rolldown.cli.config.ts'],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`kimup can't be bundled: ${error?.message ?? `${stdout}${stderr}`}`);
  writeFileSync(stamp, wanted);
}

/** What the bundle is made of: each file's name, size and time. */
function sources() {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'src'), { recursive: true })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => join('src', file));
  for (const file of [...files.toSorted(), 'rolldown.cli.config.ts', 'package-lock.json']) {
    const { size, mtimeMs } = statSync(join(root, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}
