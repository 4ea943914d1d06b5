import { createHash } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Metrics } from '../../application/ports/metrics.ts';
import {
  type AbortSignalLike,
  type RegistryAccess,
  RegistryError,
  TagRegistry,
} from '../../application/ports/tag-registry.ts';
import type { ImageReference } from '../../domain/reference/image-reference.ts';
import type { Resolver } from '../net/address-guard.ts';
import { Authorizer } from './authorizer.ts';
import { BoundedMap } from '../../support/bounded-map.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { readConfiguration, readManifest } from './platforms.ts';
import { type Environment, ProxyEnvironment } from '../net/proxy-environment.ts';
import {
  type Asked,
  errorDetail,
  invalidAnswer,
  retryAfterMs,
  shortened,
  statusError,
  type Subject,
} from './registry-errors.ts';
import { Session } from './session.ts';
import { TagList } from './tag-list.ts';
import { type Answer, type Question, Transport } from './transport.ts';

/** How registries are asked; what is left out has a default. */
export class DistributionTagRegistryOptions {
  /** Hosts (any port) or host:port that are asked over plain HTTP: `--plain-http-registries`. All others never are. */
  readonly insecureRegistries?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly resolver?: Resolver;
  /** Whose HTTPS_PROXY, HTTP_PROXY and NO_PROXY count; those of this process without it. */
  readonly env?: Environment;

  constructor(values: DistributionTagRegistryOptions) {
    Object.assign(this, values);
  }
}

/** For registries that refuse larger pages. */
const SMALL_PAGE = 100;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

const MANIFEST: Asked = { what: 'manifest' };

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Registries by the OCI distribution specification (v1.1), over HTTPS, and over plain HTTP where that was asked for. */
export class DistributionTagRegistry extends TagRegistry implements OnApplicationShutdown {
  private readonly limits: Limits;
  private readonly plainHttp: ReadonlySet<string>;
  private readonly transport: Transport;
  private readonly authorizer: Authorizer;
  private readonly now: () => number;
  /** The sizes of pages that repositories took where the first one was refused, so that it is not tried each time. */
  private readonly pageSizes: BoundedMap<string, { readonly size: number | undefined }>;

  constructor(metrics: Metrics, options: DistributionTagRegistryOptions = {}) {
    super();
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.plainHttp = new Set(options.insecureRegistries?.map((host) => host.trim().toLowerCase()));
    this.now = options.now ?? Date.now;
    this.pageSizes = new BoundedMap(this.limits.remembered);
    this.transport = new Transport(
      metrics,
      this.limits,
      new ProxyEnvironment(options.env ?? process.env),
      options.resolver,
    );
    this.authorizer = new Authorizer(this.transport, this.limits, this.now);
  }

  /** Distribution spec, "Listing Tags". */
  override async listTags(
    reference: ImageReference,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<readonly string[]> {
    return this.session(reference, undefined, access, signal, async (session) => {
      const list = new TagList(
        session,
        this.limits,
        (url, page) =>
          this.authorizer.ask(
            session,
            this.get(url, { what: 'list', page }, 'application/json', this.limits.pageBytes),
          ),
        (answer, page) => this.successful(session, answer, { what: 'list', page }),
      );
      const url = this.urlOf(session, 'tags/list');
      const { tags, size } = await list.read(url, this.pageSizesFor(url));
      if (size !== this.limits.pageSize) this.pageSizes.set(url.href, { size });
      return tags;
    });
  }

  private pageSizesFor(url: URL): readonly (number | undefined)[] {
    const { pageSize } = this.limits;
    const all = [pageSize, ...(pageSize > SMALL_PAGE ? [SMALL_PAGE] : []), undefined];
    const known = this.pageSizes.get(url.href);
    return known === undefined ? all : all.slice(all.indexOf(known.size));
  }

  /** Distribution spec, "Checking if content exists in the registry"; the manifest itself where a registry leaves the digest out. */
  override async digest(
    reference: ImageReference,
    tag: string,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<string> {
    return this.session(reference, tag, access, signal, async (session) => {
      const url = this.urlOf(session, `manifests/${encodeURIComponent(tag)}`);
      const get = this.get(url, MANIFEST, MANIFEST_TYPES, this.limits.manifestBytes);
      const head = await this.authorizer.ask(session, { ...get, method: 'HEAD' });
      // Some servers and proxies know no HEAD.
      if (head.status !== 405 && head.status !== 501) {
        const digest = this.successful(session, head, MANIFEST).headers['docker-content-digest'];
        if (typeof digest === 'string' && DIGEST.test(digest)) return digest;
      }
      const { body } = this.successful(session, await this.authorizer.ask(session, get), MANIFEST);
      if (body.length === 0) throw invalidAnswer(session.subject, 'sent an empty manifest');
      return digestOf(body);
    });
  }

  /** Distribution spec, "Pulling manifests" and, for a single image, "Pulling blobs". What came is what its digest says, or an error. */
  override async platforms(
    reference: ImageReference,
    digest: string,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<readonly string[]> {
    return this.session(reference, digest, access, signal, async (session) => {
      if (!DIGEST.test(digest)) throw invalidAnswer(session.subject, `sent an invalid digest (${shortened(digest)})`);
      const manifest = readManifest(await this.content(session, 'manifests', digest, MANIFEST_TYPES));
      if (manifest === undefined)
        throw invalidAnswer(session.subject, 'sent a manifest that is neither an image nor an index of images');
      if ('platforms' in manifest) return manifest.platforms;
      return readConfiguration(await this.content(session, 'blobs', manifest.config, '*/*'));
    });
  }

  private async content(
    session: Session,
    kind: 'manifests' | 'blobs',
    digest: string,
    accept: string,
  ): Promise<Buffer> {
    const url = this.urlOf(session, `${kind}/${digest}`);
    const asked: Asked = kind === 'manifests' ? MANIFEST : { what: 'configuration' };
    const { body } = this.successful(
      session,
      await this.authorizer.ask(session, this.get(url, asked, accept, this.limits.manifestBytes)),
      asked,
    );
    if (digestOf(body) !== digest) throw invalidAnswer(session.subject, `sent content whose digest is not ${digest}`);
    return body;
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** Ends all connections; requests under way fail. */
  async close(): Promise<void> {
    await this.transport.close();
  }

  private async session<T>(
    reference: ImageReference,
    tag: string | undefined,
    access: RegistryAccess,
    signal: AbortSignalLike | undefined,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const { source = 'imagePullSecrets' } = access;
    const subject: Subject = {
      host: reference.registry,
      repository: reference.repository,
      source,
      ...(tag === undefined ? {} : { tag }),
    };
    try {
      const origin = this.originOf(subject);
      const { insecureSkipTLSVerify, credentials } = access;
      return await Session.run(
        { subject, origin, credentials, insecureSkipTLSVerify, deadlineMs: this.limits.deadlineMs },
        signal,
        work,
      );
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      // Whatever else it is, its text may quote what was sent.
      throw new RegistryError(
        `the request to registry ${subject.host} for ${subject.repository} failed: ${shortened((error as Error).name)}`,
        'unreachable',
      );
    }
  }

  private originOf(subject: Subject): string {
    const host = subject.host.toLowerCase();
    const plain = this.plainHttp.has(host) || this.plainHttp.has(host.replace(/:\d+$/, ''));
    const asked = host === 'docker.io' ? 'registry-1.docker.io' : host;
    const url = URL.parse(`${plain ? 'http' : 'https'}://${asked}/`);
    if (url === null || url.href !== `${url.origin}/` || url.hostname !== asked.replace(/:\d+$/, '')) {
      throw new RegistryError(
        `"${shortened(subject.host)}" is not a valid registry host: check spec.image`,
        'unreachable',
      );
    }
    return url.origin;
  }

  private urlOf(session: Session, what: string): URL {
    const path = `/v2/${session.subject.repository.split('/').map(encodeURIComponent).join('/')}/${what}`;
    const url = new URL(path, session.origin);
    // `.` and `..` would lead elsewhere.
    if (url.pathname !== path)
      throw new RegistryError(
        `"${shortened(session.subject.repository)}" is not a valid repository name: check spec.image`,
        'not-found',
      );
    return url;
  }

  private get(url: URL, asked: Asked, accept: string, maxBytes: number): Question {
    return { method: 'GET', url, asked, accept, maxBytes };
  }

  private successful(session: Session, answer: Answer, asked: Asked): Answer {
    if (answer.status === 200) return answer;
    throw statusError(session.subject, answer.status, {
      asked,
      credentials: session.credentials.length > 0,
      detail: errorDetail(answer.body, session.secrets),
      retryAfterMs: retryAfterMs(answer.headers['retry-after'], this.now()),
      proxy: answer.proxy,
    });
  }
}

function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
