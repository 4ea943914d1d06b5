// etcd, kube-apiserver, kube-controller-manager and kube-scheduler: their files and their arguments.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Authority, createAuthority, signingKeys } from './certificates.ts';

/** Where the parts of a control plane listen. */
export interface Endpoints {
  /** Address that the API server is reached at, by nodes and components. */
  readonly address: string;
  readonly apiServer: number;
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
}

/** The first address of the Service range: the Service `kubernetes`. */
const serviceRange = '10.0.0.0/16';
const kubernetesService = '10.0.0.1';

export interface ControlPlaneFiles {
  readonly dir: string;
  readonly logs: string;
  readonly authority: Authority;
  readonly auditLog: string;
  /** Writes a kubeconfig for a client with a certificate of its own; returns its path. `server` is https://ADDRESS:PORT if not given. */
  kubeconfig(file: string, user: { commonName: string; organization?: string }, server?: string): Promise<string>;
  /** Issues a certificate into DIR/pki/NAME.crt and .key. */
  issue(name: string, request: Parameters<Authority['issue']>[0]): Promise<{ cert: string; key: string }>;
}

/** Certificates, keys and policies, written below `dir`. */
export async function writeControlPlaneFiles(dir: string, endpoints: Endpoints): Promise<ControlPlaneFiles> {
  const pki = join(dir, 'pki');
  const logs = join(dir, 'logs');
  for (const folder of [pki, logs]) mkdirSync(folder, { recursive: true });
  const [authority, tokens] = await Promise.all([createAuthority('kimup-test-cluster'), signingKeys()]);
  writeFileSync(join(pki, 'ca.crt'), authority.cert);
  writeFileSync(join(pki, 'sa.pub'), tokens.publicKey);
  writeFileSync(join(pki, 'sa.key'), tokens.privateKey, { mode: 0o600 });
  writeFileSync(
    join(dir, 'audit-policy.yaml'),
    stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
      rules: [{ level: 'Metadata' }],
    }),
  );
  const issue: ControlPlaneFiles['issue'] = async (name, request) => {
    const pair = await authority.issue(request);
    const paths = { cert: join(pki, `${name}.crt`), key: join(pki, `${name}.key`) };
    writeFileSync(paths.cert, pair.cert);
    writeFileSync(paths.key, pair.key, { mode: 0o600 });
    return paths;
  };
  await Promise.all([
    issue('apiserver', {
      commonName: 'kube-apiserver',
      names: [
        ...new Set(['127.0.0.1', endpoints.address, kubernetesService]),
        'localhost',
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
      ],
    }),
    issue('apiserver-kubelet', { commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' }),
  ]);
  return {
    dir,
    logs,
    authority,
    auditLog: join(logs, 'audit.log'),
    issue,
    async kubeconfig(file, user, server = `https://${endpoints.address}:${endpoints.apiServer}`) {
      const pair = await authority.issue(user);
      return writeKubeconfig(join(dir, file), server, authority.cert, {
        'client-certificate-data': Buffer.from(pair.cert).toString('base64'),
        'client-key-data': Buffer.from(pair.key).toString('base64'),
      });
    },
  };
}

/** Writes a kubeconfig with one cluster and one user; returns its path. */
export function writeKubeconfig(
  path: string,
  server: string,
  ca: string,
  user: Readonly<Record<string, string>>,
): string {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'kimup-test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'kimup-test', context: { cluster: 'kimup-test', user: 'user' } }],
    'current-context': 'kimup-test',
  };
  writeFileSync(path, stringify(kubeconfig), { mode: 0o600 });
  return path;
}

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

export function apiServerArguments(files: ControlPlaneFiles, endpoints: Endpoints, bind: string): string[] {
  const pki = join(files.dir, 'pki');
  return [
    `--etcd-servers=http://127.0.0.1:${endpoints.etcdClient}`,
    `--secure-port=${endpoints.apiServer}`,
    `--bind-address=${bind}`,
    `--advertise-address=${endpoints.address}`,
    `--client-ca-file=${pki}/ca.crt`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--service-account-key-file=${pki}/sa.pub`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-cluster-ip-range=${serviceRange}`,
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
