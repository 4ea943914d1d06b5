// A registry that behaves as somebody's registry does: how it pages, what it refuses, what it lists and does not have.
import { createHash } from 'node:crypto';
import type { Answering, GivenAnswer, ReceivedRequest } from './registry-server.ts';

/** A repository and how its registry behaves; without a word by the specification, but for links. */
export interface ScriptedRepository {
  /** What the list holds, in its order. */
  readonly tags: readonly (string | null)[];
  /** Tags that are listed, and whose manifests are 404. */
  readonly lost?: readonly string[];
  /** The query that the link of a page holds; where there is more, and none without it. */
  readonly link?: Linking;
  /** What it takes no notice of. */
  readonly ignores?: readonly ('n' | 'last')[];
  /** How it refuses a page of `n` tags, if it does. */
  readonly refuses?: (n: number) => GivenAnswer | undefined;
}

/**
 * The `Link` header of a page that others follow.
 * @param last the last tag of the page
 * @param n its size
 */
export type Linking = (repository: string, last: string, n: number) => string;

/** As distribution has it. */
export const relativeLink: Linking = (repository, last, n) =>
  `</v2/${repository}/tags/list?last=${last}&n=${n}>; rel="next"`;

/** What JFrog's registry and others say where a page is too large for them. */
export const TOO_MANY_TAGS: GivenAnswer = {
  status: 413,
  body: { errors: [{ code: 'TOO_MANY_TAGS_REQUESTED', message: 'too many tags requested' }] },
};

/** `v1.0.0` to `v1.0.(count - 1)`, as a registry sorts them. */
export function manyTags(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `v1.0.${at}`).sort();
}

/** What a tag of these registries points at. */
export function digestOf(repository: string, tag: string): string {
  return `sha256:${createHash('sha256').update(manifestOf(repository, tag)).digest('hex')}`;
}

/** Answers for these repositories, by their names; 404 for all others. */
export function scripted(repositories: Readonly<Record<string, ScriptedRepository>>): Answering {
  return (request) => {
    const [, repository = '', what = '', rest = ''] = /^\/v2\/(.+)\/(tags|manifests)\/([^?]+)/.exec(request.path) ?? [];
    const script = repositories[repository];
    if (script === undefined)
      return {
        status: 404,
        body: { errors: [{ code: 'NAME_UNKNOWN', message: 'repository name not known to registry' }] },
      };
    return what === 'tags' ? page(repository, script, request) : manifest(repository, script, decodeURIComponent(rest));
  };
}

function page(
  repository: string,
  { tags, link, ignores = [], refuses }: ScriptedRepository,
  { path }: ReceivedRequest,
): GivenAnswer {
  const query = new URL(path, 'http://registry.test').searchParams;
  const n = query.get('n');
  const last = ignores.includes('last') ? null : query.get('last');
  const refused = n === null ? undefined : refuses?.(Number(n));
  if (refused !== undefined) return refused;
  const from = last === null ? 0 : tags.indexOf(last) + 1;
  const shown = tags.slice(from, n === null || ignores.includes('n') ? undefined : from + Number(n));
  const more = from + shown.length < tags.length;
  return {
    body: { name: repository, tags: shown },
    ...(more && link !== undefined ? { headers: { link: link(repository, shown.at(-1) ?? '', Number(n)) } } : {}),
  };
}

function manifest(repository: string, { tags, lost = [] }: ScriptedRepository, tag: string): GivenAnswer {
  if (lost.includes(tag) || !tags.includes(tag))
    return { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] } };
  return { headers: { 'docker-content-digest': digestOf(repository, tag) }, body: manifestOf(repository, tag) };
}

function manifestOf(repository: string, tag: string): string {
  return JSON.stringify({
    schemaVersion: 2,
    manifests: [{ platform: { os: 'linux', architecture: 'amd64' } }],
    annotations: { repository, tag },
  });
}
