// npm run demo: the main job on a cluster of this run's own, from nothing. --nodes real|kwok, --keep.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Path, wholePath } from '../../test/support/path/whole-path.ts';
import { startCluster, type Cluster } from '../cluster/cluster.ts';
import { tail } from '../cluster/process/tail.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: 'auto' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || !['auto', 'real', 'kwok'].includes(values.nodes)) {
  console.error('usage: npm run demo -- [--nodes real|kwok] [--keep]');
  process.exit(values.help ? 0 : 2);
}

const rows: Array<{ title: string; outcome: string; seconds: number }> = [];
const started = Date.now();
let cluster: Cluster | undefined;
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void end(signal === 'SIGINT' ? 130 : 143));
}

try {
  cluster = await step('start a cluster', async (tell) => {
    const running = await startCluster({
      nodes: values.nodes as 'auto' | 'real' | 'kwok',
      name: 'demo',
      progress: tell,
    });
    const node =
      running.nodes === 'real'
        ? 'one real node with real containers'
        : 'a control plane with kwok nodes (no process runs in their pods)';
    return { value: running, outcome: `${node}, and a registry` };
  });
  const path: Path = { cluster };
  for (const { title, run } of wholePath(path)) {
    await step(title, async (tell) => ({ value: undefined, outcome: await run(tell) }));
  }
  print();
  if (values.keep) {
    console.log(
      `\nThe cluster runs until you press Ctrl-C. Try it:\n  export KUBECONFIG=${cluster.kubeconfig} PATH=${join(cluster.parts.kubectl!, '..')}:$PATH\n  kubectl describe image demos\n`,
    );
    setInterval(() => {}, 60_000);
  } else {
    await end(0);
  }
} catch (error) {
  console.error(`\n✗ ${(error as Error).message}`);
  if (cluster !== undefined) {
    await show(cluster);
    if (values.keep) console.error(`(a failed demo is always stopped, --keep has no effect here)`);
  }
  print();
  await end(1);
}

/** Runs a step, showing what it tells, and notes how long it took. */
async function step<T>(
  title: string,
  run: (tell: (line: string) => void) => Promise<{ value: T; outcome: string }>,
): Promise<T> {
  console.log(`\n▸ ${title}`);
  const began = Date.now();
  const seconds = (): number => (Date.now() - began) / 1_000;
  try {
    const { value, outcome } = await run((line) => console.log(`  ${seconds().toFixed(1).padStart(5)} s  ${line}`));
    rows.push({ title, outcome, seconds: seconds() });
    console.log(`  ✓ ${outcome} (${seconds().toFixed(1)} s)`);
    return value;
  } catch (error) {
    rows.push({ title, outcome: 'FAILED', seconds: seconds() });
    throw new Error(`step "${title}" failed: ${(error as Error).message}`, { cause: error });
  }
}

/** The table of what happened. */
function print(): void {
  const width = Math.max(...rows.map(({ title }) => title.length));
  console.log(`\n${'step'.padEnd(width)}  seconds  outcome`);
  for (const { title, seconds, outcome } of rows)
    console.log(`${title.padEnd(width)}  ${seconds.toFixed(1).padStart(7)}  ${outcome}`);
  console.log(`${'all'.padEnd(width)}  ${((Date.now() - started) / 1_000).toFixed(1).padStart(7)}`);
}

/** What a person needs to see why a step failed. */
async function show(failed: Cluster): Promise<void> {
  for (const args of [
    ['get', 'images,deployments,statefulsets,daemonsets,pods', '-A', '-o', 'wide'],
    ['describe', 'images', '-A'],
    ['get', 'events', '-A', '--sort-by=.lastTimestamp'],
    ['logs', '-n', 'kimup-operator', '-l', 'app.kubernetes.io/name=kimup', '--prefix', '--tail=40'],
  ]) {
    console.error(
      `\n$ kubectl ${args.join(' ')}\n${await failed.kubectl(args).catch((error: Error) => error.message)}`,
    );
  }
  for (const file of readdirSync(join(failed.dir, 'logs')).filter((name) => name.startsWith('kimup-'))) {
    console.error(`\n${file} ends with:\n${tail(join(failed.dir, 'logs', file), 40)}`);
  }
}

async function end(status: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  await cluster?.stop();
  process.exit(status);
}
