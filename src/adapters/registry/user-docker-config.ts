import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RegistryCredentials } from '../../application/ports/tag-registry.ts';
import type { ImageReference } from '../../domain/reference/image-reference.ts';
import { ByServer, type DockerConfig, DockerConfigError, parseDockerConfig } from './docker-config.ts';

const HELPER_TIMEOUT_MS = 15_000;
const HELPER_BYTES = 65_536;

/** What a person who runs `docker login` may read: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. */
export class UserDockerConfig {
  /** Its path. */
  readonly file: string;
  private readonly auths: DockerConfig;
  private readonly helpers: ByServer<string>;
  private readonly store: string | undefined;

  private constructor(file: string, auths: DockerConfig, helpers: ByServer<string>, store: string | undefined) {
    this.file = file;
    this.auths = auths;
    this.helpers = helpers;
    this.store = store;
  }

  /** @throws DockerConfigError naming the file; where there is none, nobody is known anywhere */
  static async load(env: Readonly<Record<string, string | undefined>>): Promise<UserDockerConfig> {
    const folder = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
    const file = join(folder, 'config.json');
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') text = '{}';
      else throw new DockerConfigError(`${file} can't be read (${code ?? 'no reason given'})`);
    }
    try {
      return UserDockerConfig.parse(text, file);
    } catch (error) {
      if (error instanceof DockerConfigError) throw new DockerConfigError(`${file}: ${error.message}`);
      throw error;
    }
  }

  /** @throws DockerConfigError */
  static parse(text: string, file = '~/.docker/config.json'): UserDockerConfig {
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch {
      // The parser's own message quotes the text.
      throw new DockerConfigError('is not JSON');
    }
    const {
      auths = {},
      credHelpers,
      credsStore,
    } = (typeof content === 'object' && content !== null ? content : {}) as Record<string, unknown>;
    const helpers = Object.entries(typeof credHelpers === 'object' && credHelpers !== null ? credHelpers : {}).filter(
      (entry): entry is [string, string] => isHelper(entry[1]),
    );
    return new UserDockerConfig(
      file,
      parseDockerConfig(JSON.stringify({ auths }), 'dockerconfigjson'),
      new ByServer(helpers),
      isHelper(credsStore) ? credsStore : undefined,
    );
  }

  /** None where the user has none: then the registry is asked without. */
  async credentialsFor(reference: ImageReference): Promise<readonly RegistryCredentials[]> {
    const helper = this.helpers.for(reference) ?? this.store;
    const kept = helper === undefined ? undefined : await askHelper(helper, reference.registry);
    const credentials = kept ?? this.auths.credentialsFor(reference);
    return credentials === undefined ? [] : [credentials];
  }
}

function isHelper(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
}

/**
 * Docker's credential helper protocol: the server on stdin, JSON on stdout. Undefined where the helper has nothing, or can't be
 * run: then a registry that wants credentials says so.
 */
function askHelper(helper: string, registry: string): Promise<RegistryCredentials | undefined> {
  const server = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  return new Promise((resolve) => {
    const child = spawn(`docker-credential-${helper}`, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: HELPER_TIMEOUT_MS,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > HELPER_BYTES) child.kill();
    });
    child.on('error', () => resolve(undefined));
    child.stdin.on('error', () => {});
    child.on('close', (status) => resolve(status === 0 ? readAnswer(output) : undefined));
    child.stdin.end(`${server}\n`);
  });
}

function readAnswer(output: string): RegistryCredentials | undefined {
  try {
    const { Username: username, Secret: secret } = JSON.parse(output) as Record<string, unknown>;
    if (typeof username !== 'string' || typeof secret !== 'string' || secret === '') return undefined;
    return username === '<token>'
      ? { username: '', password: '', identityToken: secret }
      : { username, password: secret };
  } catch {
    return undefined;
  }
}
