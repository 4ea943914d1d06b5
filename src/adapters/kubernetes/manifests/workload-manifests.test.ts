import { describe, expect, it } from 'vitest';
import { readManifests } from './manifests.ts';

const TEMPLATE = {
  metadata: { annotations: { a: 'b' } },
  spec: {
    initContainers: [{ name: 'init', image: 'app:1' }],
    containers: [{ name: 'main', image: 'app:2' }, { name: 'none' }],
  },
};
const POD = {
  metadata: { annotations: { a: 'b' } },
  spec: {
    initContainers: [{ name: 'init', image: 'app:1' }],
    containers: [{ name: 'main', image: 'app:2' }, { name: 'none' }],
    ephemeralContainers: [],
  },
};
const read = (...objects: object[]) => readManifests(objects.map((one) => JSON.stringify(one)).join('\n---\n'), 'f');

describe('the workloads of a file', () => {
  it.each([
    ['Deployment', 'apps/v1', { template: TEMPLATE }],
    ['StatefulSet', 'apps/v1', { template: TEMPLATE }],
    ['DaemonSet', 'apps/v1', { template: TEMPLATE }],
    ['ReplicaSet', 'apps/v1', { template: TEMPLATE }],
    ['Job', 'batch/v1', { template: TEMPLATE }],
    ['CronJob', 'batch/v1', { jobTemplate: { spec: { template: TEMPLATE } } }],
  ])('are its %ss, with the template of their pods', (kind, apiVersion, spec) => {
    const { workloads } = read({ apiVersion, kind, metadata: { name: 'web', namespace: 'team' }, spec });
    expect(workloads).toEqual([{ kind, namespace: 'team', name: 'web', pod: POD }]);
  });

  it('are its Pods, also those that get their name when they are created, and what is in lists', () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'web-', ...TEMPLATE.metadata },
      spec: TEMPLATE.spec,
    };
    const { workloads } = read({ apiVersion: 'v1', kind: 'List', items: [pod] });
    expect(workloads).toEqual([{ kind: 'Pod', namespace: 'default', name: 'web-', pod: POD }]);
  });

  it('are those of a list of one kind, whose items do not say it', () => {
    const item = { metadata: { name: 'web', namespace: 'team' }, spec: { template: TEMPLATE } };
    expect(read({ apiVersion: 'apps/v1', kind: 'DeploymentList', items: [item] }).workloads).toEqual([
      { kind: 'Deployment', namespace: 'team', name: 'web', pod: POD },
    ]);
  });

  it('are none of other groups and kinds, nor without containers', () => {
    const { workloads } = read(
      { apiVersion: 'serving.example/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { template: TEMPLATE } },
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { template: TEMPLATE } },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { template: null } },
    );
    expect(workloads).toEqual([]);
  });

  it("that can't be read are told of with line and field, all of them at once", () => {
    const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  template:
    spec:
      containers:
        - name: main
          image: 1.10
---
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers: {}
`;
    expect(() => readManifests(text, 'f')).toThrow(
      'f:9: spec.template.spec.containers[0].image: must be a string: write it in quotes\nf:15: spec.containers: must be a list',
    );
  });
});

describe('the namespaces of a file', () => {
  it('are known with their annotations', () => {
    const { namespaces } = read(
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'team', annotations: { 'kimup.cloudavenue.io/enabled': 'true', odd: 1 } },
      },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bare' } },
      { apiVersion: 'v1', kind: 'Namespace', metadata: {} },
    );
    expect([...namespaces]).toEqual([
      ['team', { 'kimup.cloudavenue.io/enabled': 'true' }],
      ['bare', undefined],
    ]);
  });
});
