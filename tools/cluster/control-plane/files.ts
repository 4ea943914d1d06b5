// What a control plane reads: certificates, keys, its audit policy, kubeconfigs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Authority, createAuthority, signingKeys, writeKeyPair } from '../certificates.ts';
import type { Endpoints } from './endpoints.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** Of Services; its first address is that of the Service `kubernetes`. */
export const SERVICE_RANGE = '10.0.0.0/16';
const KUBERNETES_SERVICE = '10.0.0.1';

export interface ControlPlaneFiles {
  readonly dir: string;
  readonly logs: string;
  readonly authority: Authority;
  readonly auditLog: string;
  /** Writes a kubeconfig for a client with a certificate of its own; returns its path. `server` is https://ADDRESS:PORT if not given. */
  kubeconfig(file: string, user: { commonName: string; organization?: string }, server?: string): Promise<string>;
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
  writeFileSync(join(dir, 'audit-policy.yaml'), stringify(auditPolicy));
  await writeServerCertificates(pki, authority, endpoints);
  return {
    dir,
    logs,
    authority,
    auditLog: join(logs, 'audit.log'),
    async kubeconfig(file, user, server = `https://${endpoints.address}:${endpoints.apiServer}`) {
      const pair = await authority.issue(user);
      return writeKubeconfig(join(dir, file), server, authority.cert, {
        'client-certificate-data': Buffer.from(pair.cert).toString('base64'),
        'client-key-data': Buffer.from(pair.key).toString('base64'),
      });
    },
  };
}

/** Every request once, when it has been answered. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
  rules: [{ level: 'Metadata' }],
};

/** What the API server shows to its clients, and to kubelets. */
async function writeServerCertificates(pki: string, authority: Authority, { address }: Endpoints): Promise<void> {
  const server = await authority.issue({
    commonName: 'kube-apiserver',
    names: [
      ...new Set(['127.0.0.1', address, KUBERNETES_SERVICE]),
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
    ],
  });
  writeKeyPair(join(pki, 'apiserver'), server);
  const client = await authority.issue({ commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' });
  writeKeyPair(join(pki, 'apiserver-kubelet'), client);
}
