// The arguments of etcd, kube-apiserver, kube-controller-manager and kube-scheduler.
import { join } from 'node:path';
import type { Endpoints } from './endpoints.ts';
import { type ControlPlaneFiles, SERVICE_RANGE } from './files.ts';

export function etcdArguments(dir: string, endpoints: Endpoints): string[] {
  const client = `http://127.0.0.1:${endpoints.etcdClient}`;
  const peer = `http://127.0.0.1:${endpoints.etcdPeer}`;
  return [
    '--name=default',
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    '--quota-backend-bytes=4294967296',
  ];
}

export function apiServerArguments(files: ControlPlaneFiles, endpoints: Endpoints): string[] {
  const pki = join(files.dir, 'pki');
  return [
    `--etcd-servers=http://127.0.0.1:${endpoints.etcdClient}`,
    `--secure-port=${endpoints.apiServer}`,
    `--bind-address=${endpoints.bind}`,
    `--advertise-address=${endpoints.address}`,
    `--client-ca-file=${pki}/ca.crt`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--service-account-key-file=${pki}/sa.pub`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--audit-log-path=${files.auditLog}`,
    `--audit-policy-file=${files.dir}/audit-policy.yaml`,
    '--audit-log-maxsize=0',
    // A node's name does not resolve here.
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-client-certificate=${pki}/apiserver-kubelet.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet.key`,
  ];
}

export function controllerManagerArguments(
  files: ControlPlaneFiles,
  endpoints: Endpoints,
  kubeconfig: string,
): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${endpoints.controllerManager}`,
    `--service-account-private-key-file=${files.dir}/pki/sa.key`,
    `--root-ca-file=${files.dir}/pki/ca.crt`,
    '--use-service-account-credentials=false',
    '--kube-api-qps=300',
    '--kube-api-burst=600',
  ];
}

export function schedulerArguments(endpoints: Endpoints, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${endpoints.scheduler}`,
    '--authentication-skip-lookup',
    '--kube-api-qps=300',
    '--kube-api-burst=600',
  ];
}
