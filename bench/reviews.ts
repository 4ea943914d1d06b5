// Pod reviews as the API server sends them, for the bench webhook.
import type { Cluster } from '../tools/cluster/cluster.ts';
import { type ManyImages, namespaceOf, repositoryOf } from './images.ts';

const REVIEWS = 200;
/** Each review is of another Image: every fifth one. */
const STEP = 5;

/** A pod of the shape that a Deployment's controller makes, on an older tag of one of the repositories, from which its Image's rule comes to the present one. */
export function pod(cluster: Cluster, many: ManyImages, i: number): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `web-${i}-7c6b9d5f8-`,
      namespace: namespaceOf(i, many),
      labels: { 'app.kubernetes.io/name': 'web', 'pod-template-hash': '7c6b9d5f8' },
      annotations: { 'prometheus.io/scrape': 'true' },
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: `${cluster.registry.host}/${repositoryOf(i, many)}:v1.0.0-rc.1`,
          ports: [{ containerPort: 8080, protocol: 'TCP' }],
          env: [{ name: 'LOG_LEVEL', value: 'info' }],
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
        },
        { name: 'proxy', image: 'registry.example/mesh/proxy:1.29.1', args: ['--port', '15001'] },
      ],
      initContainers: [{ name: 'init', image: 'registry.example/tools/init:3' }],
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
    },
  };
}

/** Reviews of such pods. */
export function reviews(cluster: Cluster, many: ManyImages): object[] {
  return Array.from({ length: REVIEWS }, (_, i) => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: `705ab4f5-6393-11e8-b7cc-${String(i).padStart(12, '0')}`,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      namespace: namespaceOf(i * STEP, many),
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        groups: ['system:serviceaccounts', 'system:authenticated'],
      },
      object: pod(cluster, many, i * STEP),
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  }));
}
