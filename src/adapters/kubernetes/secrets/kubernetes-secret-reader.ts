import { PullSecretsError, SecretReader } from '../../../application/ports/secret-reader.ts';
import type { RegistryCredentials } from '../../../application/ports/tag-registry.ts';
import type { ImageReference } from '../../../domain/reference/image-reference.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { KubeError } from '../client/kube-error.ts';
import { SECRETS, type KubeObject } from '../client/resource.ts';

/** What a pull secret holds, once read. */
export interface PullSecretContent {
  credentialsFor(reference: ImageReference): RegistryCredentials | undefined;
}

/** Reads the text of a pull secret; throws an Error that names the key and field, never the content. */
export type PullSecretParser = (text: string, form: 'dockerconfigjson' | 'dockercfg') => PullSecretContent;

interface RawSecret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** The types of Secret that hold registry credentials, and the key that they hold them under. */
const FORMS = {
  'kubernetes.io/dockerconfigjson': { key: '.dockerconfigjson', form: 'dockerconfigjson' },
  'kubernetes.io/dockercfg': { key: '.dockercfg', form: 'dockercfg' },
} as const;

/** Reads pull secrets from the Kubernetes API, each time anew: what a user has just corrected counts at once. */
export class KubernetesSecretReader extends SecretReader {
  /** Reads under way, so that many Images with one secret are one request. */
  private readonly reading = new Map<string, Promise<PullSecretContent>>();

  constructor(
    private readonly client: KubeClient,
    private readonly parse: PullSecretParser,
  ) {
    super();
  }

  override async pullCredentials(
    namespace: string,
    names: readonly string[],
    reference: ImageReference,
  ): Promise<readonly RegistryCredentials[]> {
    const secrets = await Promise.all(names.map((name) => this.shared(namespace, name)));
    return secrets.map((secret) => secret.credentialsFor(reference)).filter((credentials) => credentials !== undefined);
  }

  private shared(namespace: string, name: string): Promise<PullSecretContent> {
    const key = `${namespace}/${name}`;
    let read = this.reading.get(key);
    if (read === undefined) {
      read = this.read(namespace, name).finally(() => this.reading.delete(key));
      this.reading.set(key, read);
    }
    return read;
  }

  private async read(namespace: string, name: string): Promise<PullSecretContent> {
    const which = `spec.imagePullSecrets: Secret ${namespace}/${name}`;
    const { type = '', data } = await this.fetch(which, namespace, name);
    const expected = FORMS[type as keyof typeof FORMS];
    if (!Object.hasOwn(FORMS, type) || expected === undefined) {
      throw new PullSecretsError(
        `${which} has type ${JSON.stringify(type)}: it must be one of ${Object.keys(FORMS).join(', ')} (use kubectl create secret docker-registry)`,
      );
    }
    const encoded = data?.[expected.key];
    if (encoded === undefined)
      throw new PullSecretsError(
        `${which} has no key ${expected.key}: recreate it with kubectl create secret docker-registry`,
      );
    try {
      return this.parse(Buffer.from(encoded, 'base64').toString('utf8'), expected.form);
    } catch (error) {
      throw new PullSecretsError(`${which}: ${error instanceof Error ? error.message : "it can't be read"}`);
    }
  }

  private async fetch(which: string, namespace: string, name: string): Promise<RawSecret> {
    try {
      return await this.client.get<RawSecret>(SECRETS, { namespace, name });
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) {
        throw new PullSecretsError(`${which} does not exist: create it, or remove it from spec.imagePullSecrets`, {
          cause: error,
        });
      }
      if (error instanceof KubeError && error.status === 403) {
        throw new PullSecretsError(
          `${which} is forbidden for kimup-controller: allow its ServiceAccount to get Secrets in namespace ${namespace}`,
          { cause: error },
        );
      }
      const message = error instanceof Error ? error.message : String(error);
      throw new PullSecretsError(`${which} can't be read: ${message}`, { cause: error });
    }
  }
}
