import { describe, expect, it } from 'vitest';
import {
  annotationManagerOf,
  podStateOf,
  type RawPod,
  type RawWorkload,
  selectorText,
  workloadOf,
} from './workload-mapping.ts';

const FIELDS = {
  'f:spec': { 'f:template': { 'f:metadata': { 'f:annotations': { 'f:kimup.cloudavenue.io/images': {} } } } },
};

describe('a workload from the API', () => {
  it("with nothing but a name is read with the API's defaults", () => {
    expect(workloadOf({ metadata: { name: 'web' } }, 'Deployment')).toMatchObject({
      replicas: 1,
      paused: false,
      strategy: 'RollingUpdate',
      partition: 0,
      progressDeadlineMs: 600_000,
      status: { observedGeneration: 0, updated: 0 },
    });
  });

  it('shows that its progress deadline was exceeded, and since when', () => {
    const raw: RawWorkload = {
      status: {
        conditions: [
          { type: 'Available', status: 'True' },
          {
            type: 'Progressing',
            status: 'False',
            reason: 'ProgressDeadlineExceeded',
            message: 'timed out',
            lastUpdateTime: '2026-11-22T12:00:00Z',
          },
        ],
      },
    };
    expect(workloadOf(raw, 'Deployment').status.exceeded).toEqual({
      at: Date.parse('2026-11-22T12:00:00Z'),
      message: 'timed out',
    });
  });

  it("has the same revision with kimup's images annotation, without it, and after it was removed", () => {
    const revision = (annotations?: Record<string, string>): string =>
      workloadOf({ spec: { template: { metadata: annotations === undefined ? {} : { annotations } } } }, 'Deployment')
        .revision;
    const annotation = { 'kimup.cloudavenue.io/images': 'demos=v1' };
    expect(new Set([revision(), revision({}), revision(annotation)]).size).toBe(1);
    expect(revision({ other: 'x', ...annotation })).toBe(revision({ other: 'x' }));
    expect(revision({ other: 'x' })).not.toBe(revision());
  });

  it.each([
    ['nobody', [], undefined],
    ['one', [{ manager: 'kimup-operator', fieldsV1: FIELDS }], 'kimup-operator'],
    [
      'two that agree: not kimup',
      [
        { manager: 'kimup-operator', fieldsV1: FIELDS },
        { manager: 'helm', fieldsV1: FIELDS },
      ],
      'helm',
    ],
    ['others that have other fields', [{ manager: 'helm', fieldsV1: { 'f:spec': { 'f:template': {} } } }], undefined],
  ])('has an images annotation of %s', (_, managedFields, expected) => {
    expect(annotationManagerOf(managedFields)).toBe(expected);
  });

  it('has a selector that a list request understands', () => {
    expect(
      selectorText({
        matchLabels: { app: 'web', tier: 'a' },
        matchExpressions: [
          { key: 'env', operator: 'In', values: ['a', 'b'] },
          { key: 'x', operator: 'NotIn', values: ['c'] },
          { key: 'y', operator: 'Exists' },
          { key: 'z', operator: 'DoesNotExist' },
        ],
      }),
    ).toBe('app=web,tier=a,env in (a,b),x notin (c),y,!z');
  });
});

describe('a pod from the API', () => {
  const notReady = [
    { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [main]' },
  ];
  it.each<[string, RawPod['status'], string | undefined]>([
    ['is in no trouble when ready', { conditions: [{ type: 'Ready', status: 'True' }] }, undefined],
    [
      "can't pull",
      {
        conditions: notReady,
        containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } }],
      },
      'container main: ErrImagePull: not found',
    ],
    [
      'crashes',
      {
        conditions: notReady,
        containerStatuses: [
          {
            name: 'main',
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
            lastState: { terminated: { exitCode: 3 } },
          },
        ],
      },
      'container main: CrashLoopBackOff: back-off 10s (exit status 3)',
    ],
    [
      'has just crashed',
      {
        conditions: notReady,
        containerStatuses: [{ name: 'main', ready: false, state: { terminated: { reason: 'Error', exitCode: 1 } } }],
      },
      'container main: Error (exit status 1)',
    ],
    [
      'ends with its last words, which are its own',
      {
        conditions: notReady,
        containerStatuses: [
          {
            name: 'main',
            state: { terminated: { reason: 'Error', exitCode: 1, ...{ message: 'no such user: admin:hunter2' } } },
          },
        ],
      },
      'container main: Error (exit status 1)',
    ],
    [
      'fails in an init container',
      {
        conditions: notReady,
        initContainerStatuses: [{ name: 'init', state: { waiting: { reason: 'ImagePullBackOff' } } }],
        containerStatuses: [{ name: 'main', state: { waiting: { reason: 'PodInitializing' } } }],
      },
      'container init: ImagePullBackOff',
    ],
    [
      'finds no node',
      {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' },
        ],
      },
      'Unschedulable: 0/3 nodes are available',
    ],
    [
      'is only being made',
      {
        conditions: notReady,
        containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ContainerCreating' } } }],
      },
      'ContainersNotReady: containers with unready status: [main]',
    ],
    [
      'says too much',
      {
        conditions: notReady,
        containerStatuses: [{ name: 'main', state: { waiting: { reason: 'X', message: 'y'.repeat(5_000) } } }],
      },
      `container main: X: ${'y'.repeat(280)}…`,
    ],
    ['says nothing', undefined, undefined],
  ])('%s', (_, status, trouble) => {
    expect(podStateOf({ metadata: { name: 'web-0' }, ...(status === undefined ? {} : { status }) }).trouble).toBe(
      trouble,
    );
  });
});
