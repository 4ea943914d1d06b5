import type { Resource } from '../../src/adapters/kubernetes/client/resource.ts';

/** What a Deployment makes its pods by: kimup itself never asks for them. */
export const REPLICASETS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
};
