// What the demo applies beside the Image: workloads in scope, and a Deployment and a pod that are not.
import { whoamiPort } from '../../../tools/cluster/images/whoami.ts';

/** A namespace that is not in scope. */
export const ELSEWHERE = 'out-of-scope';
/** The annotation that puts a namespace in scope, or a pod out of it. */
export const ENABLED = 'kimup.cloudavenue.io/enabled';

/** The workloads that the Image moves, as `kubectl` names them. */
export const ROLLED = ['deployment/web', 'statefulset/db', 'daemonset/agent'] as const;

/** @param image with its tag */
export function demoWorkloads(image: string): object[] {
  const container = {
    name: 'whoami',
    image,
    readinessProbe: { httpGet: { path: '/healthz', port: whoamiPort }, periodSeconds: 1 },
  };
  const template = (app: string): object => ({
    metadata: { labels: { app } },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  });
  const workload = (kind: string, name: string, spec: object, namespace = 'default'): object => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, template: template(name), ...spec },
  });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ELSEWHERE } },
    workload('Deployment', 'web', { replicas: 2 }),
    workload('StatefulSet', 'db', { replicas: 1, serviceName: 'db' }),
    workload('DaemonSet', 'agent', {}),
    cronJob(image),
    workload('Deployment', 'web', { replicas: 1 }, ELSEWHERE),
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'left-alone', namespace: 'default', annotations: { [ENABLED]: 'false' } },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    },
  ];
}

function cronJob(image: string): object {
  const template = {
    metadata: { labels: { app: 'report' } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'whoami', image }],
    },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'report', namespace: 'default' },
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } } },
  };
}
