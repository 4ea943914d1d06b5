import { describe, expect, it, vi } from 'vitest';
import { secretReaderContract } from '../../../../test/contracts/secret-reader.contract.ts';
import { parseDockerConfig } from '../../registry/docker-config.ts';
import { KubeError } from '../client/kube-error.ts';
import { KubernetesSecretReader } from './kubernetes-secret-reader.ts';

const REFERENCE = { registry: 'registry.test', repository: 'team/app' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Secrets by name; the parser takes `user` for the text `user=NAME`, and knows nothing of other registries. */
function make(secrets: Record<string, unknown>) {
  const get = vi.fn(async (_: unknown, { name }: { name: string }) => {
    const secret = secrets[name];
    if (secret instanceof Error) throw secret;
    if (secret === undefined) throw new KubeError(`get Secret: secrets "${name}" not found`, 404, 'NotFound');
    return secret;
  });
  const parse = (text: string, form: string) => {
    if (!text.startsWith('user=')) throw new Error(`key .${form} is not JSON`);
    return { credentialsFor: () => (text === 'user=' ? undefined : { username: text.slice(5), password: form }) };
  };
  return { get, reader: new KubernetesSecretReader({ get } as never, parse) };
}

const json = (text: string): object => ({
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': base64(text) },
});

secretReaderContract('KubernetesSecretReader', async () => {
  const secrets = new Map<string, object>();
  const get = async (_: unknown, { namespace, name }: { namespace: string; name: string }) => {
    const secret = secrets.get(`${namespace}/${name}`);
    if (secret === undefined) throw new KubeError(`secrets "${name}" not found`, 404, 'NotFound');
    return secret;
  };
  return {
    reader: new KubernetesSecretReader({ get } as never, parseDockerConfig),
    namespace: 'default',
    elsewhere: 'elsewhere',
    put: async (namespace, name, auths) => void secrets.set(`${namespace}/${name}`, json(JSON.stringify({ auths }))),
    putMalformed: async (namespace, name) => void secrets.set(`${namespace}/${name}`, json('{"hunter2":')),
    stop: async () => undefined,
  };
});

describe('KubernetesSecretReader', () => {
  it('reads both forms, in the order of the names, and passes over those that say nothing of the registry', async () => {
    const { reader } = make({
      a: json('user=a'),
      none: json('user='),
      b: { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64('user=b') } },
    });
    expect(await reader.pullCredentials('default', ['b', 'none', 'a'], REFERENCE)).toEqual([
      { username: 'b', password: 'dockercfg' },
      { username: 'a', password: 'dockerconfigjson' },
    ]);
  });

  it('asks for nothing without names', async () => {
    const { reader, get } = make({});
    expect(await reader.pullCredentials('default', [], REFERENCE)).toEqual([]);
    expect(get).not.toHaveBeenCalled();
  });

  it('reads a secret once for all who want it at the same time, and anew for who comes later', async () => {
    const { reader, get } = make({ a: json('user=a') });
    await Promise.all([1, 2, 3].map(() => reader.pullCredentials('default', ['a'], REFERENCE)));
    expect(get).toHaveBeenCalledTimes(1);
    await reader.pullCredentials('default', ['a'], REFERENCE);
    expect(get).toHaveBeenCalledTimes(2);
  });

  it.each([
    [
      'it is missing',
      undefined,
      'spec.imagePullSecrets: Secret default/pull does not exist: create it, or remove it from spec.imagePullSecrets',
    ],
    [
      'it may not be read',
      new KubeError('forbidden', 403, 'Forbidden'),
      'spec.imagePullSecrets: Secret default/pull is forbidden for kimup-controller: allow its ServiceAccount to get Secrets in namespace default',
    ],
    [
      'nobody answers',
      new KubeError('get Secret default/pull: connect ECONNREFUSED', 0, 'NoAnswer'),
      /^spec\.imagePullSecrets: Secret default\/pull can't be read: .*ECONNREFUSED/,
    ],
    [
      'it has another type',
      { type: 'Opaque', data: { '.dockerconfigjson': base64('user=hunter2') } },
      /^spec\.imagePullSecrets: Secret default\/pull has type "Opaque": it must be one of kubernetes\.io\/dockerconfigjson, kubernetes\.io\/dockercfg /,
    ],
    ['its type is a word of the language', { type: 'constructor', data: {} }, /has type "constructor"/],
    ['it has no type', {}, /has type ""/],
    [
      'it has no such key',
      { type: 'kubernetes.io/dockerconfigjson', data: { other: base64('user=hunter2') } },
      /^spec\.imagePullSecrets: Secret default\/pull has no key \.dockerconfigjson: /,
    ],
    [
      "it can't be read",
      json('hunter2'),
      'spec.imagePullSecrets: Secret default/pull: key .dockerconfigjson is not JSON',
    ],
  ])('says which and what to do when %s, never what is in it', async (_, secret, message) => {
    const { reader } = make({ pull: secret, fine: json('user=a') });
    const error = await reader.pullCredentials('default', ['fine', 'pull'], REFERENCE).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.name).toBe('PullSecretsError');
    expect(error?.message).toMatch(message);
    expect(`${error?.message} ${String((error?.cause as Error | undefined)?.message)}`).not.toContain('hunter2');
  });
});
