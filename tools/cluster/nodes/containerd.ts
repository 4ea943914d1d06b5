// containerd with the CNI plugins and the one image that every pod needs.
import { copyFileSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HANG_MS } from '../hang.ts';
import { buildImage, ociArchive } from '../images/image.ts';
import type { CommandOptions } from '../process/component.ts';
import type { StartPart } from '../process/components.ts';
import { until } from '../process/until.ts';
import { NODE_REGISTRY, POD_RANGE } from './node-network.ts';
import type { RealNodePlace } from './real-node.ts';

const PAUSE_IMAGE = 'localhost/pause:1';

/** The socket of the node's containerd. */
export function containerdSocket(dir: string): string {
  return join(dir, 'containerd.sock');
}

/** Starts containerd and waits until it can run pods. */
export async function startContainerd(
  { dir, sandbox, part }: RealNodePlace,
  start: StartPart,
  env: CommandOptions['env'],
): Promise<void> {
  const cni = { bin: join(dir, 'cni', 'bin'), conf: join(dir, 'cni', 'conf') };
  for (const folder of Object.values(cni)) mkdirSync(folder, { recursive: true });
  for (const plugin of ['bridge', 'loopback', 'host-local', 'portmap'] as const)
    copyFileSync(part(plugin), join(cni.bin, plugin));
  writeFileSync(join(cni.conf, '10-pods.conflist'), JSON.stringify(podNetwork(dir)));
  writeRegistryHosts(dir);
  writePauseImage(dir, part('pause'));
  writeFileSync(join(dir, 'containerd.toml'), configuration(dir, cni));
  const ctr = (...args: string[]) =>
    sandbox.run(part('ctr'), [`--address=${containerdSocket(dir)}`, '--namespace=k8s.io', ...args], {
      network: 'node',
    });
  await start('containerd', [`--config=${join(dir, 'containerd.toml')}`], env);
  await until(() => ctr('version'), HANG_MS, 'containerd', 50);
  await ctr('images', 'import', join(dir, 'pause.tar'));
}

/** The network of pods, for the CNI plugins: all on the node's bridge. */
function podNetwork(dir: string): object {
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: POD_RANGE }]],
      routes: [{ dst: '0.0.0.0/0' }],
      dataDir: join(dir, 'cni', 'addresses'),
    },
  };
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }],
  };
}

/** The cluster's registry speaks plain HTTP. */
function writeRegistryHosts(dir: string): void {
  const folder = join(dir, 'certs.d', NODE_REGISTRY);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'hosts.toml'),
    `server = "http://${NODE_REGISTRY}"\n[host."http://${NODE_REGISTRY}"]\n  capabilities = ["pull", "resolve"]\n`,
  );
}

/** The image of the container that holds a pod's namespaces. */
function writePauseImage(dir: string, program: string): void {
  const pause = buildImage({
    files: [{ path: '/pause', mode: 0o755, content: readFileSync(program) }],
    config: { entrypoint: ['/pause'], user: '65535:65535' },
  });
  writeFileSync(join(dir, 'pause.tar'), ociArchive(pause, PAUSE_IMAGE));
}

function configuration(dir: string, cni: { readonly bin: string; readonly conf: string }): string {
  return `
version = 3
root = "${dir}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "${containerdSocket(dir)}"
[plugins.'io.containerd.internal.v1.opt']
  path = "${dir}/opt"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "${snapshotter(dir)}"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "${PAUSE_IMAGE}"
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = "${dir}/certs.d"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["${cni.bin}"]
    conf_dir = "${cni.conf}"
`;
}

/** overlayfs can't be put on overlayfs, which the folder is on if this machine is a container itself. */
function snapshotter(dir: string): string {
  const overlayfs = 0x794c7630;
  return statfsSync(dir).type === overlayfs ? 'native' : 'overlayfs';
}
