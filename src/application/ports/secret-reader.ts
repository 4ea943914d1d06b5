import type { ImageReference } from '../../domain/reference/image-reference.ts';
import type { RegistryCredentials } from './tag-registry.ts';

/** Reads what users keep in Secrets. */
export abstract class SecretReader {
  /**
   * The credentials for the registry of `reference` in the pull secrets `names` of `namespace`
   * (`kubernetes.io/dockerconfigjson` and `kubernetes.io/dockercfg`), in the order of `names`; the longest matching path of each.
   * @throws PullSecretsError when one is missing, of another type or malformed: which one and what to do, never its content
   */
  abstract pullCredentials(
    namespace: string,
    names: readonly string[],
    reference: ImageReference,
  ): Promise<readonly RegistryCredentials[]>;
}

export class PullSecretsError extends Error {
  override readonly name = 'PullSecretsError';
}
