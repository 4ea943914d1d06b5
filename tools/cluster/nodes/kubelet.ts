// kubelet and kube-proxy of the real node.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ControlPlaneFiles } from '../control-plane/files.ts';
import type { CommandOptions } from '../process/component.ts';
import type { StartPart } from '../process/components.ts';
import { containerdSocket } from './containerd.ts';
import { NODE_ADDRESS, POD_RANGE } from './node-network.ts';

const NODE_NAME = 'node-1';

/** Starts the kubelet, with its pods' control groups below `cgroup`. */
export async function startKubelet(
  files: ControlPlaneFiles,
  cgroup: string,
  start: StartPart,
  env: CommandOptions['env'],
): Promise<void> {
  const { dir } = files;
  const kubeconfig = await files.kubeconfig('kubelet.kubeconfig', {
    commonName: `system:node:${NODE_NAME}`,
    organization: 'system:nodes',
  });
  writeFileSync(join(dir, 'kubelet.yaml'), stringify(kubeletConfiguration(dir, cgroup)));
  await start(
    'kubelet',
    [
      `--config=${dir}/kubelet.yaml`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${NODE_ADDRESS}`,
      `--root-dir=${dir}/kubelet`,
      `--cert-dir=${dir}/kubelet-pki`,
    ],
    env,
  );
}

/** Starts kube-proxy, which makes the addresses of Services work. */
export async function startKubeProxy(
  files: ControlPlaneFiles,
  start: StartPart,
  env: CommandOptions['env'],
): Promise<void> {
  const kubeconfig = await files.kubeconfig('kube-proxy.kubeconfig', { commonName: 'system:kube-proxy' });
  await start(
    'kube-proxy',
    [
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${NODE_NAME}`,
      '--proxy-mode=iptables',
      `--cluster-cidr=${POD_RANGE}`,
      // Pods share one bridge: without this, answers of a Service would go past the address translation.
      '--masquerade-all',
      '--iptables-min-sync-period=0s',
      // These are the machine's, and not ours to set.
      '--conntrack-max-per-core=0',
      '--conntrack-min=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
    ],
    env,
  );
}

function kubeletConfiguration(dir: string, cgroup: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${containerdSocket(dir)}`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: join(dir, 'pki', 'ca.crt') },
    },
    authorization: { mode: 'AlwaysAllow' },
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    enforceNodeAllocatable: [],
    // This machine's disk and memory are not the tests' concern until they are all but full.
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    podLogsDir: '/var/log/pods',
    volumePluginDir: join(dir, 'volume-plugins'),
    resolvConf: '',
    clusterDomain: 'cluster.local',
    serializeImagePulls: false,
    registryPullQPS: 0,
    eventRecordQPS: 0,
  };
}
