import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';

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
