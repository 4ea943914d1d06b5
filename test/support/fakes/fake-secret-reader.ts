import { PullSecretsError, SecretReader } from '../../../src/application/ports/secret-reader.ts';
import type { RegistryCredentials } from '../../../src/application/ports/tag-registry.ts';
import { type ImageReference, repositoryId } from '../../../src/domain/reference/image-reference.ts';

/** Pull secrets in memory. Without any, an Image that names one fails. */
export class FakeSecretReader extends SecretReader {
  private readonly secrets = new Map<string, Readonly<Record<string, RegistryCredentials>> | 'malformed'>();

  /** Makes a pull secret, or changes it: credentials by the registry, or by a path of it, that they are for. */
  put(namespace: string, name: string, content: Readonly<Record<string, RegistryCredentials>> | 'malformed'): void {
    this.secrets.set(`${namespace}/${name}`, content);
  }

  override async pullCredentials(
    namespace: string,
    names: readonly string[],
    reference: ImageReference,
  ): Promise<readonly RegistryCredentials[]> {
    return names
      .map((name) => this.read(`${namespace}/${name}`))
      .flatMap((content) => longestMatch(content, reference));
  }

  private read(key: string): Readonly<Record<string, RegistryCredentials>> {
    const content = this.secrets.get(key);
    if (content === undefined) throw new PullSecretsError(`Secret ${key} does not exist: create it`);
    if (content === 'malformed') throw new PullSecretsError(`Secret ${key} is malformed: recreate it`);
    return content;
  }
}

function longestMatch(
  content: Readonly<Record<string, RegistryCredentials>>,
  reference: ImageReference,
): readonly RegistryCredentials[] {
  const id = `${repositoryId(reference)}/`;
  const [longest] = Object.keys(content)
    .filter((path) => id.startsWith(`${path}/`))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? [] : [content[longest]!];
}
