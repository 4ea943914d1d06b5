import { Injectable } from '@nestjs/common';
import type { Certificates } from '../../../application/ports/certificate-authority.ts';
import { CertificateStore } from '../../../application/ports/certificate-store.ts';
import { KubeClient } from '../client/kube-client.ts';
import { hasStatus } from '../client/kube-error.ts';
import { type KubeObject, SECRETS } from '../client/resource.ts';

/** The Secret that whoever installs kimup makes empty: `create` on Secrets can't be limited to one name, `get` and `patch` can. */
export const CERTIFICATE_SECRET = 'kimup-webhook-cert';

/** Which Secret has the certificates, and who writes it. */
export class SecretCertificateOptions {
  readonly namespace!: string;
  /** Default {@link CERTIFICATE_SECRET}. */
  readonly name?: string;
  readonly fieldManager!: string;

  constructor(values: SecretCertificateOptions) {
    Object.assign(this, values);
  }
}

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const KEYS = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'] as const;

/** The names by which the API server and people in the cluster reach the Service `name` of `namespace`. */
export function serviceHosts(name: string, namespace: string): readonly string[] {
  return [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`, `${name}.${namespace}`, name];
}

/** Certificates in a Secret, guarded by its resource version. */
@Injectable()
export class SecretCertificateStore extends CertificateStore {
  private readonly at: { readonly namespace: string; readonly name: string };

  constructor(
    private readonly client: KubeClient,
    private readonly options: SecretCertificateOptions,
  ) {
    super();
    this.at = { namespace: options.namespace, name: options.name ?? CERTIFICATE_SECRET };
  }

  override async read(): Promise<{ readonly certificates: Certificates | undefined; readonly version: string }> {
    try {
      const secret = await this.client.get<Secret>(SECRETS, this.at);
      return { certificates: certificatesOf(secret), version: secret.metadata?.resourceVersion ?? '' };
    } catch (error) {
      throw this.explained('read', error);
    }
  }

  override async write(certificates: Certificates, version: string): Promise<boolean> {
    const data = Object.fromEntries(KEYS.map((key) => [key, Buffer.from(certificates[key]).toString('base64')]));
    try {
      await this.client.mergePatch(
        SECRETS,
        this.at,
        { metadata: { resourceVersion: version }, data },
        this.options.fieldManager,
      );
      return true;
    } catch (error) {
      if (hasStatus(error, 409)) return false;
      throw this.explained('written', error);
    }
  }

  private explained(done: 'read' | 'written', cause: unknown): Error {
    const { namespace, name } = this.at;
    const what = `the Secret ${namespace}/${name}, which stores the webhook's certificate,`;
    if (hasStatus(cause, 404))
      return new Error(
        `${what} does not exist; create an empty one: kubectl -n ${namespace} create secret generic ${name}`,
        {
          cause,
        },
      );
    if (hasStatus(cause, 403))
      return new Error(
        `${what} could not be ${done}, because kimup is not allowed to; give its ServiceAccount a Role in ${namespace} with the verbs get and patch on secrets, resourceNames [${name}]`,
        { cause },
      );
    return new Error(`${what} could not be ${done}: ${(cause as Error).message}`, { cause });
  }
}

/** `undefined` where one of the four is missing or empty. */
function certificatesOf(secret: Secret): Certificates | undefined {
  const [authority, authorityKey, certificate, key] = KEYS.map((name) =>
    Buffer.from(secret.data?.[name] ?? '', 'base64').toString('utf8'),
  );
  if (!authority || !authorityKey || !certificate || !key) return undefined;
  return { 'ca.crt': authority, 'ca.key': authorityKey, 'tls.crt': certificate, 'tls.key': key };
}
