import type { ImageReference } from '../../domain/reference/image-reference.ts';
import type { RegistryCredentials } from './tag-registry.ts';

/** Reads what users keep in Secrets, anew each time: what a user has corrected counts at once. */
export abstract class SecretReader {
  /**
   * The credentials for the registry of `reference` in the pull secrets `names` of `namespace`
   * (`kubernetes.io/dockerconfigjson` and `kubernetes.io/dockercfg`), in the order of `names`; of each
   * those for the longest path that the repository is in, none where it is for other registries.
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
