// node scripts/run.mjs FILE.ts [arguments]: installs what package-lock.json asks for, if it isn't there, and runs FILE.ts
// with the project's own Node. Plain JavaScript for Node 20: it is what runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, withLock } from './cache.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.kimup-installed');

const [file, ...args] = process.argv.slice(2);
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node.js ${process.versions.node} is too old: install Node.js 20 or newer (https://nodejs.org).`);
}
if (!file) fail('usage: node scripts/run.mjs FILE.ts [arguments]');
await ensureInstalled();
run(file, args);

function fail(message) {
  console.error(message);
  process.exit(1);
}

async function ensureInstalled() {
  const lockfile = readFileSync(join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lockfile).digest('hex');
  const fits = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (fits()) return;
  const key = createHash('sha256').update(root).digest('hex').slice(0, 16);
  await withLock(
    join(cacheFolder(), 'locks', `install-${key}`),
    () => {
      if (fits()) return;
      if (!installedAsLocked(JSON.parse(lockfile.toString()))) install();
      if (!existsSync(join(bin, 'node'))) {
        fail(
          'node_modules has no Node.js 24: the install script of the package "node" did not run. Try: npm rebuild node (and see allowScripts in package.json).',
        );
      }
      writeFileSync(stamp, wanted);
    },
    (pid) => console.error(`waiting for process ${pid}, which is installing node_modules`),
  );
}

/** Whether npm's own record of node_modules has every package that the lock file asks for, in the same version. */
function installedAsLocked(lock) {
  let have;
  try {
    have = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  return Object.entries(lock.packages).every(
    ([path, wanted]) => path === '' || wanted.optional || have[path]?.version === wanted.version,
  );
}

function install() {
  console.error('installing node_modules: npm ci');
  const started = Date.now();
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(command, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr.fd, 'inherit'],
  });
  if (error) fail(`npm can't be started (${error.message}): it comes with Node.js 20 or newer.`);
  if (status !== 0)
    fail('npm ci failed, see above. It needs the npm registry (npm config get registry) or a filled npm cache.');
  console.error(`installed in ${Math.round((Date.now() - started) / 1000)} s`);
}

function run(file, args) {
  const child = spawn(join(bin, 'node'), [file, ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
      NODE_NO_WARNINGS: process.env.NODE_NO_WARNINGS ?? '1',
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    // A terminal sends Ctrl-C to the child itself too; the child must take a second one as the same wish.
    process.on(signal, () => (signal !== 'SIGINT' || !process.stdin.isTTY ? child.kill(signal) : undefined));
  }
  const watch = setInterval(() => {
    if (npmIsGone()) child.kill('SIGTERM');
  }, 1000);
  child.on('error', (error) => fail(`${join(bin, 'node')} can't be started: ${error.message}`));
  child.on('exit', (status, signal) => {
    clearInterval(watch);
    process.exit(status ?? 128 + constants.signals[signal]);
  });
}

/** npm starts us through a shell and tells neither when it is killed. Outside npm, an outlived parent is somebody's wish (nohup). */
function npmIsGone() {
  npmIsGone.before ??= ancestors();
  return process.env.npm_lifecycle_event !== undefined && npmIsGone.before !== ancestors();
}

function ancestors() {
  const parent = process.ppid;
  try {
    const [comm, rest] = readFileSync(`/proc/${parent}/stat`, 'utf8')
      .split(/\((.*)\) /)
      .slice(1);
    return comm.endsWith('sh') ? `${parent} ${rest.split(' ')[1]}` : `${parent}`;
  } catch {
    return `${parent}`;
  }
}
