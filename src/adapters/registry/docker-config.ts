import type { RegistryCredentials } from '../../application/ports/tag-registry.ts';
import type { ImageReference } from '../../domain/reference/image-reference.ts';
import { isObject } from '../../support/json.ts';

/** A `kubernetes.io/dockerconfigjson` secret has its entries under `auths`, a `kubernetes.io/dockercfg` one at the top. */
export type DockerConfigForm = 'dockerconfigjson' | 'dockercfg';

/** The text is no docker config. The message names the field, never its content. */
export class DockerConfigError extends Error {
  override readonly name = 'DockerConfigError';
}

/** Which registry a key of a docker config is for, or which part of one. */
interface Server {
  /** Lower case, with its port unless that is 443; may hold `*` for any characters of one label. */
  readonly host: string;
  /** Whole path segments without slashes at the ends; empty for the whole registry. */
  readonly path: string;
}

/** Values by the keys of a docker config, which name servers: `https://index.docker.io/v1/`, `host:5000`, `host/team`. */
export class ByServer<T> {
  private readonly entries: readonly (Server & { readonly value: T })[];

  constructor(values: readonly (readonly [server: string, value: T])[]) {
    // The best match first, so that the first match is the answer; sorting is stable, so the file's order breaks ties.
    this.entries = values
      .map(([server, value]) => ({ ...parseServer(server), value }))
      .sort((a, b) => b.path.length - a.path.length || Number(a.host.includes('*')) - Number(b.host.includes('*')));
  }

  /** The value for the registry of `reference` with the longest path that the repository is in. */
  for(reference: ImageReference): T | undefined {
    const host = canonicalHost(reference.registry);
    return this.entries.find(
      (entry) =>
        hostMatches(entry.host, host) && (entry.path === '' || `${reference.repository}/`.startsWith(`${entry.path}/`)),
    )?.value;
  }
}

/** The credentials of one pull secret, by registry and path. */
export class DockerConfig {
  private readonly credentials: ByServer<RegistryCredentials>;

  constructor(credentials: readonly (readonly [server: string, credentials: RegistryCredentials])[]) {
    this.credentials = new ByServer(credentials);
  }

  credentialsFor(reference: ImageReference): RegistryCredentials | undefined {
    return this.credentials.for(reference);
  }
}

/**
 * Reads what a pull secret holds under `.dockerconfigjson` or `.dockercfg`. Entries without credentials (as a credential
 * helper leaves them) are passed over.
 * @throws DockerConfigError when it is not JSON, has not that form, or an entry can't be read
 */
export function parseDockerConfig(text: string, form: DockerConfigForm): DockerConfig {
  const key = `.${form}`;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new DockerConfigError(`key ${key} is not JSON`);
  }
  const auths = form === 'dockerconfigjson' ? isObject(content) && content['auths'] : content;
  const where = form === 'dockerconfigjson' ? `${key}: auths` : key;
  if (!isObject(auths)) throw new DockerConfigError(`key ${where} must be an object with one entry per registry`);

  const entries: [string, RegistryCredentials][] = [];
  for (const [server, entry] of Object.entries(auths)) {
    const field = `${where}[${JSON.stringify(shown(server))}]`;
    if (!isObject(entry)) throw new DockerConfigError(`key ${field} must be an object`);
    const credentials = credentialsOf(entry, field);
    if (credentials !== undefined) entries.push([server, credentials]);
  }
  return new DockerConfig(entries);
}

function credentialsOf(entry: Record<string, unknown>, field: string): RegistryCredentials | undefined {
  let username = optionalString(entry, 'username', field) ?? '';
  let password = optionalString(entry, 'password', field) ?? '';
  const auth = optionalString(entry, 'auth', field)?.trim() ?? '';
  const identityToken = optionalString(entry, 'identitytoken', field) ?? '';

  if (auth !== '') {
    const decoded = /^[A-Za-z0-9+/_-]+={0,2}$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
    const colon = decoded.indexOf(':');
    if (colon < 0) throw new DockerConfigError(`key ${field}.auth must be the base64 of user:password`);
    username = decoded.slice(0, colon);
    // Old clients padded what they encoded with NULs.
    password = decoded.slice(colon + 1).replace(/\0+$/, '');
  }
  if (identityToken !== '') return { username, password, identityToken };
  if (username === '' && password === '') return undefined;
  return { username, password };
}

function optionalString(entry: Record<string, unknown>, name: string, field: string): string | undefined {
  const value = entry[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new DockerConfigError(`key ${field}.${name} must be a string`);
  return value;
}

/** `https://index.docker.io/v1/`, `host:5000`, `host/team`: with or without scheme, port and path. */
function parseServer(server: string): Server {
  const bare = server.trim().replace(/^https?:\/\//i, '');
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare : bare.slice(0, slash);
  const segments =
    slash < 0
      ? []
      : bare
          .slice(slash)
          .split('/')
          .filter((segment) => segment !== '');
  // The API's version is how old clients spelt the registry as a whole; it is no part of a repository's name.
  if (segments[0] === 'v1' || segments[0] === 'v2') segments.shift();
  return { host: canonicalHost(host), path: segments.join('/') };
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase().replace(/:443$/, '');
  return lower === 'index.docker.io' || lower === 'registry-1.docker.io' ? 'docker.io' : lower;
}

/** As the kubelet matches: label by label, `*` for any characters of a label, the port to the letter. */
function hostMatches(pattern: string, host: string): boolean {
  if (!pattern.includes('*')) return pattern === host;
  const patterns = pattern.split('.');
  const labels = host.split('.');
  return patterns.length === labels.length && patterns.every((part, index) => labelMatches(part, labels[index] ?? ''));
}

/** Each piece between stars at its first place after the one before: linear, where a regular expression would backtrack. */
function labelMatches(pattern: string, label: string): boolean {
  const pieces = pattern.split('*');
  const first = pieces.shift() ?? '';
  const last = pieces.pop();
  if (last === undefined) return pattern === label;
  if (!label.startsWith(first)) return false;
  let from = first.length;
  for (const piece of pieces) {
    const at = label.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return label.length - last.length >= from && label.endsWith(last);
}

/** A server's name as an error may show it: somebody may have put a password into it. */
function shown(server: string): string {
  return server.replace(/^([a-z]+:\/\/)?[^/]*@/i, '$1…@').slice(0, 100);
}
