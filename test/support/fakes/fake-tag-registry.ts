import type { ImageReference } from '../../../src/domain/reference/image-reference.ts';
import {
  type AbortSignalLike,
  type RegistryAccess,
  RegistryError,
  TagRegistry,
} from '../../../src/application/ports/tag-registry.ts';

/** One call of the port. */
export interface FakeRegistryRequest {
  readonly method: 'listTags' | 'digest' | 'platforms';
  /** `host/repository`. */
  readonly repository: string;
  /** A tag, or a digest where platforms are asked for. */
  readonly tag?: string;
  readonly access: RegistryAccess;
}

/** Registries in memory. What they hold and how they fail is up to the test. */
export class FakeTagRegistry extends TagRegistry {
  /** Every call so far, the oldest first. */
  readonly requests: FakeRegistryRequest[] = [];
  private readonly repositories = new Map<string, Map<string, string>>();
  private readonly platformsByDigest = new Map<string, readonly string[]>();
  private readonly lost = new Set<string>();
  private readonly failures = new Map<string, RegistryError>();
  private readonly passwords = new Map<string, string>();
  private held: { readonly until: Promise<void>; readonly release: () => void } | undefined;

  /** `repository` (`host/name`) has these tags now, in this order, each with its digest. */
  put(repository: string, tags: Readonly<Record<string, string>>): void {
    this.repositories.set(repository, new Map(Object.entries(tags)));
  }

  /** The image with this digest is for these platforms; without a word linux/amd64. */
  putPlatforms(digest: string, platforms: readonly string[]): void {
    this.platformsByDigest.set(digest, platforms);
  }

  /** `repository` lists this tag and does not have its manifest. */
  lose(repository: string, tag: string): void {
    this.lost.add(`${repository}:${tag}`);
  }

  /** Every call for `repository` fails with `error` from now on; with undefined it works again. */
  fail(repository: string, error: RegistryError | undefined): void {
    if (error === undefined) this.failures.delete(repository);
    else this.failures.set(repository, error);
  }

  /** `repository` wants this password from now on. */
  protect(repository: string, password: string): void {
    this.passwords.set(repository, password);
  }

  /** Calls wait from now on, until {@link release}. */
  hold(): void {
    let release = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.held ??= { until, release };
  }

  release(): void {
    this.held?.release();
    this.held = undefined;
  }

  override async listTags(
    reference: ImageReference,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<readonly string[]> {
    return [...(await this.repository('listTags', reference, access, undefined, signal)).keys()];
  }

  override async digest(
    reference: ImageReference,
    tag: string,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<string> {
    const digest = (await this.repository('digest', reference, access, tag, signal)).get(tag);
    if (digest === undefined || this.lost.has(`${reference.registry}/${reference.repository}:${tag}`)) {
      throw new RegistryError(
        `registry ${reference.registry} answered 404 to the request for the manifest of ${reference.repository}:${tag}: the tag does not exist`,
        'not-found',
      );
    }
    return digest;
  }

  override async platforms(
    reference: ImageReference,
    digest: string,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<readonly string[]> {
    const known = [...(await this.repository('platforms', reference, access, digest, signal)).values()];
    if (!known.includes(digest))
      throw new RegistryError(
        `registry ${reference.registry} answered 404 for ${reference.repository}:${digest}: check spec.image`,
        'not-found',
      );
    return this.platformsByDigest.get(digest) ?? ['linux/amd64'];
  }

  private async repository(
    method: FakeRegistryRequest['method'],
    reference: ImageReference,
    access: RegistryAccess,
    tag: string | undefined,
    signal: AbortSignalLike | undefined,
  ): Promise<ReadonlyMap<string, string>> {
    const name = `${reference.registry}/${reference.repository}`;
    this.requests.push({ method, repository: name, access, ...(tag === undefined ? {} : { tag }) });
    await this.waited(signal);
    const failure = this.failures.get(name);
    if (failure !== undefined) throw failure;
    const password = this.passwords.get(name);
    if (password !== undefined && !access.credentials.some((one) => one.password === password)) {
      throw new RegistryError(
        `registry ${reference.registry} answered 401 for ${reference.repository}: add a pull secret for this registry to spec.imagePullSecrets`,
        'unauthorized',
      );
    }
    const repository = this.repositories.get(name);
    if (repository === undefined)
      throw new RegistryError(
        `registry ${reference.registry} answered 404 for ${reference.repository}: check spec.image`,
        'not-found',
      );
    return repository;
  }

  private async waited(signal: AbortSignalLike | undefined): Promise<void> {
    const stopped = () => new RegistryError('asking the registry was stopped', 'unreachable');
    if (signal?.aborted) throw stopped();
    if (this.held === undefined) return;
    let stop = () => {};
    try {
      await Promise.race([
        this.held.until,
        new Promise<never>((_, reject) => {
          stop = () => reject(stopped());
          signal?.addEventListener('abort', stop);
        }),
      ]);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }
}
