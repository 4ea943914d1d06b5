import { describe, expect, it } from 'vitest';
import { killAll, run } from '../support/run.ts';

/** A shell whose child holds on to its output: the command is over only when both are. */
const family = ['-c', 'sleep 1000 & wait'];

describe('a command of the test run', () => {
  it('has its status and its output, both streams', async () => {
    expect(await run('sh', ['-c', 'echo one; echo two >&2; exit 3'], { cwd: '/' })).toEqual({
      status: 3,
      output: 'one\ntwo\n',
    });
  });

  it('that is not there is a failure that names it', async () => {
    expect(await run('no-such-command', [], { cwd: '/' })).toEqual({
      status: 127,
      output: expect.stringContaining('no-such-command'),
    });
  });

  it('ends with its children when the run is told to end', async () => {
    const running = run('sh', family, { cwd: '/' });
    await killAll(5_000);
    expect(await running).toEqual({ status: 128 + 15, output: '' });
  });

  it('ends with its children when it takes too long', async () => {
    expect(await run('sh', family, { cwd: '/', timeoutMs: 300 })).toEqual({ status: 124, output: '' });
  });
});
