import { describe, expect, it } from 'vitest';
import { workload, type GivenWorkload } from '../../../test/support/builders/workload.ts';
import { progressMessage, progressOf, rollsNow } from './health.ts';

const numbers = (total: number, updated: number, ready: number, available = ready) => ({
  total,
  updated,
  ready,
  available,
});

describe('how far a workload is', () => {
  it.each<[string, GivenWorkload, string, boolean, boolean]>([
    [
      'a Deployment that is done',
      { replicas: 2, status: numbers(2, 2, 2) },
      '2 of 2 pods updated, 2 ready',
      true,
      true,
    ],
    [
      'one whose new pod is not ready beside two old ones',
      { replicas: 2, status: numbers(3, 1, 2) },
      '1 of 2 pods updated, 0 ready',
      false,
      false,
    ],
    [
      'one whose new pod is ready beside two old ones',
      { replicas: 2, status: numbers(3, 1, 3) },
      '1 of 2 pods updated, 1 ready',
      false,
      false,
    ],
    [
      'one with an old pod left',
      { replicas: 2, status: numbers(3, 2, 3) },
      '2 of 2 pods updated, 2 ready',
      false,
      false,
    ],
    [
      'one whose pods are ready, but not yet for long enough',
      { replicas: 2, status: numbers(2, 2, 2, 1) },
      '2 of 2 pods updated, 2 ready',
      true,
      false,
    ],
    ['one that crashes', { replicas: 2, status: numbers(2, 2, 0) }, '2 of 2 pods updated, 0 ready', true, false],
    [
      'one whose controller has not seen the template',
      { generation: 2, replicas: 2, status: { observedGeneration: 1, ...numbers(2, 2, 2) } },
      '0 of 2 pods updated, 0 ready',
      false,
      false,
    ],
    ['one of one pod', { replicas: 1, status: numbers(1, 1, 1) }, '1 of 1 pod updated, 1 ready', true, true],
    [
      'a StatefulSet half way',
      { kind: 'StatefulSet', replicas: 3, status: numbers(3, 1, 2) },
      '1 of 3 pods updated, 0 ready',
      false,
      false,
    ],
    [
      'a StatefulSet up to its partition',
      { kind: 'StatefulSet', replicas: 3, partition: 1, status: numbers(3, 2, 3) },
      '2 of 2 pods updated, 2 ready',
      true,
      true,
    ],
    [
      'a StatefulSet with the pod above its partition old',
      { kind: 'StatefulSet', replicas: 3, partition: 2, status: numbers(3, 0, 3) },
      '0 of 1 pod updated, 0 ready',
      false,
      false,
    ],
    [
      'a DaemonSet that is done',
      { kind: 'DaemonSet', replicas: 3, status: numbers(3, 3, 3) },
      '3 of 3 pods updated, 3 ready',
      true,
      true,
    ],
    [
      'a DaemonSet with a pod unavailable',
      { kind: 'DaemonSet', replicas: 3, status: numbers(3, 3, 3, 2) },
      '3 of 3 pods updated, 3 ready',
      true,
      false,
    ],
  ])('%s', (_, given, message, settled, complete) => {
    const progress = progressOf(workload(given));
    expect([progressMessage(progress), progress.settled, progress.complete]).toEqual([message, settled, complete]);
  });

  it.each<[string, GivenWorkload, boolean]>([
    ['a Deployment', {}, true],
    ['one that is recreated', { strategy: 'Recreate' }, true],
    ['one that is paused', { paused: true }, false],
    ['one without replicas', { replicas: 0 }, false],
    ['one that is being deleted', { deleting: true }, false],
    ['an OnDelete StatefulSet', { kind: 'StatefulSet', strategy: 'OnDelete' }, false],
    ['an OnDelete DaemonSet', { kind: 'DaemonSet', strategy: 'OnDelete' }, false],
    ['a StatefulSet with part of it held', { kind: 'StatefulSet', replicas: 2, partition: 1 }, true],
    ['a StatefulSet held whole', { kind: 'StatefulSet', replicas: 2, partition: 5 }, false],
    ['a DaemonSet without nodes', { kind: 'DaemonSet', replicas: 0 }, false],
  ])('%s rolls now: %s', (_, given, expected) => {
    expect(rollsNow(workload(given))).toBe(expected);
  });
});
