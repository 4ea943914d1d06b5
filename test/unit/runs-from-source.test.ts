// Node.js runs the local cluster, the demo and the benches as they are, and only leaves their types out: what it would have to
// translate (parameter properties, enums, decorators) must be in nothing that they import.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../support/run.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Those that do their work when they are imported. */
const PROGRAMS = ['main.ts', 'bare-fastify.ts', 'bare-nest.ts', 'bare-plan.ts'];
const BENCHES = readdirSync(join(ROOT, 'bench')).filter((name) => !PROGRAMS.includes(name));

it('imports the cluster, the demo and every bench without translating anything', async () => {
  const files = [
    'tools/cluster/cluster.ts',
    'test/support/path/whole-path.ts',
    'test/support/report.ts',
    ...BENCHES.map((name) => `bench/${name}`),
  ];
  const program = files.map((file) => `await import(${JSON.stringify(join(ROOT, file))});`).join('');
  const options = { cwd: ROOT, env: { NODE_NO_WARNINGS: '1' } };
  expect(await run('node', ['--input-type=module', '-e', program], options)).toEqual({ status: 0, output: '' });
});
