import {
  checkedDigest,
  checkedTag,
  checkHost,
  checkRepository,
  invalid,
  InvalidImageReferenceError,
  isBareId,
  isHost,
} from './reference-grammar.ts';

/**
 * A parsed image reference. `registry` is the host (with port) in lower case as it is named, Docker Hub's always
 * `docker.io`; `repository` is whole, `library/nginx` for `nginx`. `digest` is `sha256:…` and the like.
 */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const DOCKER_HUB = 'docker.io';
const REPOSITORY_MAX = 255;
/** Nothing that is valid is longer: a host (253 and a port), a repository, a tag and the longest digest. */
const REFERENCE_MAX = 1024;

/**
 * Reads `[host[:port]/]path[:tag][@digest]` as container runtimes do (grammar of github.com/distribution/reference, and its
 * short names: `nginx` is `docker.io/library/nginx`). Linear in the length of the text.
 * @throws InvalidImageReferenceError and nothing else
 */
export function parseImageReference(text: string): ImageReference {
  if (text.length === 0)
    throw new InvalidImageReferenceError('is empty; use a repository such as docker.io/library/nginx');
  if (text.length > REFERENCE_MAX)
    throw new InvalidImageReferenceError(`is ${text.length} characters long; at most ${REFERENCE_MAX} can be right`);
  if (text.includes('://')) throw invalid(text, 'begins with a scheme; leave out everything up to ://');

  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : checkedDigest(text, at + 1);
  const nameAndTag = at === -1 ? text : text.slice(0, at);
  const colon = tagColon(nameAndTag);
  const tag = colon === -1 ? undefined : checkedTag(text, nameAndTag.slice(colon + 1));
  const name = colon === -1 ? nameAndTag : nameAndTag.slice(0, colon);

  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  let registry = DOCKER_HUB;
  let repository = name;
  if (isHost(first)) {
    checkHost(text, first);
    registry = lowerCaseHost(first);
    if (registry === 'index.docker.io' || registry === 'registry-1.docker.io') registry = DOCKER_HUB;
    repository = name.slice(slash + 1);
  }
  checkRepository(text, repository);
  if (registry === DOCKER_HUB && !repository.includes('/')) {
    if (isBareId(repository)) throw invalid(text, 'is an image id (64 hexadecimal digits), not a repository');
    repository = `library/${repository}`;
  }
  if (repository.length > REPOSITORY_MAX)
    throw invalid(text, `has a repository of ${repository.length} characters; at most ${REPOSITORY_MAX} are allowed`);

  if (tag === undefined) return digest === undefined ? { registry, repository } : { registry, repository, digest };
  return digest === undefined ? { registry, repository, tag } : { registry, repository, tag, digest };
}

/** {@link parseImageReference}, `undefined` for what is no reference. */
export function readReference(text: string): ImageReference | undefined {
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof InvalidImageReferenceError) return undefined;
    throw error;
  }
}

/** The repository in one canonical spelling, for maps and comparisons: `docker.io/library/nginx`, without tag and digest. */
export function repositoryId(reference: ImageReference): string {
  return `${reference.registry}/${reference.repository}`;
}

/** Whether both name the same repository; tags and digests don't matter. */
export function sameRepository(a: ImageReference, b: ImageReference): boolean {
  return a.repository === b.repository && a.registry === b.registry;
}

/**
 * The reference `text`, spelt as it is but with `tag` (and `digest`) in place of its tag and digest: `nginx:1.9` becomes
 * `nginx:1.10`, not `docker.io/library/nginx:1.10`. `text` has to be one that {@link parseImageReference} takes.
 */
export function withTag(text: string, tag: string, digest?: string): string {
  const at = text.indexOf('@');
  const nameAndTag = at === -1 ? text : text.slice(0, at);
  const colon = tagColon(nameAndTag);
  return `${colon === -1 ? nameAndTag : nameAndTag.slice(0, colon)}:${tag}${digest === undefined ? '' : `@${digest}`}`;
}

/** Where the colon before the tag is; -1 where there is no tag. A colon before the last slash belongs to the host. */
function tagColon(nameAndTag: string): number {
  const colon = nameAndTag.lastIndexOf(':');
  return colon > nameAndTag.lastIndexOf('/') ? colon : -1;
}

/** Hosts are the same in any case; but one that is a host by its upper case alone would become a part of a repository. */
function lowerCaseHost(host: string): string {
  const lower = host.toLowerCase();
  return isHost(lower) ? lower : host;
}
