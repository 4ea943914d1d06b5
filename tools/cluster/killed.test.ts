import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HANG_MS } from './hang.ts';
import { realNodeUnavailable } from './nodes/real-node.ts';
import { ensureParts } from './parts/parts.ts';
import { until } from './process/until.ts';

/** What must be gone: processes by their number and start, and process namespaces. */
interface Traces {
  readonly processes: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
}

const stat = (pid: string) => {
  const [comm = '', rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .split(/\((.*)\) /s)
    .slice(1);
  const [state = '', parent = '', ...more] = rest.split(' ');
  return { comm, state, parent, started: more[17] ?? '' };
};

function* processes() {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const { state, ...rest } = stat(pid);
      if (state !== 'Z') yield { pid, namespace: readlinkSync(`/proc/${pid}/ns/pid`), ...rest };
    } catch {
      // ended meanwhile
    }
  }
}

/** All descendants of a process, itself included, and the process namespaces that are theirs alone. */
function tracesOf(root: number): Traces {
  const all = [...processes()];
  const ours = new Set([String(root)]);
  for (let before = 0; before !== ours.size;) {
    before = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  const own = readlinkSync('/proc/self/ns/pid');
  const theirs = all.filter(({ pid }) => ours.has(pid));
  return {
    processes: new Set(theirs.map(({ pid, started }) => `${pid} ${started}`)),
    namespaces: new Set(theirs.map(({ namespace }) => namespace).filter((namespace) => namespace !== own)),
  };
}

/** What is left, by name. */
function left(traces: Traces): string[] {
  return [...processes()]
    .filter(
      ({ pid, started, namespace }) => traces.processes.has(`${pid} ${started}`) || traces.namespaces.has(namespace),
    )
    .map(({ pid, comm }) => `${comm} (${pid})`);
}

const gone = (traces: Traces) =>
  until(() => (left(traces).length === 0 ? true : undefined), HANG_MS, 'all to be gone', 20).catch((error: Error) => {
    throw new Error(`${error.message}; still there: ${left(traces).join(', ')}`);
  });

/** Mounts with this text in them, of any process. */
const mounts = (text: string) =>
  [...processes()].filter(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });

let child: ChildProcess;
afterEach(() => void child.kill('SIGKILL'));

/** Starts a script of this folder, or a command, and waits until its output matches; returns the first group. */
async function startUntil(pattern: RegExp, script: string, ...args: string[]): Promise<string> {
  const [command, ...before] = script.endsWith('.ts')
    ? [process.execPath, join(import.meta.dirname, script)]
    : [script];
  child = spawn(command ?? '', [...before, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
  return until(() => pattern.exec(output)?.[1], HANG_MS, `${script} to print ${pattern}`);
}

describe.each(['kwok', 'real'])('a killed cluster with %s nodes', (nodes) => {
  const unavailable = nodes === 'real' ? realNodeUnavailable() : undefined;
  it.skipIf(unavailable !== undefined)(
    `leaves no process, no namespace and no mount${unavailable === undefined ? '' : ` (skipped: ${unavailable})`}`,
    async () => {
      const kubeconfig = await startUntil(/KUBECONFIG=(.*)/, 'main.ts', '--nodes', nodes);
      const { kubectl } = await ensureParts(['kubectl', 'whoami']);
      if (nodes === 'real') {
        const run = spawn(kubectl, [
          '--kubeconfig',
          kubeconfig,
          'run',
          'paused',
          '--image=localhost/pause:1',
          '--image-pull-policy=Never',
        ]);
        await new Promise((resolve) => run.on('exit', resolve));
        const wait = spawn(kubectl, [
          '--kubeconfig',
          kubeconfig,
          'wait',
          '--for=condition=Ready',
          'pod/paused',
          '--timeout=60s',
        ]);
        expect(await new Promise((resolve) => wait.on('exit', resolve))).toBe(0);
      }
      const traces = tracesOf(child.pid ?? 0);
      // etcd, the API server and the others are there, and the pod's own processes where it has some.
      expect(traces.processes.size).toBeGreaterThan(nodes === 'real' ? 15 : 7);
      expect(left(traces)).toHaveLength(traces.processes.size);
      child.kill('SIGKILL');
      await gone(traces);
      expect(mounts(kubeconfig.replace(/\/[^/]*$/, ''))).toEqual([]);
    },
  );
});

describe('a cluster whose starter is killed', () => {
  it("ends, since it would be nobody's (npm does not pass SIGKILL on)", async () => {
    const script = `"${process.execPath}" "${join(import.meta.dirname, 'main.ts')}" --nodes kwok; true`;
    await startUntil(/KUBECONFIG=(.*)/, 'sh', '-c', script);
    const traces = tracesOf(child.pid ?? 0);
    child.kill('SIGKILL');
    await gone(traces);
  });
});

describe('a killed process', () => {
  beforeAll(async () => void (await ensureParts(['nsinit'])), 600_000);

  it.each(['pid-namespace', 'user-and-pid-namespace', 'parent-death-signal'])(
    'takes along what it started (%s)',
    async (binding) => {
      if (binding === 'pid-namespace' && process.getuid?.() !== 0) return;
      await startUntil(/(started)/, 'sandboxed-sleep.fixture.ts', binding);
      const traces = tracesOf(child.pid ?? 0);
      expect(traces.processes.size).toBeGreaterThan(1);
      child.kill('SIGKILL');
      await gone(traces);
    },
  );
});
