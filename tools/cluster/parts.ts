// The programs a cluster is made of: built once by Go from the pinned modules in parts/ into the cache folder.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, isAlive, self, withLock } from '../../scripts/cache.mjs';

/** Called with one line of text at a time, for people. */
export type Progress = (line: string) => void;

/** A folder in parts/ and the programs that come from it: name to Go package. */
interface Group {
  /** The module whose version names the group's cache folder; absent for our own programs. */
  readonly module?: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly ldflags?: string;
}

const kubernetesVersion = 'k8s.io/component-base/version';

const groups = {
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
} satisfies Record<string, Group>;

/** A program by its name, e.g. `kube-apiserver`. */
export type Part = { [G in keyof typeof groups]: keyof (typeof groups)[G]['packages'] & string }[keyof typeof groups];

/** Taken from `$KUBEBUILDER_ASSETS` where that folder holds them. */
const kubebuilderAssets: readonly string[] = ['etcd', 'kube-apiserver', 'kubectl'];

/**
 * Paths of the programs asked for, each built if the cache does not hold it yet.
 * @throws Error that names the ways to get a part which can't be built, with the end of the build's output.
 */
export async function ensureParts<P extends Part>(
  names: readonly P[],
  progress: Progress = () => {},
): Promise<Record<P, string>> {
  const paths = new Map<string, string>();
  const toBuild: { folder: string; group: Group; target: string; missing: string[] }[] = [];
  for (const [folder, group] of Object.entries(groups) as [string, Group][]) {
    const target = targetFolder(folder, group);
    const missing: string[] = [];
    for (const name of names.filter((name) => name in group.packages)) {
      const path = assetPath(name) ?? join(target, name);
      paths.set(name, path);
      if (!existsSync(path)) missing.push(name);
    }
    if (missing.length > 0) toBuild.push({ folder, group, target, missing });
  }
  for (const [index, { folder, group, target, missing }] of toBuild.entries()) {
    const next = toBuild
      .slice(index + 1)
      .map((item) => item.folder)
      .join(', ');
    await withLock(
      join(cacheFolder(), 'locks', `part-${folder}`),
      () =>
        build(
          folder,
          group,
          target,
          missing.filter((name) => !existsSync(join(target, name))),
          next,
          progress,
        ),
      (pid) => progress(`waiting for process ${pid}, which is building ${folder}`),
    );
  }
  return Object.fromEntries(paths) as Record<P, string>;
}

function under<N extends string>(prefix: string, ...names: N[]): Record<N, string> {
  return Object.fromEntries(names.map((name) => [name, `${prefix}/${name}`])) as Record<N, string>;
}

function assetPath(name: string): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (!assets || !kubebuilderAssets.includes(name)) return undefined;
  try {
    accessSync(join(assets, name), constants.X_OK);
    return join(assets, name);
  } catch {
    return undefined;
  }
}

function sourceFolder(folder: string): string {
  return join(import.meta.dirname, 'parts', folder);
}

/** Named by all that decides what comes out, so that a changed pin or flag is another folder. */
function targetFolder(folder: string, group: Group): string {
  const source = sourceFolder(folder);
  const hash = createHash('sha256');
  for (const file of readdirSync(source).toSorted())
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(source, file)))
      .update('\0');
  const goarch =
    process.env['GOARCH'] ?? ({ x64: 'amd64', ia32: '386' } as Record<string, string>)[process.arch] ?? process.arch;
  const platform = `${process.env['GOOS'] ?? process.platform}-${goarch}`;
  hash.update(JSON.stringify([platform, buildFlags(group)]));
  const version =
    group.module === undefined
      ? 'own'
      : (new RegExp(`${group.module.replaceAll('.', '\\.')} (v\\S+)`).exec(
          readFileSync(join(source, 'go.mod'), 'utf8'),
        )?.[1] ?? 'unknown');
  return join(cacheFolder(), 'parts', `${folder}-${version}-${platform}-${hash.digest('hex').slice(0, 12)}`);
}

function buildFlags(group: Group): string[] {
  return ['-mod=readonly', '-trimpath', ...(group.flags ?? []), '-ldflags', `-s -w ${group.ldflags ?? ''}`.trim()];
}

/** Builds into a folder beside the target and renames each program into place, so that a killed build leaves nothing half-made there. */
async function build(
  folder: string,
  group: Group,
  target: string,
  missing: readonly string[],
  next: string,
  progress: Progress,
): Promise<void> {
  if (missing.length === 0) return;
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  mkdirSync(target, { recursive: true });
  removeAbandoned(target);
  const temporary = mkdtempSync(join(target, `.build-${self().replace(' ', '-')}-`));
  progress(
    `building ${missing.join(', ')} (once; ${folder === 'kubernetes' ? 'this one takes some minutes' : 'from the Go modules in tools/cluster/parts/' + folder})${next && `; next: ${next}`}`,
  );
  const tick = setInterval(() => progress(`  … ${folder}: ${seconds()}`), 15_000);
  try {
    const packages = missing.map((name) => group.packages[name] ?? name);
    const output = missing.length > 1 ? `${temporary}/` : join(temporary, missing[0] ?? '');
    await go(['build', ...buildFlags(group), '-o', output, ...packages], sourceFolder(folder)).catch((error: Error) => {
      throw new Error(howToGet(missing, target, error.message));
    });
    for (const name of missing) renameSync(join(temporary, name), join(target, name));
    progress(`built ${missing.join(', ')} in ${seconds()}`);
  } finally {
    clearInterval(tick);
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Removes what builds left that were killed. */
function removeAbandoned(target: string): void {
  for (const name of readdirSync(target)) {
    const owner = /^\.build-(\d+)-(\d*)-/.exec(name);
    if (owner && !isAlive(`${owner[1]} ${owner[2]}`)) rmSync(join(target, name), { recursive: true, force: true });
  }
}

/** Runs go; rejects with the end of its output, or with what is wrong with Go itself. */
function go(args: string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // A workspace or flags of the user's own would change what is built.
    const child = spawn('go', args, {
      cwd,
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-4000)));
    const onExit = () => child.kill('SIGKILL');
    process.once('exit', onExit);
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(error.code === 'ENOENT' ? 'there is no "go" on the PATH' : error.message)),
    );
    child.on('close', (status) => {
      process.off('exit', onExit);
      if (status === 0) resolve();
      else
        reject(
          new Error(`go ${args[0]} ended with status ${status}:\n${output.trim().split('\n').slice(-15).join('\n')}`),
        );
    });
  });
}

function howToGet(names: readonly string[], target: string, why: string): string {
  const fromAssets = names.filter((name) => kubebuilderAssets.includes(name));
  return [
    `${names.join(', ')} can't be built: ${why}`,
    'Ways to get it:',
    '  - install Go 1.26 or newer (https://go.dev/dl; an older Go from 1.21 on fetches it by itself) with access to a Go module proxy (go env GOPROXY)',
    ...(fromAssets.length > 0 ? [`  - set KUBEBUILDER_ASSETS to a folder that holds ${fromAssets.join(', ')}`] : []),
    `  - put it there yourself: ${names.map((name) => join(target, name)).join(', ')}`,
    '  - copy the cache folder of a machine that has it, and name it in KIMUP_CACHE',
  ].join('\n');
}
