// A registry of the run: distribution's, with its storage in a folder.
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type Dispatcher, request } from 'undici';
import { stringify } from 'yaml';
import { HANG_MS } from './hang.ts';
import { createAuthority } from './certificates.ts';
import { type BuiltImage, buildImage, buildSignature, type ImageSpec, manifestType } from './image.ts';
import { ensureParts, type Progress } from './parts.ts';
import { type Component, createSandbox, freePorts, type Sandbox, until } from './process.ts';
import { startTokenServer, type TokenServer } from './token-server.ts';

/** One request that the registry answered. */
export interface RegistryRequest {
  readonly method: string;
  /** With its query, e.g. `/v2/whoami/tags/list?n=1000`. */
  readonly path: string;
  readonly status: number;
  readonly userAgent: string;
}

export interface RequestFilter {
  readonly method?: string;
  /** What the path starts with, or a pattern for it. */
  readonly path?: string | RegExp;
  readonly userAgentPrefix?: string;
}

/** User and password of a registry that asks for them. No secret: it is for tests alone. */
export const testCredentials = { username: 'kimup-test', password: 'test-password-not-secret' } as const;

/** bcrypt of the test password, which distribution's htpasswd wants. */
const htpasswdLine = `${testCredentials.username}:$2y$04$kimupTestSaltForBcrype5Q2i3dXvsqTnaZ2S91y2e7mtq9kCweW\n`;

export interface RegistryOptions {
  /** HTTPS with a certificate of an authority of its own (`ca`). */
  readonly tls?: boolean;
  /** Asks for `testCredentials`: basic, or by a bearer token from a token server that asks for them. */
  readonly auth?: 'basic' | 'token';
  /** The most tags that one page of a tag list holds. */
  readonly maxTags?: number;
  readonly progress?: Progress;
}

/** A running registry. */
export interface TestRegistry {
  /** HOST:PORT as image references name it. */
  readonly host: string;
  /** http://… or https://… as this process reaches it. */
  readonly url: string;
  /** PEM of the authority that signed its certificate; undefined for plain HTTP. */
  readonly ca: string | undefined;
  /** The process, to stop, freeze or start again. */
  readonly component: Component;
  /** Pushes an image; blobs that are there already are not sent again. Returns its digest. */
  push(repository: string, tag: string, image: ImageSpec): Promise<string>;
  /** Pushes what a signer pushes: a manifest under the tag `sha256-<64 hex>.sig` of `digest`. Returns that tag. */
  pushSignature(repository: string, digest: string): Promise<string>;
  /** All tags, sorted; none for a repository that isn't there. */
  tags(repository: string): Promise<string[]>;
  /** The digest that a tag points at; undefined if there is no such tag. */
  digest(repository: string, tag: string): Promise<string | undefined>;
  /** Deletes a tag, or by a digest the manifest and all its tags. */
  deleteManifest(repository: string, reference: string): Promise<void>;
  /** The requests answered so far, but for this object's own, oldest first. */
  requests(filter?: RequestFilter): Promise<RegistryRequest[]>;
  stop(): Promise<void>;
}

export interface RegistryPlace {
  readonly sandbox: Sandbox;
  readonly binary: string;
  readonly dir: string;
  readonly logFile: string;
  /** Address to listen on. */
  readonly listen: string;
  /** Address that image references name. */
  readonly host: string;
  /** HOST:PORT that this process reaches it at. */
  readonly reachedAt: string;
  readonly network: 'host' | 'node';
}

/** This object's own requests, left out of `requests()`. */
const ownUserAgent = 'kimup-test-registry';

/** A registry without a cluster, on a free port of 127.0.0.1. Ends with this process. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const parts = await ensureParts(['registry', 'nsinit'], options.progress);
  const sandbox = await createSandbox({ nsinit: parts.nsinit });
  const dir = mkdtempSync(join(tmpdir(), `kimup-registry-${process.pid}-`));
  const stop = async () => {
    await sandbox.end();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [port] = await freePorts(1);
    const address = `127.0.0.1:${port}`;
    const registry = await runRegistry(
      {
        sandbox,
        binary: parts.registry,
        dir,
        logFile: join(dir, 'registry.log'),
        listen: address,
        host: address,
        reachedAt: address,
        network: 'host',
      },
      options,
    );
    return {
      ...registry,
      stop: async () => {
        await registry.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a registry in a sandbox and waits until it answers. */
export async function runRegistry(place: RegistryPlace, options: RegistryOptions = {}): Promise<TestRegistry> {
  mkdirSync(join(place.dir, 'storage'), { recursive: true });
  const certificates =
    options.tls || options.auth === 'token' ? await createAuthority('kimup-test-registry') : undefined;
  const caFile = join(place.dir, 'ca.crt');
  if (certificates) writeFileSync(caFile, certificates.cert);
  let tls: { certificate: string; key: string } | undefined;
  if (options.tls && certificates) {
    tls = { certificate: join(place.dir, 'tls.crt'), key: join(place.dir, 'tls.key') };
    const pair = await certificates.issue({
      commonName: 'registry',
      names: ['127.0.0.1', 'localhost', place.host.replace(/:\d+$/, '')],
    });
    writeFileSync(tls.certificate, pair.cert);
    writeFileSync(tls.key, pair.key, { mode: 0o600 });
  }
  const tokens =
    options.auth === 'token' && certificates ? await startTokenServer(certificates, testCredentials) : undefined;
  const config = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: join(place.dir, 'storage') },
      delete: { enabled: true },
      cache: { blobdescriptor: 'inmemory' },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: place.listen, secret: 'not-secret', relativeurls: true, ...(tls ? { tls } : {}) },
    health: { storagedriver: { enabled: false } },
    ...(options.maxTags === undefined ? {} : { tags: { maxtags: options.maxTags } }),
    ...auth(place, options, tokens, caFile),
  };
  const configFile = join(place.dir, 'registry.yaml');
  writeFileSync(configFile, stringify(config));
  const component = place.sandbox.component('registry', place.binary, ['serve', configFile], place.logFile, {
    network: place.network,
    env: { OTEL_TRACES_EXPORTER: 'none' },
  });
  await component.start();
  const client = new RegistryClient(
    `${tls ? 'https' : 'http'}://${place.reachedAt}`,
    tls && certificates ? certificates.cert : undefined,
    options.auth,
    tokens,
  );
  await until(
    async () => {
      if (component.ended !== undefined)
        throw new Error(`the registry ended (${component.ended}):\n${component.logTail()}`);
      return (await client.call('GET', '/v2/')).statusCode === 200 ? true : undefined;
    },
    HANG_MS,
    `the registry at ${client.url}`,
    20,
  );
  return {
    host: place.host,
    url: client.url,
    ca: client.ca,
    component,
    push: (repository, tag, image) => client.push(repository, tag, buildImage(image)),
    async pushSignature(repository, digest) {
      const tag = `${digest.replace(':', '-')}.sig`;
      await client.push(repository, tag, buildSignature(digest));
      return tag;
    },
    tags: (repository) => client.tags(repository),
    digest: (repository, tag) => client.digest(repository, tag),
    deleteManifest: (repository, reference) => client.deleteManifest(repository, reference),
    requests: (filter) => requestsIn(place.logFile, client, filter),
    async stop() {
      await component.stop();
      await tokens?.stop();
      await client.close();
    },
  };
}

function auth(place: RegistryPlace, options: RegistryOptions, tokens: TokenServer | undefined, caFile: string): object {
  if (options.auth === 'basic') {
    const path = join(place.dir, 'htpasswd');
    writeFileSync(path, htpasswdLine);
    return { auth: { htpasswd: { realm: 'kimup-test', path } } };
  }
  if (tokens)
    return {
      auth: { token: { realm: tokens.realm, service: tokens.service, issuer: tokens.issuer, rootcertbundle: caFile } },
    };
  return {};
}

/** What is needed of the distribution API (distribution spec v1.1). */
class RegistryClient {
  readonly url: string;
  readonly ca: string | undefined;
  readonly #agent: Agent;
  readonly #auth: RegistryOptions['auth'];
  readonly #tokens: TokenServer | undefined;

  constructor(url: string, ca: string | undefined, auth: RegistryOptions['auth'], tokens: TokenServer | undefined) {
    this.url = url;
    this.ca = ca;
    this.#auth = auth;
    this.#tokens = tokens;
    this.#agent = new Agent({ ...(ca === undefined ? {} : { connect: { ca } }) });
  }

  async call(
    method: Dispatcher.HttpMethod,
    path: string,
    body?: Buffer,
    headers: Record<string, string> = {},
  ): Promise<{ statusCode: number; headers: Record<string, string | string[] | undefined>; text: string }> {
    const authorization = await this.#authorization(path);
    const response = await request(new URL(path, this.url), {
      method,
      headers: { 'user-agent': ownUserAgent, ...(authorization ? { authorization } : {}), ...headers },
      body: body ?? null,
      dispatcher: this.#agent,
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
    });
    return { statusCode: response.statusCode, headers: response.headers, text: await response.body.text() };
  }

  /** The authorization that this object gives itself, without asking. */
  async #authorization(path: string): Promise<string | undefined> {
    if (this.#auth === 'basic')
      return `Basic ${Buffer.from(`${testCredentials.username}:${testCredentials.password}`).toString('base64')}`;
    if (!this.#tokens) return undefined;
    const repository = /^\/v2\/(.+)\/(?:blobs|manifests|tags)\//.exec(path)?.[1];
    return `Bearer ${await this.#tokens.issue(repository === undefined ? [] : [{ type: 'repository', name: repository, actions: ['pull', 'push', 'delete'] }])}`;
  }

  async push(repository: string, tag: string, { manifest, blobs }: BuiltImage): Promise<string> {
    for (const blob of blobs) {
      if ((await this.call('HEAD', `/v2/${repository}/blobs/${blob.digest}`)).statusCode === 200) continue;
      const upload = await this.#expect(202, 'POST', `/v2/${repository}/blobs/uploads/`);
      const location = new URL(String(upload.headers['location']), this.url);
      location.searchParams.set('digest', blob.digest);
      await this.#expect(201, 'PUT', location.pathname + location.search, blob.bytes, {
        'content-type': 'application/octet-stream',
      });
    }
    await this.#expect(201, 'PUT', `/v2/${repository}/manifests/${tag}`, manifest.bytes, {
      'content-type': manifest.mediaType,
    });
    return manifest.digest;
  }

  async tags(repository: string): Promise<string[]> {
    const tags: string[] = [];
    for (let path: string | undefined = `/v2/${repository}/tags/list?n=1000`; path !== undefined;) {
      const page = await this.call('GET', path);
      if (page.statusCode === 404) return [];
      tags.push(...((JSON.parse(page.text) as { tags: string[] | null }).tags ?? []));
      path = /<([^>]+)>/.exec(String(page.headers['link'] ?? ''))?.[1];
    }
    return tags.toSorted();
  }

  async digest(repository: string, tag: string): Promise<string | undefined> {
    const answer = await this.call('HEAD', `/v2/${repository}/manifests/${tag}`, undefined, { accept: manifestType });
    return answer.statusCode === 404 ? undefined : String(answer.headers['docker-content-digest']);
  }

  async deleteManifest(repository: string, reference: string): Promise<void> {
    await this.#expect(202, 'DELETE', `/v2/${repository}/manifests/${reference}`);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #expect(status: number, ...call: Parameters<RegistryClient['call']>) {
    const answer = await this.call(...call);
    if (answer.statusCode !== status)
      throw new Error(
        `the test registry answers ${call[0]} ${call[1]} with ${answer.statusCode}, not ${status}: ${answer.text.slice(0, 500)}`,
      );
    return answer;
  }
}

/** An access log line in Apache's combined format. */
const accessLine = /^\S+ - \S* \[[^\]]*\] "(\S+) (\S+) [^"]*" (\d+) \d+ "[^"]*" "([^"]*)"/;

async function requestsIn(
  logFile: string,
  client: RegistryClient,
  filter: RequestFilter = {},
): Promise<RegistryRequest[]> {
  // A request is logged after it was answered; once this one is in the log, those before it are too.
  const mark = `${ownUserAgent}-${randomUUID()}`;
  await client.call('GET', '/v2/', undefined, { 'user-agent': mark });
  const text = await until(
    () => {
      const log = readFileSync(logFile, 'utf8');
      return log.includes(mark) ? log : undefined;
    },
    HANG_MS,
    "the registry's access log",
  );
  const requests: RegistryRequest[] = [];
  for (const line of text.split('\n')) {
    const [, method, path, status, userAgent] = accessLine.exec(line) ?? [];
    if (method === undefined || path === undefined || userAgent === undefined || userAgent.startsWith(ownUserAgent))
      continue;
    if (filter.method !== undefined && method !== filter.method) continue;
    if (typeof filter.path === 'string' ? !path.startsWith(filter.path) : filter.path && !filter.path.test(path))
      continue;
    if (filter.userAgentPrefix !== undefined && !userAgent.startsWith(filter.userAgentPrefix)) continue;
    requests.push({ method, path, status: Number(status), userAgent });
  }
  return requests;
}
