import { afterEach, expect, it, vi } from 'vitest';
import { logContract } from '../../../test/contracts/log.contract.ts';
import { PinoLog } from './pino-log.ts';

/** Catches what is written to standard output until the test has ended. */
function standardOutput(): () => readonly string[] {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  return () => text.split('\n').slice(0, -1);
}
afterEach(() => void vi.restoreAllMocks());

logContract('PinoLog', () => {
  const lines = standardOutput();
  return { log: new PinoLog('kimup-controller', 'debug'), lines, stop: () => vi.restoreAllMocks() };
});

it('writes JSON with the level, the time, the component, the message and the fields', () => {
  const lines = standardOutput();
  new PinoLog('kimup-controller', 'info').warn('the registry is slow', { seconds: 12 });
  expect(lines().map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      component: 'kimup-controller',
      msg: 'the registry is slow',
      seconds: 12,
    },
  ]);
});

it.each([
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['fatal', []],
  ['panic', []],
] as const)('leaves out what is below the level %s', (level, written) => {
  const lines = standardOutput();
  const log = new PinoLog('kimup-controller', level);
  for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each]('a line');
  expect(lines().map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(written);
});
