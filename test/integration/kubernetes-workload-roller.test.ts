import { afterAll, beforeAll } from 'vitest';
import type { KubeClient } from '../../src/adapters/kubernetes/client/kube-client.ts';
import { DAEMONSETS, DEPLOYMENTS, type Resource, STATEFULSETS } from '../../src/adapters/kubernetes/client/resource.ts';
import { KubernetesWorkloadRoller } from '../../src/adapters/kubernetes/workloads/kubernetes-workload-roller.ts';
import type { WorkloadKind } from '../../src/domain/image/image-status.ts';
import { workloadRollerContract } from '../contracts/workload-roller.contract.ts';
import { LEADS } from '../support/fakes/leads.ts';
import { FakeLog } from '../support/fakes/recorders.ts';
import { eventually } from '../support/eventually.ts';
import type { SharedCluster } from './cluster.ts';
import { connectForAll } from './kubernetes.ts';
import { manifest } from './workloads.ts';

const RESOURCES: Readonly<Record<WorkloadKind, Resource>> = {
  Deployment: DEPLOYMENTS,
  StatefulSet: STATEFULSETS,
  DaemonSet: DAEMONSETS,
};

let cluster: SharedCluster;
let client: KubeClient;
let roller: KubernetesWorkloadRoller;

connectForAll((connected) => ({ cluster, client } = connected));
beforeAll(async () => {
  roller = new KubernetesWorkloadRoller(client, new FakeLog(), LEADS);
  roller.start();
  await roller.whenSynced();
});
afterAll(() => roller?.stop());

workloadRollerContract('KubernetesWorkloadRoller', async () => {
  const namespace = await cluster.freshNamespace({ prefix: 'roller' });
  const patch = (kind: WorkloadKind, name: string, body: object, manager: string): Promise<unknown> =>
    client.mergePatch(RESOURCES[kind], { namespace, name }, body, manager);
  return {
    roller,
    namespace,
    // One node, so that a DaemonSet has one pod too.
    create: (kind, name, annotations = {}) =>
      client.create(
        RESOURCES[kind],
        { namespace },
        manifest(kind, { name, namespace, image: 'registry.test/whoami:v1.9.0', annotations, node: 'kwok-0' }),
        'kubectl-create',
      ),
    override: async (kind, name, text, manager) =>
      void (await patch(
        kind,
        name,
        { spec: { template: { metadata: { annotations: { 'kimup.cloudavenue.io/images': text ?? null } } } } },
        manager,
      )),
    touch: async (kind, name) => void (await patch(kind, name, { spec: { revisionHistoryLimit: 3 } }, 'kubectl-edit')),
    remove: async (kind, name) => {
      await client.delete(RESOURCES[kind], { namespace, name });
      await eventually(async () => (await client.list(RESOURCES[kind], { namespace })).length === 0);
    },
    stop: async () => undefined,
  };
});
