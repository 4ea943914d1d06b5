// Each gate of `npm run check` on a file that breaks it, in a small copy of the tree with the real configuration.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATES, runGate } from '../support/gates.ts';
import type { Ran } from '../support/run.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The configuration, and enough of src/ for every layer to have something in it and for the CRDs to be made. */
const COPIED = [
  'package.json',
  '.oxfmtrc.json',
  'tsconfig.json',
  'tsconfig.base.json',
  'oxlint.config.ts',
  'boundaries.config.ts',
  ...['support', 'domain', 'application', 'adapters', 'modules', 'entrypoints'].map(
    (layer) => `src/${layer}/tsconfig.json`,
  ),
  'src/support',
  ...['image', 'reference', 'trigger', 'action', 'rule', 'tag'].map((room) => `src/domain/${room}`),
  'src/application/ports/clock.ts',
  'src/adapters/kubernetes/api',
  'tools/tsconfig.json',
  'tools/boundaries',
  'tools/crds',
  'crds',
  'test/tsconfig.json',
];

let tree: string;

beforeAll(async () => {
  tree = mkdtempSync(join(tmpdir(), 'kimup-gates-'));
  for (const path of COPIED)
    cpSync(join(ROOT, path), join(tree, path), { recursive: true, filter: (from) => !from.endsWith('.test.ts') });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  write('src/adapters/registry/client.ts', 'export const client = 1;\n');
  write('src/modules/rules.ts', 'export const rules = 1;\n');
  write('src/entrypoints/main.ts', 'export const main = 1;\n');
  write('test/helper.ts', 'export const helper = 1;\n');
});

afterAll(() => rmSync(tree, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

async function gate(name: string): Promise<Ran> {
  const found = GATES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no gate ${name}`);
  return runGate(found, tree);
}

/** Runs a gate while `path` has `text`, and puts back what was there. */
async function gateWith(name: string, path: string, text: string): Promise<Ran> {
  const before = existsSync(join(tree, path)) ? readFileSync(join(tree, path), 'utf8') : undefined;
  write(path, text);
  // Newer than what the check before has emitted, also where that was less than a tick of the file system's clock ago.
  const soon = new Date(Date.now() + 10_000);
  utimesSync(join(tree, path), soon, soon);
  try {
    return await gate(name);
  } finally {
    if (before === undefined) rmSync(join(tree, path));
    else write(path, before);
  }
}

it.each(GATES)('$name passes where nothing is wrong', async ({ name }) => {
  expect(await gate(name)).toEqual({ status: 0, output: expect.not.stringContaining('error') });
});

describe('the type check', () => {
  it.each([
    ['a wrong type', 'src/domain/planted.ts', 'export const count: number = "one";'],
    [
      'an index that may be missing',
      'src/adapters/planted.ts',
      'export const first = (names: string[]): string => names[0];',
    ],
    [
      'a test that no longer fits',
      'src/domain/planted.test.ts',
      "import { keyOf } from './image/image.ts';\nkeyOf('a');",
    ],
    [
      'node:fs in the domain',
      'src/domain/planted.ts',
      "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;",
    ],
    ['a type of node:fs in the domain', 'src/domain/planted.ts', "export type Stats = import('node:fs').Stats;"],
    [
      'node:fs in the domain, on demand',
      'src/domain/planted.ts',
      "export const fs = (): Promise<unknown> => import('node:fs');",
    ],
    ['a package in the domain', 'src/domain/planted.ts', "export { Injectable } from '@nestjs/common';"],
    ['process in the domain', 'src/domain/planted.ts', 'export const at = (): string => process.cwd();'],
    [
      'setTimeout in the domain',
      'src/domain/planted.ts',
      'export const later = (wake: () => void): unknown => setTimeout(wake, 1);',
    ],
    ['console in the domain', 'src/domain/planted.ts', "export const say = (): void => console.log('hello');"],
    ['an adapter in the domain', 'src/domain/planted.ts', "export { client } from '../adapters/registry/client.ts';"],
    [
      'a type of an adapter in the domain',
      'src/domain/planted.ts',
      "export type Client = typeof import('../adapters/registry/client.ts').client;",
    ],
    ['undici in a use case', 'src/application/planted.ts', "export { request } from 'undici';"],
    [
      'a type of client-node in a use case',
      'src/application/planted.ts',
      "import type { V1Pod } from '@kubernetes/client-node';\nexport type Pod = V1Pod;",
    ],
    [
      'setTimeout in a use case',
      'src/application/planted.ts',
      'export const later = (wake: () => void): unknown => setTimeout(wake, 1);',
    ],
    [
      'an adapter in a use case',
      'src/application/planted.ts',
      "export { client } from '../adapters/registry/client.ts';",
    ],
    ['a module in an adapter', 'src/adapters/registry/planted.ts', "export { rules } from '../../modules/rules.ts';"],
    ['an entrypoint in a module', 'src/modules/planted.ts', "export { main } from '../entrypoints/main.ts';"],
    ['a test helper in an entrypoint', 'src/entrypoints/planted.ts', "export { helper } from '../../test/helper.ts';"],
  ])('refuses %s', async (_, path, text) => {
    const { status, output } = await gateWith('type check', path, `${text}\n`);
    expect(output).toContain(path);
    expect(status).not.toBe(0);
  });

  it.each([
    ['semver in the domain', 'src/domain/planted.ts', "import { gt } from 'semver';\nexport const later = gt;"],
    [
      're2js in the domain',
      'src/domain/planted.ts',
      "import { RE2JS } from 're2js';\nexport const compile = (pattern: string): unknown => RE2JS.compile(pattern);",
    ],
    [
      'Injectable in a use case',
      'src/application/planted.ts',
      "import { Injectable } from '@nestjs/common';\nimport { Clock } from './ports/clock.ts';\n@Injectable()\nexport class Planted {\n  constructor(readonly clock: Clock) {}\n}",
    ],
    [
      'undici and node:fs in an adapter',
      'src/adapters/registry/planted.ts',
      "export { request } from 'undici';\nexport { readFileSync } from 'node:fs';",
    ],
  ])('and the boundaries allow %s', async (_, path, text) => {
    for (const name of ['type check', 'boundaries', 'lint']) {
      expect(await gateWith(name, path, `${text}\n`)).toMatchObject({ status: 0 });
    }
  });
});

describe('the boundaries', () => {
  it.each([
    [
      'node:fs in the domain',
      'src/domain/planted.ts',
      "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;",
    ],
    ['a package in the domain', 'src/domain/planted.ts', "export { Injectable } from '@nestjs/common';"],
    ['a package with a like name in the domain', 'src/domain/planted.ts', "export { gt } from 'semver-compare';"],
    ['a use case in the domain', 'src/domain/planted.ts', "export { Clock } from '../application/ports/clock.ts';"],
    [
      'a room of the domain in one that it rests on',
      'src/domain/rule/planted.ts',
      "export { keyOf } from '../image/image.ts';",
    ],
    [
      'one of two rooms of the domain in the other',
      'src/domain/rollout/planted.ts',
      "export { mutatePod } from '../admission/mutate-pod.ts';",
    ],
    [
      'the other of two rooms of the domain in the one',
      'src/domain/admission/planted.ts',
      "export { rollBack } from '../rollout/workload-rollout.ts';",
    ],
    ['the domain in what it rests on', 'src/support/planted.ts', "export { keyOf } from '../domain/image/image.ts';"],
    [
      'an adapter in the domain',
      'src/domain/image/planted.ts',
      "export { client } from '../../adapters/registry/client.ts';",
    ],
    ['process in the domain', 'src/domain/planted.ts', 'export const at = () => process.cwd();'],
    ['setTimeout in the domain', 'src/domain/planted.ts', 'export const later = wake => setTimeout(wake, 1);'],
    ['console in the domain', 'src/domain/planted.ts', "export const say = () => console.log('hello');"],
    ['undici in a use case', 'src/application/planted.ts', "export { request } from 'undici';"],
    [
      'client-node in a use case',
      'src/application/planted.ts',
      "import type { V1Pod } from '@kubernetes/client-node';\nexport type Pod = V1Pod;",
    ],
    [
      'more of Nest than Injectable in a use case',
      'src/application/planted.ts',
      "export { Module } from '@nestjs/common';",
    ],
    ['a module in an adapter', 'src/adapters/registry/planted.ts', "export { rules } from '../../modules/rules.ts';"],
    [
      'another adapter in an adapter',
      'src/adapters/registry/planted.ts',
      "export { NAME } from '../kubernetes/api/names.ts';",
    ],
    ['an entrypoint in a module', 'src/modules/planted.ts', "export { main } from '../entrypoints/main.ts';"],
    ['a test helper in an entrypoint', 'src/entrypoints/planted.ts', "export { helper } from '../../test/helper.ts';"],
    [
      'a generator in an adapter',
      'src/adapters/registry/planted.ts',
      "export { difference } from '../../../tools/crds/difference.ts';",
    ],
  ])('refuse %s', async (_, path, text) => {
    const { status, output } = await gateWith('boundaries', path, `${text}\n`);
    expect(output).toContain(path);
    expect(status).not.toBe(0);
  });
});

describe('the rooms of the domain', () => {
  it('each have an entry that says which others it may know', async () => {
    const { status, output } = await gateWith(
      'boundaries',
      'src/domain/quarantine/planted.ts',
      'export const a = 1;\n',
    );
    expect(output).toContain('src/domain/quarantine has no entry in DOMAIN');
    expect(status).not.toBe(0);
  });

  it('know each other in no circle', async () => {
    const config = readFileSync(join(ROOT, 'boundaries.config.ts'), 'utf8');
    const { status, output } = await gateWith(
      'boundaries',
      'boundaries.config.ts',
      config.replace('  tag: [],', "  tag: ['image'],"),
    );
    expect(output).toContain('has a circle: tag -> image -> tag');
    expect(status).not.toBe(0);
  });
});

describe('the format', () => {
  it.each([
    ['another width', 'src/domain/planted.ts', 'export const sum = (a: number,\n  b: number): number => a + b;'],
    ['other quotes', 'test/planted.ts', 'export const name = "kimup";'],
    ['a script too', 'tools/planted.mjs', 'export const name = 1'],
  ])('refuses %s, and names the file', async (_, path, text) => {
    const { status, output } = await gateWith('format', path, `${text}\n`);
    expect(output).toContain(path);
    expect(status).not.toBe(0);
  });
});

/** So many lines, the last one without its end. */
function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `export const line${i} = ${i};`).join('\n');
}

/** A function of so many lines. */
function functionOf(count: number): string {
  const statements = Array.from({ length: count - 2 }, (_, i) => `  console.log(${i});`);
  return ['export function long() {', ...statements, '}'].join('\n');
}

describe('the linter', () => {
  it.each([
    [
      'a comparison that is never true',
      'src/domain/planted.ts',
      'export const is = (a: number): boolean => a === NaN;',
    ],
    ['== instead of ===', 'src/adapters/planted.ts', "export const is = (a: unknown): boolean => a == '1';"],
    [
      'a test that leaves the others out',
      'src/domain/planted.test.ts',
      "import { it } from 'vitest';\nit.only('alone', () => {});",
    ],
    [
      'a module that is imported twice',
      'src/modules/planted.ts',
      "import { rules } from './rules.ts';\nimport { rules as again } from './rules.ts';\nexport const all = [rules, again];",
    ],
    ['a crossed boundary', 'src/modules/planted.ts', "export { main } from '../entrypoints/main.ts';"],
    ['a file of 301 lines in src', 'src/domain/rule/planted.ts', lines(301)],
    ['a function of 41 lines in src', 'src/adapters/registry/planted.ts', functionOf(41)],
    ['a file of 301 lines in tools', 'tools/cluster/planted.ts', lines(301)],
    ['a function of 41 lines in a bench', 'bench/planted.ts', functionOf(41)],
    ['a function of 41 lines in a script', 'scripts/planted.mjs', functionOf(41)],
    ['a function of 41 lines in what tests share', 'test/support/chaos/planted.ts', functionOf(41)],
  ])('refuses %s', async (_, path, text) => {
    const { status, output } = await gateWith('lint', path, `${text}\n`);
    expect(output).toContain(path);
    expect(status).not.toBe(0);
  });

  it.each([
    ['a file of 300 lines in tools', 'tools/cluster/planted.ts', lines(299)],
    ['a function of 40 lines in a bench', 'bench/planted.ts', functionOf(40)],
    [
      'a long describe() in a test of tools',
      'tools/cluster/planted.test.ts',
      `import { describe, it } from 'vitest';\ndescribe('long', () => {\n${'\n'.repeat(50)}  it('is', () => {});\n});`,
    ],
  ])('allows %s', async (_, path, text) => {
    expect(await gateWith('lint', path, `${text}\n`)).toMatchObject({ status: 0 });
  });
});

describe('CRD drift', () => {
  const image = 'crds/kimup.cloudavenue.io_images.yaml';

  it('is a class that changed: the file, and the lines that differ', async () => {
    const path = 'src/adapters/kubernetes/api/image.ts';
    const text = readFileSync(join(ROOT, path), 'utf8').replace("@Default('latest')", "@Default('newest')");
    write(path, text);
    await gate('type check');
    const { status, output } = await gate('CRD drift');
    cpSync(join(ROOT, path), join(tree, path));
    await gate('type check');
    expect(output).toContain(`${image} does not match src/adapters/kubernetes/api; run npm run crds`);
    expect(output).toMatch(/-\s+default: latest\n\+\s+default: newest\n/);
    expect(status).not.toBe(0);
    expect(await gate('CRD drift')).toEqual({ status: 0, output: '' });
  });

  it('is a file that somebody changed', async () => {
    const { status, output } = await gateWith(
      'CRD drift',
      image,
      readFileSync(join(ROOT, image), 'utf8').replace('maxItems: 64', 'maxItems: 65'),
    );
    expect(output).toMatch(/-\s+maxItems: 65\n\+\s+maxItems: 64\n/);
    expect(status).not.toBe(0);
  });

  it('is a file that nobody generates', async () => {
    const { status, output } = await gateWith(
      'CRD drift',
      'crds/kimup.cloudavenue.io_others.yaml',
      'kind: CustomResourceDefinition\n',
    );
    expect(output).toContain('crds/kimup.cloudavenue.io_others.yaml');
    expect(status).not.toBe(0);
  });
});
