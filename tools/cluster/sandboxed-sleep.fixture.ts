// For killed.test.ts: starts a process in a sandbox with the binding named by the argument, and stays.
import { ensureParts } from './parts/parts.ts';
import { createSandbox, type SandboxOptions } from './process/sandbox.ts';

const { nsinit } = await ensureParts(['nsinit']);
const binding = process.argv[2] as NonNullable<SandboxOptions['binding']>;
const sandbox = await createSandbox({ nsinit, binding });
// A child of its own outlives it unless a namespace ends both.
const script = binding === 'parent-death-signal' ? 'exec sleep 1000' : 'sleep 1000 & setsid sleep 1000 & wait';
await sandbox.component('sleep', 'sh', ['-c', script], '/dev/null').start();
console.log('started');
