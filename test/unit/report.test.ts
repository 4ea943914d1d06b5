import { describe, expect, it } from 'vitest';
import { countReport, line, type VitestReport } from '../support/report.ts';

const report = (counts: Partial<VitestReport>): VitestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...counts,
});
const failedFile = (...tests: string[]): VitestReport['testResults'][number] => ({
  name: 'a.test.ts',
  status: 'failed',
  assertionResults: tests.map((status) => ({ status })),
});

describe('a count of tests', () => {
  it.each([
    [
      'what passed, failed and was skipped',
      report({
        numPassedTests: 5,
        numFailedTests: 1,
        numPendingTests: 2,
        numTodoTests: 1,
        testResults: [failedFile('passed', 'failed')],
      }),
      1,
      '5 passed, 1 failed, 3 skipped',
    ],
    ['no word of skipped tests where there are none', report({ numPassedTests: 5 }), 0, '5 passed, 0 failed'],
    [
      'a file that could not be run as a failure',
      report({ numPassedTests: 5, testResults: [failedFile()] }),
      1,
      '5 passed, 1 failed',
    ],
    [
      'a file whose hook failed beside its tests',
      report({ numPassedTests: 5, testResults: [failedFile('passed')] }),
      1,
      '5 passed, 1 failed',
    ],
    ['an error outside of any test', report({ numPassedTests: 5 }), 1, '5 passed, 1 failed'],
    ['a run without any test as a failure', report({}), 0, '0 passed, 1 failed'],
    ['a run that only skips as a failure', report({ numPendingTests: 3 }), 0, '0 passed, 1 failed, 3 skipped'],
    ['a run without a report as a failure', undefined, 0, '0 passed, 1 failed'],
  ])('has %s', (_, vitestReport, status, expected) => {
    expect(line(countReport(vitestReport, status))).toBe(expected);
  });
});
