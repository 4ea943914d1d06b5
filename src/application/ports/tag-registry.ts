import type { ImageReference } from '../../domain/reference/image-reference.ts';

/** A user name and password for one registry (`identityToken` instead of a password where the registry gave one). */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
}

/** Where whoever asks keeps credentials, as an error about them says it: `spec.imagePullSecrets`, or a docker config and its file. */
export type CredentialsSource = 'imagePullSecrets' | { readonly dockerConfig: string };

/** How a registry is asked. */
export interface RegistryAccess {
  /** In the order in which they are tried; none means anonymous. */
  readonly credentials: readonly RegistryCredentials[];
  /** Without a word `imagePullSecrets`. */
  readonly source?: CredentialsSource;
  readonly insecureSkipTLSVerify: boolean;
}

/** Asks a registry. Every method fails with a RegistryError and nothing else. */
export abstract class TagRegistry {
  /** All tags of the repository of `reference`, in the registry's order. Never a part of them: a list that was cut short is an error. */
  abstract listTags(
    reference: ImageReference,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<readonly string[]>;

  /** The digest (`sha256:…`) that `tag` points at now. */
  abstract digest(
    reference: ImageReference,
    tag: string,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<string>;

  /**
   * The platforms that the image with this digest is for, as `os/architecture` or `os/architecture/variant`, sorted; none for
   * what is no image. Reads the manifest, which counts against the pull limits of some registries, as `digest` does not.
   */
  abstract platforms(
    reference: ImageReference,
    digest: string,
    access: RegistryAccess,
    signal?: AbortSignalLike,
  ): Promise<readonly string[]>;
}

/** What the use cases need of an AbortSignal. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * - `unreachable`: no answer, or none in time (name, connection, TLS)
 * - `unauthorized`: 401 or 403, after trying the credentials
 * - `not-found`: the repository or tag is not there
 * - `throttled`: 429; see `retryAfterMs`
 * - `server-error`: 5xx
 * - `invalid-answer`: something that is no answer of a registry (not JSON, cut short, too large, a redirect that is refused)
 */
export type RegistryErrorCode =
  | 'unreachable'
  | 'unauthorized'
  | 'not-found'
  | 'throttled'
  | 'server-error'
  | 'invalid-answer';

/** A registry could not be asked. The message says which host and repository, what happened and what to do; never a secret. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  constructor(
    message: string,
    readonly code: RegistryErrorCode,
    readonly retryAfterMs?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
