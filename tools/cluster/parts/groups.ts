// The catalogue of the programs that clusters are made of. A group comes from the folder here of its name, whose go.mod pins
// the versions.

/** A folder and the programs that come from it: name to Go package. */
export interface PartGroup {
  /** The module whose version names the group's cache folder; absent for our own programs. */
  readonly module?: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly ldflags?: string;
}

const kubernetesVersion = 'k8s.io/component-base/version';

export const PART_GROUPS = {
  etcd: { module: 'go.etcd.io/etcd/server/v3', packages: { etcd: 'go.etcd.io/etcd/server/v3' } },
  kubernetes: {
    module: 'k8s.io/kubernetes',
    packages: under(
      'k8s.io/kubernetes/cmd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kubectl',
      'kubelet',
      'kube-proxy',
    ),
    ldflags: `-X ${kubernetesVersion}.gitVersion=v1.36.3 -X ${kubernetesVersion}.gitMajor=1 -X ${kubernetesVersion}.gitMinor=36`,
  },
  kwok: { module: 'sigs.k8s.io/kwok', packages: under('sigs.k8s.io/kwok/cmd', 'kwok') },
  registry: {
    module: 'github.com/distribution/distribution/v3',
    packages: under('github.com/distribution/distribution/v3/cmd', 'registry'),
  },
  containerd: {
    module: 'github.com/containerd/containerd/v2',
    packages: under('github.com/containerd/containerd/v2/cmd', 'containerd', 'containerd-shim-runc-v2', 'ctr'),
    flags: ['-tags', 'no_btrfs'],
  },
  cni: {
    module: 'github.com/containernetworking/plugins',
    packages: {
      ...under('github.com/containernetworking/plugins/plugins/main', 'bridge', 'loopback'),
      ...under('github.com/containernetworking/plugins/plugins/ipam', 'host-local'),
      ...under('github.com/containernetworking/plugins/plugins/meta', 'portmap'),
    },
  },
  pause: { packages: { pause: '.' } },
  whoami: { packages: { whoami: '.' } },
  load: { packages: { load: '.' } },
  nsinit: { packages: { nsinit: '.' } },
} satisfies Record<string, PartGroup>;

/** A program by its name, e.g. `kube-apiserver`. */
export type Part = {
  [G in keyof typeof PART_GROUPS]: keyof (typeof PART_GROUPS)[G]['packages'] & string;
}[keyof typeof PART_GROUPS];

function under<N extends string>(prefix: string, ...names: N[]): Record<N, string> {
  return Object.fromEntries(names.map((name) => [name, `${prefix}/${name}`])) as Record<N, string>;
}
