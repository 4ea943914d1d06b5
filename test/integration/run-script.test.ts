// scripts/run.mjs on a project of its own whose "Node 24" is a stand-in, so that nothing is downloaded.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'kimup-run-test-'));
  cpSync(join(import.meta.dirname, '..', '..', 'scripts'), join(project, 'scripts'), { recursive: true });
  mkdirSync(join(project, 'stand-in'));
  writeFileSync(
    join(project, 'stand-in', 'package.json'),
    JSON.stringify({ name: 'node', version: '1.0.0', bin: { node: 'node' } }),
  );
  writeFileSync(join(project, 'stand-in', 'node'), `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
  const manifest = { name: 'project', version: '1.0.0', dependencies: { node: 'file:stand-in' } };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const packages = {
    '': manifest,
    'node_modules/node': { resolved: 'stand-in', link: true },
    'stand-in': { name: 'node', version: '1.0.0', bin: { node: 'node' } },
  };
  writeFileSync(
    join(project, 'package-lock.json'),
    JSON.stringify({ name: 'project', version: '1.0.0', lockfileVersion: 3, packages }),
  );
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function start(
  code: string,
  ...args: string[]
): { child: ChildProcess; result: Promise<{ status: number | null; output: string }> } {
  writeFileSync(join(project, 'file.ts'), code);
  const child = spawn(process.execPath, [join(project, 'scripts', 'run.mjs'), join(project, 'file.ts'), ...args], {
    env: { ...process.env, KIMUP_CACHE: join(project, 'cache') },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  return { child, result: new Promise((resolve) => child.on('close', (status) => resolve({ status, output }))) };
}

it('installs what is locked, once, runs the file and passes arguments and exit status on', async () => {
  const code =
    'const args: string[] = process.argv.slice(2); console.log("ran with", args.join("+")); process.exit(7);';
  const first = await start(code, 'a', '--b').result;
  expect(first.output).toContain('installing node_modules: npm ci');
  expect(first).toMatchObject({ status: 7, output: expect.stringContaining('ran with a+--b') });
  expect((await start(code).result).output).not.toContain('npm ci');
});

it('installs again when package-lock.json has changed and node_modules does not fit it', async () => {
  await start('').result;
  rmSync(join(project, 'node_modules', '.package-lock.json'));
  const lock = join(project, 'package-lock.json');
  writeFileSync(lock, `${readFileSync(lock, 'utf8')}\n`);
  expect((await start('').result).output).toContain('installing node_modules: npm ci');
});

it('installs once when two runs start at once', async () => {
  const results = await Promise.all([1, 2].map(() => start('console.log("ran")').result));
  expect(results.map(({ status }) => status)).toEqual([0, 0]);
  expect(results.filter(({ output }) => output.includes('npm ci'))).toHaveLength(1);
});

it('passes a signal on', async () => {
  const { child, result } = start(
    'process.on("SIGTERM", () => process.exit(9)); console.log("ready"); setInterval(() => {}, 1000);',
  );
  await new Promise<void>((resolve) =>
    child.stdout?.on('data', (data: Buffer) => data.toString().includes('ready') && resolve()),
  );
  child.kill('SIGTERM');
  expect((await result).status).toBe(9);
});

it("says what is wrong when the project's own Node is missing", async () => {
  writeFileSync(join(project, 'stand-in', 'package.json'), JSON.stringify({ name: 'node', version: '1.0.0' }));
  const lock = {
    name: 'project',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: { '': { name: 'project', version: '1.0.0' } },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(lock.packages['']));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock));
  const { status, output } = await start('').result;
  expect(status).toBe(1);
  expect(output).toContain('npm rebuild node');
  expect(existsSync(join(project, 'node_modules', '.kimup-installed'))).toBe(false);
});

it("has every platform's optional packages in package-lock.json, or npm ci would refuse it", () => {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
  };
  /** As Node resolves it: in the package's own node_modules, then in those of the folders above. */
  const resolved = (from: string, name: string): string | undefined =>
    packages[`${from}${from && '/'}node_modules/${name}`]?.version ??
    (from === '' ? undefined : resolved(from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1)), name));
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, wanted]) => /^\d/.test(wanted) && resolved(path, name) !== wanted)
      .map(([name, wanted]) => `${path}: ${name} ${wanted}`),
  );
  expect(missing).toEqual([]);
});
