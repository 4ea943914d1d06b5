import type { ConnectionOptions } from 'node:tls';
import type { OnApplicationShutdown } from '@nestjs/common';
// The narrowest import of it: client-node's index would load every typed API class.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Agent, ProxyAgent, type buildConnector, type Dispatcher } from 'undici';

export interface KubeConnectionOptions {
  /** Path of a kubeconfig; without one: $KUBECONFIG, ~/.kube/config, then the Pod's ServiceAccount. */
  readonly kubeconfig?: string;
  /** As in `kimup-controller/0.3.0`: who this is in the API server's audit log. */
  readonly userAgent: string;
}

/** How a request reaches the API server: as whom, and by which connections. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/** How long credentials are used before they are asked for again; a token file rotates minutes before its token ends. */
const CREDENTIALS_TTL_MS = 10_000;

/**
 * The one connection to the API server: where it is, its certificates, tokens (files that rotate and exec plugins included) and
 * proxy as the kubeconfig has them, over connections that are kept (client-node would open one for every request).
 */
export class KubeConnection implements OnApplicationShutdown {
  /** The API server's address, without a slash at its end. */
  readonly server: string;
  private config: DispatcherlessKubeConfig;
  private reload = false;
  private current: { readonly access: CachedAccess; readonly until: number } | undefined;
  private refreshing: Promise<CachedAccess> | undefined;
  private closed = false;

  /** @throws Error when there is no kubeconfig, or none that can be used: with what to set */
  static load({ kubeconfig, userAgent }: KubeConnectionOptions): KubeConnection {
    return new KubeConnection(() => {
      const config = new DispatcherlessKubeConfig();
      try {
        if (kubeconfig) config.loadFromFile(kubeconfig);
        else config.loadFromDefault();
      } catch (cause) {
        throw new Error(
          `the kubeconfig ${kubeconfig || process.env['KUBECONFIG'] || '~/.kube/config'} can't be read: ${(cause as Error).message}`,
          { cause },
        );
      }
      return config;
    }, userAgent);
  }

  /** For an API server without TLS and credentials (a `kubectl proxy`, a test's). */
  static to(server: string, userAgent: string): KubeConnection {
    return new KubeConnection(() => {
      const config = new DispatcherlessKubeConfig();
      config.loadFromClusterAndUser({ name: 'server', server, skipTLSVerify: false }, { name: 'nobody' });
      return config;
    }, userAgent);
  }

  private constructor(
    private readonly loadConfig: () => DispatcherlessKubeConfig,
    private readonly userAgent: string,
  ) {
    this.config = loadConfig();
    const cluster = this.config.getCurrentCluster();
    if (cluster === null) {
      throw new Error(
        `the kubeconfig's current-context ${JSON.stringify(this.config.currentContext ?? '')} does not point to a cluster in this kubeconfig: set current-context`,
      );
    }
    // What client-node falls back to when it finds nothing at all.
    if (cluster.name === 'cluster' && cluster.server === 'http://localhost:8080') {
      throw new Error(
        'no configuration for the Kubernetes API found: pass --kubeconfig, set KUBECONFIG, or run in a Pod with a ServiceAccount',
      );
    }
    this.server = cluster.server.replace(/\/+$/, '');
  }

  /** @param watch over the connections for watches, so that they never hold up a request */
  async access(watch = false): Promise<Access> {
    const { headers, agents } = await this.cached();
    return { headers, dispatcher: watch ? agents.watch : agents.request };
  }

  /** Forgets the credentials that were refused (401): the next request reads them anew, files and plugins included. */
  refused(): void {
    this.reload = true;
    if (this.current !== undefined) this.current = { ...this.current, until: 0 };
  }

  /** After everything that still has something to write. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Closes every connection, those of watches included. */
  async close(): Promise<void> {
    this.closed = true;
    const agents = this.current?.access.agents;
    await Promise.all([agents?.request.destroy(), agents?.watch.destroy()]);
  }

  private async cached(): Promise<CachedAccess> {
    if (this.closed) throw new Error('the connection to the API server is closed');
    if (this.current !== undefined && performance.now() < this.current.until) return this.current.access;
    this.refreshing ??= this.refresh().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private async refresh(): Promise<CachedAccess> {
    if (this.reload) {
      this.config = this.loadConfig();
      this.reload = false;
    }
    const { headers, route } = await this.config.credentials();
    const key = JSON.stringify(route, (_, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString('base64') : value,
    );
    const old = this.current?.access;
    const agents =
      old !== undefined && old.key === key
        ? old.agents
        : { request: agentFor(route, 'request'), watch: agentFor(route, 'watch') };
    if (old !== undefined && old.agents !== agents) {
      // A certificate rotated: what is in flight ends on the old connections.
      void old.agents.request.close().catch(() => undefined);
      void old.agents.watch.close().catch(() => undefined);
    }
    const access = { key, agents, headers: { ...headers, 'user-agent': this.userAgent, accept: 'application/json' } };
    this.current = { access, until: performance.now() + CREDENTIALS_TTL_MS };
    return access;
  }
}

interface CachedAccess {
  readonly key: string;
  readonly agents: { readonly request: Dispatcher; readonly watch: Dispatcher };
  readonly headers: Readonly<Record<string, string>>;
}

type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'rejectUnauthorized' | 'servername'
>;

interface Route {
  readonly tls: TlsOptions;
  readonly proxyUrl?: string;
}

/** A KubeConfig that says which connections it wants instead of opening them. */
class DispatcherlessKubeConfig extends KubeConfig {
  private tls: TlsOptions = {};

  override createDispatcherOptions(...[, agentOptions]: Parameters<KubeConfig['createDispatcherOptions']>): {
    type: 'none';
  } {
    this.tls = Object.fromEntries(
      (['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const)
        .filter((name) => agentOptions[name] !== undefined)
        .map((name) => [name, agentOptions[name]]),
    );
    return { type: 'none' };
  }

  async credentials(): Promise<{ headers: Record<string, string>; route: Route }> {
    const headers: Record<string, string> = {};
    // Of its argument it only uses these two.
    const context = {
      setHeaderParam: (name: string, value: string) => {
        headers[name.toLowerCase()] = value.trim();
      },
      setDispatcher: () => undefined,
    };
    await this.applySecurityAuthentication(
      context as unknown as Parameters<KubeConfig['applySecurityAuthentication']>[0],
    );
    const proxyUrl = this.getCurrentCluster()?.proxyUrl;
    if (proxyUrl?.startsWith('socks') === true)
      throw new Error(
        'the kubeconfig uses a SOCKS proxy, which kimup does not support: set proxy-url to an HTTP proxy',
      );
    return { headers, route: proxyUrl ? { tls: this.tls, proxyUrl } : { tls: this.tls } };
  }
}

function agentFor(route: Route, purpose: 'request' | 'watch'): Dispatcher {
  const options = {
    // HTTP/1.1: a connection each for what is in flight, so that one that stalls stalls one request.
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    headersTimeout: purpose === 'watch' ? 30_000 : 60_000,
    bodyTimeout: purpose === 'watch' ? 0 : 60_000,
    ...(purpose === 'request' ? { connections: 64 } : {}),
  };
  // Probes after 30 s of silence: a connection whose other end vanished breaks within a minute, instead of being waited on for ever.
  const connect = {
    ...route.tls,
    timeout: 5_000,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  } as buildConnector.BuildOptions;
  if (route.proxyUrl !== undefined) {
    return new ProxyAgent({ ...options, uri: route.proxyUrl, requestTls: connect, proxyTls: { timeout: 5_000 } });
  }
  return new Agent({ ...options, connect });
}
