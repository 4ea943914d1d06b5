import { type CertificateOptions, type Certificates, renewed, replaced, usable } from '../certificate/certificate-authority.ts';
import { PolledServingCertificate } from '../certificate/polled-serving-certificate.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { Log } from '../../application/ports/log.ts';
import type { CertificateBundle } from '../../application/ports/serving-certificate.ts';
import type { KubeClient } from './client/kube-client.ts';
import { hasStatus } from './client/kube-error.ts';
import { type KubeObject, SECRETS } from './client/resource.ts';

/** The Secret that whoever installs kimup makes empty: `create` on Secrets can't be limited to one name, `get` and `patch` can. */
export const CERTIFICATE_SECRET = 'kimup-webhook-cert';

export interface SecretCertificateOptions extends CertificateOptions {
  readonly namespace: string;
  readonly name?: string;
  readonly fieldManager: string;
}

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const KEYS = ['ca.crt', 'ca.key', 'tls.crt', 'tls.key'] as const;
const ATTEMPTS = 5;
const PERIOD_MS = 15_000;

/** The names by which the API server and people in the cluster reach the Service `name` of `namespace`. */
export function serviceHosts(name: string, namespace: string): readonly string[] {
  return [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`, `${name}.${namespace}`, name];
}

/**
 * A certificate by an authority of kimup's own, both kept in one Secret that all replicas share. Whichever replica finds it
 * empty, or something in it due, writes it; of two that do, one is refused by the resource version and reads what the other wrote.
 */
export class SecretServingCertificate extends PolledServingCertificate {
  readonly #at: { readonly namespace: string; readonly name: string };
  #known: Certificates | undefined;

  constructor(private readonly client: KubeClient, clock: Clock, log: Log, private readonly options: SecretCertificateOptions) {
    super(clock, log, PERIOD_MS);
    this.#at = { namespace: options.namespace, name: options.name ?? CERTIFICATE_SECRET };
  }

  protected override async look(): Promise<CertificateBundle> {
    for (let attempt = 1; ; attempt++) {
      const secret = await this.#ask('read', () => this.client.get<Secret>(SECRETS, this.#at));
      const kept = certificatesOf(secret);
      // What is there is served, whether or not what is due can be written.
      if (kept !== undefined && usable(kept['tls.crt'], kept['tls.key'], this.clock.now()) !== undefined) this.#serve(kept);
      const next = kept === undefined && this.#known !== undefined
        ? await replaced(this.#known, this.clock.now(), this.options) // somebody emptied it: new ones, without a gap
        : await renewed(kept, this.clock.now(), this.options);
      if (next === kept) return bundleOf(kept);
      const data = Object.fromEntries(KEYS.map((key) => [key, Buffer.from(next[key]).toString('base64')]));
      try {
        await this.#ask('written', () => this.client.mergePatch(SECRETS, this.#at, { metadata: { resourceVersion: secret.metadata?.resourceVersion }, data }, this.options.fieldManager));
      } catch (error) {
        if (attempt < ATTEMPTS && hasStatus((error as Error).cause, 409)) continue;
        throw error;
      }
      this.#known = next;
      return bundleOf(next);
    }
  }

  #serve(certificates: Certificates): void {
    this.#known = certificates;
    this.serve(bundleOf(certificates));
  }

  async #ask<T>(done: 'read' | 'written', request: () => Promise<T>): Promise<T> {
    const { namespace, name } = this.#at;
    try {
      return await request();
    } catch (cause) {
      const what = `the Secret ${namespace}/${name}, which keeps the webhook's certificate,`;
      if (hasStatus(cause, 404)) throw new Error(`${what} is not there; create it empty: kubectl -n ${namespace} create secret generic ${name}`, { cause });
      if (hasStatus(cause, 403)) throw new Error(`${what} may not be ${done}; give kimup's ServiceAccount a Role in ${namespace} with the verbs get and patch on secrets, resourceNames [${name}]`, { cause });
      throw new Error(`${what} could not be ${done}: ${(cause as Error).message}`, { cause });
    }
  }
}

/** `undefined` where one of the four is missing or empty. */
function certificatesOf(secret: Secret): Certificates | undefined {
  const [authority, authorityKey, certificate, key] = KEYS.map((name) => Buffer.from(secret.data?.[name] ?? '', 'base64').toString('utf8'));
  if (!authority || !authorityKey || !certificate || !key) return undefined;
  return { 'ca.crt': authority, 'ca.key': authorityKey, 'tls.crt': certificate, 'tls.key': key };
}

function bundleOf(certificates: Certificates): CertificateBundle {
  return { certificate: certificates['tls.crt'], key: certificates['tls.key'], authority: certificates['ca.crt'] };
}
