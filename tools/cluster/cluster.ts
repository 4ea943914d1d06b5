// startCluster: a Kubernetes cluster of this run alone, with a registry beside it.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request as httpsRequest, Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent, type AuditFilter, readAuditLog } from './audit-log.ts';
import { isAlive, self } from '../../scripts/cache.mjs';
import { HANG_MS } from './hang.ts';
import {
  apiServerArguments,
  controllerManagerArguments,
  type ControlPlaneFiles,
  type Endpoints,
  etcdArguments,
  schedulerArguments,
  writeControlPlaneFiles,
  writeKubeconfig,
} from './control-plane.ts';
import { addKwokNodes } from './kwok.ts';
import { ensureParts, type Part, type Progress } from './parts.ts';
import {
  type CommandOptions,
  type Component,
  createSandbox,
  freePorts,
  run,
  type RunOptions,
  type Sandbox,
  tail,
  until,
} from './process.ts';
import { runRegistry, type TestRegistry } from './registry.ts';
import { addRealNode, nodeAddress, prepareRealNode, type RealNode } from './real-node.ts';

/** real: one node with real containers (root on Linux). kwok: nodes and pods that are only said to run. */
export type NodeKind = 'real' | 'kwok';

export interface ClusterOptions {
  /** auto (default): real where this process may, else kwok. */
  readonly nodes?: NodeKind | 'auto';
  /** Part of the state folder's name, for people. */
  readonly name?: string;
  /** Called with a line for each step. */
  readonly progress?: Progress;
  /** Keeps the state folder with the logs when the cluster stops. */
  readonly keep?: boolean;
  /** kwok: how many nodes; 3 if not given. */
  readonly kwokNodes?: number;
  /** kwok: RE2, searched in images; pods of such an image never get ready. `broken` if not given. */
  readonly failingImages?: string;
  /** kwok: further Stage objects, YAML. */
  readonly stages?: readonly string[];
  /** Ends this process when its parent is gone (default true), so that a killed npm leaves nothing running. */
  readonly watchParent?: boolean;
}

export interface Cluster {
  readonly nodes: NodeKind;
  /** The state folder; logs are DIR/logs/*.log. */
  readonly dir: string;
  /** Path of the admin's kubeconfig, good on this host. */
  readonly kubeconfig: string;
  /** The API server as reached from this host, and its authority (PEM). */
  readonly apiServer: { readonly url: string; readonly ca: string };
  readonly registry: TestRegistry;
  /** Paths of the programs that the cluster is made of, and of whoami. */
  readonly parts: Readonly<Partial<Record<Part, string>>>;
  /** Runs kubectl as the admin and returns its stdout. @throws Error with its stderr. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<string>;
  /** `kubectl apply -f -` of YAML or of objects. */
  apply(manifests: string | readonly object[]): Promise<string>;
  /** Path of a kubeconfig, good on this host, with a token (24 h) of a ServiceAccount that exists. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  /** Starts a process that ends with the cluster; its output is in DIR/logs/NAME.log. In the host's network if not said otherwise. */
  spawn(name: string, command: string, args: readonly string[], options?: CommandOptions): Promise<Component>;
  /** Finished requests to the API server. All that were answered before this call are there. */
  auditLog(filter?: AuditFilter): Promise<AuditEvent[]>;
  /** A part of the cluster by name, e.g. `kube-apiserver`: to stop, start, freeze. */
  component(name: string): Component;
  /** HOST:PORT at which the API server (and on the real node any pod) reaches a server of this process on 127.0.0.1:`port`. */
  reachableAs(port: number): Promise<string>;
  /** Waits until the API server is ready, after a restart of it. */
  apiServerReady(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

const startTimeoutMs = 2 * HANG_MS;
const dirPrefix = 'kimup-cluster-';

/** Parts of every cluster, and those of each kind. */
const commonParts = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'registry',
  'nsinit',
  'whoami',
] as const;
const kwokParts = [...commonParts, 'kwok'] as const;
const realParts = [
  ...commonParts,
  'kubelet',
  'kube-proxy',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'bridge',
  'loopback',
  'host-local',
  'portmap',
  'pause',
] as const;

/** Whether this process may make a real node, and if not, why. */
export function realNodeUnavailable(): string | undefined {
  if (process.platform !== 'linux') return 'a real node needs Linux';
  if (process.getuid?.() !== 0) return 'a real node needs root (namespaces, mounts, cgroups)';
  return undefined;
}

/**
 * Builds whatever the clusters need that this process may start, as far as it is not there, and adds the packages of a real
 * node: minutes the first time, which no deadline of a test has to know of.
 */
export async function prepareClusters(progress: Progress): Promise<void> {
  const isReal = realNodeUnavailable() === undefined;
  if (isReal) await prepareRealNode(progress);
  await ensureParts(isReal ? [...new Set([...kwokParts, ...realParts])] : kwokParts, progress);
}

/**
 * Starts a cluster: builds its parts if need be, then takes under 10 s.
 * @throws Error that says which part did not start, with the end of its log.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const progress = options.progress ?? (() => {});
  const unavailable = realNodeUnavailable();
  const nodes =
    options.nodes === 'real' || options.nodes === 'kwok' ? options.nodes : unavailable === undefined ? 'real' : 'kwok';
  if (nodes === 'real' && unavailable !== undefined)
    throw new Error(`${unavailable}; use --nodes kwok for a control plane with simulated nodes`);
  if (nodes === 'real') await prepareRealNode(progress);
  const parts: Readonly<Partial<Record<Part, string>>> = await ensureParts(
    nodes === 'real' ? realParts : kwokParts,
    progress,
  );
  removeAbandonedFolders();
  for (let attempt = 1; ; attempt++) {
    const dir = mkdtempSync(join(tmpdir(), `${dirPrefix}${self().replace(' ', '-')}-${options.name ?? nodes}-`));
    const starting = new StartingCluster(dir, nodes, parts, options, progress);
    try {
      return await starting.start();
    } catch (error) {
      const portTaken = starting.portWasTaken();
      await starting.stop(!portTaken);
      if (!portTaken || attempt === 3) throw error;
      progress('a port was taken by somebody else in between; starting again with others');
    }
  }
}

/** Everything of one cluster, from its first process on. */
class StartingCluster {
  readonly #dir: string;
  readonly #nodes: NodeKind;
  readonly #parts: Readonly<Partial<Record<Part, string>>>;
  readonly #options: ClusterOptions;
  readonly #progress: Progress;
  readonly #components = new Map<string, Component>();
  #sandbox: Sandbox | undefined;
  #registry: TestRegistry | undefined;
  #realNode: RealNode | undefined;
  #parentWatch: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;
  #agent: Agent | undefined;

  constructor(
    dir: string,
    nodes: NodeKind,
    parts: Readonly<Partial<Record<Part, string>>>,
    options: ClusterOptions,
    progress: Progress,
  ) {
    this.#dir = dir;
    this.#nodes = nodes;
    this.#parts = parts;
    this.#options = options;
    this.#progress = progress;
  }

  async start(): Promise<Cluster> {
    const started = Date.now();
    const real = this.#nodes === 'real';
    this.#progress(`starting ${real ? 'a real node' : 'a control plane with kwok nodes'} in ${this.#dir}`);
    this.#watchParent();
    const sandbox = (this.#sandbox = await createSandbox({ nsinit: this.#part('nsinit'), node: real }));
    const node = (this.#realNode = real
      ? await addRealNode({ dir: this.#dir, sandbox, part: (name) => this.#part(name) })
      : undefined);
    const ports = await freePorts(7);
    const port = (index: number) => ports[index] ?? 0;
    const endpoints: Endpoints = node
      ? {
          address: nodeAddress,
          apiServer: 6443,
          etcdClient: 2379,
          etcdPeer: 2380,
          controllerManager: 10257,
          scheduler: 10259,
        }
      : {
          address: '127.0.0.1',
          apiServer: port(0),
          etcdClient: port(1),
          etcdPeer: port(2),
          controllerManager: port(3),
          scheduler: port(4),
        };
    const files = await writeControlPlaneFiles(this.#dir, endpoints);
    const apiServer = node ? await node.forward(`${nodeAddress}:6443`) : `127.0.0.1:${endpoints.apiServer}`;
    const url = `https://${apiServer}`;
    const kubeconfig = await files.kubeconfig(
      'admin.kubeconfig',
      { commonName: 'kubernetes-admin', organization: 'system:masters' },
      url,
    );

    await this.#run('etcd', etcdArguments(this.#dir, endpoints));
    await this.#run('kube-apiserver', apiServerArguments(files, endpoints, node ? '0.0.0.0' : '127.0.0.1'));
    const registry = this.#startRegistry(node ? undefined : port(5));
    registry.catch(() => {}); // looked at below, after what may fail first
    const [controllerManager, scheduler] = await Promise.all(
      ['kube-controller-manager', 'kube-scheduler'].map((name) =>
        files.kubeconfig(`${name}.kubeconfig`, { commonName: `system:${name}`, organization: 'system:masters' }),
      ),
    );
    const containers = node?.startContainerd((name, args, env) => this.#run(name, args, env));
    containers?.catch(() => {});
    const client = await this.#apiClient(files, url);
    const apiServerReady = (timeoutMs = startTimeoutMs) =>
      this.#waitFor(
        'kube-apiserver',
        ['etcd', 'kube-apiserver'],
        timeoutMs,
        async () => (await client('/readyz')) === 200,
      );
    await apiServerReady();
    await Promise.all([
      this.#run('kube-controller-manager', controllerManagerArguments(files, endpoints, controllerManager ?? '')),
      this.#run('kube-scheduler', schedulerArguments(endpoints, scheduler ?? '')),
    ]);
    const kubectl: Cluster['kubectl'] = (args, options) => this.#kubectl(kubeconfig, args, options);
    const apply: Cluster['apply'] = (manifests) =>
      kubectl(['apply', '-f', '-'], {
        input:
          typeof manifests === 'string'
            ? manifests
            : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }),
      });
    if (node) {
      await containers;
      await node.startKubelet(files, (name, args, env) => this.#run(name, args, env));
    } else {
      await addKwokNodes({
        dir: this.#dir,
        count: this.#options.kwokNodes ?? 3,
        failingImages: this.#options.failingImages,
        stages: this.#options.stages,
        address: `127.0.0.1:${port(6)}`,
        kubeconfig: await files.kubeconfig('kwok.kubeconfig', { commonName: 'kwok', organization: 'system:masters' }),
        start: (args) => this.#run('kwok', args),
        apply,
      });
    }
    this.#registry = await registry;
    await this.#waitFor(node ? 'kubelet' : 'kwok', [...this.#components.keys()], startTimeoutMs, async () => {
      const nodes = await client('/api/v1/nodes', (body) => JSON.parse(body) as NodeList);
      const serviceAccount = await client('/api/v1/namespaces/default/serviceaccounts/default');
      return serviceAccount === 200 && nodes.items.length > 0 && nodes.items.every(isUsable);
    });
    this.#progress(`the cluster is ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);

    return {
      nodes: this.#nodes,
      dir: this.#dir,
      kubeconfig,
      apiServer: { url, ca: files.authority.cert },
      registry: this.#registry,
      parts: this.#parts,
      kubectl,
      apply,
      serviceAccountKubeconfig: async (namespace, name) => {
        const token = (await kubectl(['create', 'token', name, `--namespace=${namespace}`, '--duration=24h'])).trim();
        return writeKubeconfig(join(this.#dir, `${namespace}-${name}.kubeconfig`), url, files.authority.cert, {
          token,
        });
      },
      spawn: async (name, command, args, options) => {
        const component = sandbox.component(name, command, args, join(files.logs, `${name}.log`), options);
        this.#components.set(name, component);
        await component.start();
        return component;
      },
      auditLog: async (filter) => {
        await this.#auditLogIsComplete(files, client);
        return readAuditLog(files.auditLog, filter);
      },
      component: (name) => {
        const component = name === 'registry' ? this.#registry?.component : this.#components.get(name);
        if (!component)
          throw new Error(`the cluster has no component ${name}, only ${[...this.#components.keys()].join(', ')}`);
        return component;
      },
      reachableAs: async (port) => (node ? node.exposeHostPort(port) : `127.0.0.1:${port}`),
      apiServerReady,
      stop: () => this.stop(this.#options.keep ?? false),
    };
  }

  /** Stops everything; the folder goes, unless it is to be kept. Calling it twice is fine. */
  stop(keep: boolean): Promise<void> {
    return (this.#stopped ??= this.#stop(keep));
  }

  async #stop(keep: boolean): Promise<void> {
    clearInterval(this.#parentWatch);
    await this.#realNode?.beforeEnd();
    await this.#sandbox?.end();
    this.#agent?.destroy();
    await this.#registry?.stop();
    await this.#realNode?.afterEnd();
    if (!keep) rmSync(this.#dir, { recursive: true, force: true });
  }

  portWasTaken(): boolean {
    return (
      this.#nodes === 'kwok' &&
      [...this.#components.values()].some(
        (component) => component.ended !== undefined && component.logTail(50).includes('address already in use'),
      )
    );
  }

  #part(name: Part): string {
    const path = this.#parts[name];
    if (path === undefined) throw new Error(`the part ${name} is not one of this cluster's`);
    return path;
  }

  async #run(name: Part, args: readonly string[], env: CommandOptions['env'] = {}): Promise<Component> {
    const component = (this.#sandbox as Sandbox).component(
      name,
      this.#part(name),
      args,
      join(this.#dir, 'logs', `${name}.log`),
      { network: 'node', env },
    );
    this.#components.set(name, component);
    await component.start();
    return component;
  }

  #startRegistry(port: number | undefined): Promise<TestRegistry> {
    const address = port === undefined ? `${nodeAddress}:5000` : `127.0.0.1:${port}`;
    return (async () =>
      runRegistry({
        sandbox: this.#sandbox as Sandbox,
        binary: this.#part('registry'),
        dir: join(this.#dir, 'registry'),
        logFile: join(this.#dir, 'logs', 'registry.log'),
        listen: address,
        host: address,
        reachedAt: this.#realNode ? await this.#realNode.forward(address) : address,
        network: 'node',
      }))();
  }

  /** Waits for a condition, and fails at once if a component that it `needs` has ended, with the end of its log. */
  async #waitFor(
    name: Part,
    needs: readonly string[],
    timeoutMs: number,
    condition: () => Promise<boolean>,
  ): Promise<void> {
    let ended: Component | undefined;
    await until(
      async () => {
        ended = needs.map((need) => this.#components.get(need)).find((component) => component?.ended !== undefined);
        return ended !== undefined || (await condition()) ? true : undefined;
      },
      timeoutMs,
      `${name} to be ready`,
      50,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${name}'s log ends with:\n${tail(join(this.#dir, 'logs', `${name}.log`))}`);
    });
    if (ended)
      throw new Error(
        `${ended.name} ended with ${ended.ended}; its log ends with:\n${ended.logTail()}\n(all logs: ${join(this.#dir, 'logs')})`,
      );
  }

  #kubectl(kubeconfig: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
    const bound = this.#sandbox?.binding === 'none' ? [] : ['setpriv', '--pdeathsig', 'KILL'];
    return run([...bound, this.#part('kubectl'), `--kubeconfig=${kubeconfig}`, ...args], options);
  }

  /** GETs a path as the admin: its status, or what `read` makes of its body. */
  async #apiClient(files: ControlPlaneFiles, url: string) {
    const pair = await files.authority.issue({ commonName: 'kimup-test-harness', organization: 'system:masters' });
    const agent = (this.#agent = new Agent({
      keepAlive: true,
      ca: files.authority.cert,
      cert: pair.cert,
      key: pair.key,
    }));
    return <T = number>(path: string, read?: (body: string) => T): Promise<T> =>
      new Promise((resolve, reject) => {
        const request = httpsRequest(
          url + path,
          { agent, timeout: 15_000, headers: { 'user-agent': 'kimup-test-harness' } },
          (response) => {
            let body = '';
            response
              .setEncoding('utf8')
              .on('data', (text: string) => (body += text))
              .on('error', reject);
            response.on('end', () => {
              try {
                resolve(read ? read(body) : (response.statusCode as T));
              } catch (error) {
                reject(error as Error);
              }
            });
          },
        );
        request
          .on('timeout', () => request.destroy(new Error(`no answer from ${url}${path}`)))
          .on('error', reject)
          .end();
      });
  }

  /** A request is logged after it was answered; once one made now is there, those before it are too. */
  async #auditLogIsComplete(files: ControlPlaneFiles, client: (path: string) => Promise<number>): Promise<void> {
    const mark = `/version?mark=${process.hrtime.bigint()}`;
    try {
      await client(mark);
    } catch {
      return; // the API server is stopped, so nothing is on its way into the log
    }
    await until(() => (tail(files.auditLog, 2000).includes(mark) ? true : undefined), HANG_MS, 'the audit log', 20);
  }

  #watchParent(): void {
    if (this.#options.watchParent === false) return;
    const parent = process.ppid;
    this.#parentWatch = setInterval(() => {
      if (process.ppid === parent) return;
      console.error('the process that started this one is gone: stopping the cluster');
      void this.stop(false).finally(() => process.exit(1));
    }, 1000);
    this.#parentWatch.unref();
  }
}

interface NodeList {
  readonly items: readonly {
    readonly spec: { readonly taints?: readonly object[] };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Ready, and without the taint that keeps pods off a node until the node lifecycle controller has seen that. */
function isUsable(node: NodeList['items'][number]): boolean {
  return (
    (node.spec.taints ?? []).length === 0 &&
    (node.status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

/** Removes state folders of runs that were killed. */
function removeAbandonedFolders(): void {
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(dirPrefix))) {
    const owner = /^(\d+)-(\d*)-/.exec(name.slice(dirPrefix.length));
    if (owner && !isAlive(`${owner[1]} ${owner[2]}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
