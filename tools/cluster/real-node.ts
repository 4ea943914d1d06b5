// One node with real containers: containerd, runc, a bridge, kubelet and kube-proxy in namespaces of their own.
import { copyFileSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { HANG_MS } from './hang.ts';
import { createCgroup, removeCgroup } from './cgroups.ts';
import type { ControlPlaneFiles } from './control-plane.ts';
import { ensureSystemCommands, systemPath } from './debian.ts';
import { createForwarder } from './forward.ts';
import { buildImage, ociArchive } from './image.ts';
import type { Part, Progress } from './parts.ts';
import { type CommandOptions, type Sandbox, until } from './process.ts';

/** The node's address, the API server's, the registry's and the pods' gateway: the bridge's own. */
export const nodeAddress = '10.244.0.1';
const podRange = '10.244.0.0/24';
const nodeName = 'node-1';
const pauseImage = 'localhost/pause:1';

type Start = (name: Part, args: readonly string[], env?: CommandOptions['env']) => Promise<unknown>;

export interface RealNode {
  /** HOST:PORT on this host for HOST:PORT in the node's network. */
  forward(address: string): Promise<string>;
  /** HOST:PORT in the node's network for 127.0.0.1:`port` of this host. */
  exposeHostPort(port: number): Promise<string>;
  /** Starts containerd and waits until it can run pods. */
  startContainerd(start: Start): Promise<void>;
  /** Starts kubelet and kube-proxy. */
  startKubelet(files: ControlPlaneFiles, start: Start): Promise<void>;
  /** Before the sandbox ends, and after. */
  beforeEnd(): Promise<void>;
  afterEnd(): Promise<void>;
}

/** Has the programs there that Go does not build. */
export async function prepareRealNode(progress: Progress): Promise<void> {
  await ensureSystemCommands(['runc', 'ip', 'iptables', 'unshare', 'nsenter', 'mount'], progress);
}

/** Makes the node's network and folders in the sandbox. Nothing runs yet. */
export async function addRealNode({
  dir,
  sandbox,
  part,
}: {
  dir: string;
  sandbox: Sandbox;
  part: (name: Part) => string;
}): Promise<RealNode> {
  mkdirSync(join(dir, 'logs'), { recursive: true });
  const env = { PATH: systemPath(dirname(part('containerd-shim-runc-v2'))) };
  await sandbox.run('sh', ['-ec', setUp], { network: 'node', env });
  const cgroup = createCgroup();
  const forwarder = createForwarder(dir, part('nsinit'), sandbox);
  const socket = join(dir, 'containerd.sock');
  return {
    forward: (address) => forwarder.forward(address),
    exposeHostPort: (port) => forwarder.expose(port, nodeAddress),
    async startContainerd(start) {
      writeContainerdFiles(dir, socket, part);
      const ctr = (...args: string[]) =>
        sandbox.run(part('ctr'), [`--address=${socket}`, '--namespace=k8s.io', ...args], { network: 'node' });
      await start('containerd', [`--config=${join(dir, 'containerd.toml')}`], env);
      await until(() => ctr('version'), HANG_MS, 'containerd', 50);
      await ctr('images', 'import', join(dir, 'pause.tar'));
    },
    async startKubelet(files, start) {
      const kubelet = await files.kubeconfig('kubelet.kubeconfig', {
        commonName: `system:node:${nodeName}`,
        organization: 'system:nodes',
      });
      const proxy = await files.kubeconfig('kube-proxy.kubeconfig', { commonName: 'system:kube-proxy' });
      writeFileSync(join(dir, 'kubelet.yaml'), stringify(kubeletConfiguration(dir, socket, cgroup)));
      await Promise.all([
        start(
          'kubelet',
          [
            `--config=${dir}/kubelet.yaml`,
            `--kubeconfig=${kubelet}`,
            `--hostname-override=${nodeName}`,
            `--node-ip=${nodeAddress}`,
            `--root-dir=${dir}/kubelet`,
            `--cert-dir=${dir}/kubelet-pki`,
          ],
          env,
        ),
        start(
          'kube-proxy',
          [
            `--kubeconfig=${proxy}`,
            `--hostname-override=${nodeName}`,
            '--proxy-mode=iptables',
            `--cluster-cidr=${podRange}`,
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
        ),
      ]);
    },
    async beforeEnd() {
      forwarder.close();
    },
    async afterEnd() {
      removeCgroup(cgroup);
    },
  };
}

/**
 * Folders that kubelet, containerd, runc and the CNI plugins write to wherever their state is said to be: each node has
 * its own, which are gone with its mount namespace. Then the network: a bridge is the node's one interface.
 */
const setUp = `
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /var/log
ip link set lo up
ip link add cni0 type bridge
ip addr add ${nodeAddress}/24 dev cni0
ip link set cni0 up
ip route add default dev cni0
echo 1 > /proc/sys/net/ipv4/ip_forward
`;

function writeContainerdFiles(dir: string, socket: string, part: (name: Part) => string): void {
  const registry = `${nodeAddress}:5000`;
  const folders = {
    bin: join(dir, 'cni', 'bin'),
    conf: join(dir, 'cni', 'conf'),
    hosts: join(dir, 'certs.d', registry),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  for (const plugin of ['bridge', 'loopback', 'host-local', 'portmap'] as const)
    copyFileSync(part(plugin), join(folders.bin, plugin));
  writeFileSync(
    join(folders.hosts, 'hosts.toml'),
    `server = "http://${registry}"\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: podRange }]],
      routes: [{ dst: '0.0.0.0/0' }],
      dataDir: join(dir, 'cni', 'addresses'),
    },
  };
  writeFileSync(
    join(folders.conf, '10-pods.conflist'),
    JSON.stringify({
      cniVersion: '1.0.0',
      name: 'pods',
      plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }],
    }),
  );
  const pause = buildImage({
    files: [{ path: '/pause', mode: 0o755, content: readFileSync(part('pause')) }],
    config: { entrypoint: ['/pause'], user: '65535:65535' },
  });
  writeFileSync(join(dir, 'pause.tar'), ociArchive(pause, pauseImage));
  writeFileSync(
    join(dir, 'containerd.toml'),
    `
version = 3
root = "${dir}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${socket}"
[plugins.'io.containerd.internal.v1.opt']
  path = "${dir}/opt"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "${snapshotter(dir)}"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "${pauseImage}"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = "${dir}/certs.d"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["${folders.bin}"]
    conf_dir = "${folders.conf}"
`,
  );
}

/** overlayfs can't be put on overlayfs, which the folder is on if this machine is a container itself. */
function snapshotter(dir: string): string {
  const overlayfs = 0x794c7630;
  return statfsSync(dir).type === overlayfs ? 'native' : 'overlayfs';
}

function kubeletConfiguration(dir: string, socket: string, cgroup: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${socket}`,
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
