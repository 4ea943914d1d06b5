import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanEntry } from '../../../application/plan/plan-images.ts';
import { kimup } from '../kimup.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kimup-plan-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const surroundings = (stdin: string) => ({
  env: { DOCKER_CONFIG: folder },
  isTerminal: true,
  now: 0,
  readStdin: async () => stdin,
});
const image = (spec: object, status?: object) =>
  JSON.stringify({
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata: { name: 'demos' },
    spec: {
      image: 'registry.test/app',
      triggers: [{ type: 'webhook' }],
      rules: [{ name: 'a', type: 'semver-minor', actions: [{ type: 'apply' }] }],
      ...spec,
    },
    status,
  });

it('says in the table why spec.baseTag moves an Image', async () => {
  const tags = join(folder, 'tags.txt');
  writeFileSync(tags, 'v1.9.0\nv2.0.0\n');
  const status = { tag: 'v1.9.0', baseTag: 'v1.9.0', image: 'registry.test/app' };
  const { stdout } = await kimup(
    ['plan', '-f', '-', '--tags-file', tags],
    surroundings(image({ baseTag: 'v2.0.0' }, status)),
  );
  expect(stdout).toContain('moves v1.9.0 -> v2.0.0: spec.baseTag is now v2.0.0');
});

it('tells of triggers that the controller would refuse, with what to write instead; that is no reason to end otherwise', async () => {
  const tags = join(folder, 'tags.txt');
  writeFileSync(tags, 'v1.9.0\n');
  const triggers = ['@every 1m', '0 0 * * * *', '*/480 * * * *', 'CRON_TZ=Nowhere 0 0 * * *'].map((value) => ({
    type: 'crontab',
    value,
  }));
  const planned = (output: string) =>
    kimup(['plan', '-f', '-', '--tags-file', tags, '-o', output], surroundings(image({ triggers })));
  const { stdout, stderr, status } = await planned('json');
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect((JSON.parse(stdout) as PlanEntry[])[0]!.triggers).toEqual([
    {
      field: 'spec.triggers[0].value',
      message: expect.stringContaining('for every minute write "0 * * * * *"') as string,
    },
    {
      field: 'spec.triggers[2].value',
      message: expect.stringContaining('for every 8 hours write "0 0 */8 * * *"') as string,
    },
    { field: 'spec.triggers[3].value', message: expect.stringContaining('"Nowhere" is not a time zone') as string },
  ]);
  expect((await planned('table')).stdout).toContain('invalid: spec.triggers[2].value: the field minutes: "*/480"');
});

it.each<[string, readonly string[], string]>([
  ['what a manifest holds', ['-f', '-'], image({ '\u001B[2Jx\u202E\r': 1 })],
  [
    'what a rule holds',
    ['-f', '-'],
    image({
      rules: [{ name: 'a\u001B[2J\u009B', type: 'regex', value: '(\u001B[2J\u202E', actions: [{ type: 'apply' }] }],
    }),
  ],
  ['what is no YAML', ['-f', '-'], '%\u001B[2J\n\u001B[2J: [\u001B'],
  ['the name of a file', ['-f', 'no\u001B[2J\rsuch'], ''],
  ['a flag', ['--no\u001B[2J'], ''],
])('shows %s on stderr without what moves the cursor', async (_, argv, stdin) => {
  const { stderr, status } = await kimup(['plan', ...argv], surroundings(stdin));
  expect(status).toBe(2);
  expect(stderr).not.toBe('');
  expect(stderr).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(stderr.endsWith('\n')).toBe(true);
});

it('shows on stderr each problem on a line of its own', async () => {
  const { stderr } = await kimup(['plan', '-f', '-'], surroundings(image({ a: 1, b: 2 })));
  expect(stderr.split('\n')).toHaveLength(3);
});
