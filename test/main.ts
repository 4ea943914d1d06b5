// `npm test`: the gates, then the unit, integration and end-to-end tests. The last line is "N passed, N failed".
// `npm run test:long` is `npm test -- long`: what takes too long for every run.
// `npm test -- unit integration` runs only those; `npm run check` is `npm test -- check`, the gates alone.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepareClusters } from '../tools/cluster/cluster.ts';
import { GATES, runGate } from './support/gates.ts';
import { add, type Count, countReport, line, readReport } from './support/report.ts';
import { killAll, run } from './support/run.ts';

const ROOT = join(import.meta.dirname, '..');
const REPORTS = join(ROOT, 'build', 'reports');
const STEPS = ['check', 'unit', 'integration', 'e2e'];
/** Steps that start clusters. */
const WITH_CLUSTERS: ReadonlySet<string> = new Set(['integration', 'e2e', 'long']);
/** Only when they are asked for. */
const MORE_STEPS = ['long'];
/** No step may hang: the slowest builds a cluster's parts first. */
const STEP_TIMEOUT_MS = 60 * 60_000;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((step) => ![...STEPS, ...MORE_STEPS].includes(step));
if (unknown.length > 0) {
  console.error(
    `unknown step ${unknown.join(', ')}: choose from ${[...STEPS, ...MORE_STEPS].join(', ')}; without arguments all steps except ${MORE_STEPS.join(', ')} run`,
  );
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.error(`\n${signal}: ending the tests`);
    void killAll(10_000).then(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  });
}

mkdirSync(REPORTS, { recursive: true });
let total: Count = { passed: 0, failed: 0, skipped: 0 };
const table: string[] = [];
let prepared = false;
for (const step of wanted.length === 0 ? STEPS : [...STEPS, ...MORE_STEPS].filter((name) => wanted.includes(name))) {
  if (WITH_CLUSTERS.has(step) && !prepared) {
    prepared = true;
    await parts();
  }
  if (step === 'check') await check();
  else await tests(step);
}
console.log(`\n${table.join('\n')}\n${line(total)}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** Beforehand, so that no deadline has to allow for a first build on a slow machine. */
async function parts(): Promise<void> {
  const started = Date.now();
  try {
    await prepareClusters((line) => console.log(line));
    done("clusters' parts", started, { passed: 0, failed: 0, skipped: 0 });
  } catch (error) {
    console.log((error as Error).message);
    done("clusters' parts", started, { passed: 0, failed: 1, skipped: 0 });
  }
}

async function check(): Promise<void> {
  for (const gate of GATES) {
    const started = Date.now();
    const { status, output } = await runGate(gate, ROOT);
    if (status !== 0) console.log(`\n${gate.name} failed: ${gate.command.join(' ')}\n${output}`);
    done(
      gate.name,
      started,
      status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 },
    );
  }
}

async function tests(project: string): Promise<void> {
  const file = join(REPORTS, `${project}.json`);
  rmSync(file, { force: true });
  console.log(`\n${project} tests`);
  const started = Date.now();
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { status } = await run('vitest', args, {
    cwd: ROOT,
    passThrough: true,
    timeoutMs: STEP_TIMEOUT_MS,
    env: { KIMUP_TEST_RUN: String(process.pid) },
  });
  if (status === 124) console.log(`${project} tests were stopped after ${STEP_TIMEOUT_MS / 60_000} minutes`);
  done(`${project} tests`, started, countReport(await readReport(file), status));
}

function done(name: string, started: number, count: Count): void {
  total = add(total, count);
  const row = `${name.padEnd(18)} ${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s   ${line(count)}`;
  table.push(row);
  if (!name.endsWith('tests')) console.log(row);
}
