// TagRegistry against distribution's own registry.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DistributionTagRegistry } from '../../src/adapters/registry/distribution-tag-registry.ts';
import { type RegistryAccess, RegistryError } from '../../src/application/ports/tag-registry.ts';
import { type RegistryOptions, startRegistry, type TestRegistry } from '../../tools/cluster/registry/registry.ts';
import { testCredentials } from '../../tools/cluster/registry/credentials.ts';
import { tagRegistryContract } from '../contracts/tag-registry.contract.ts';
import { FakeMetrics } from '../support/fakes/recorders.ts';

const image = (version: string) => ({
  files: [{ path: '/app', mode: 0o755, content: Buffer.from('the same in every version') }],
  config: { entrypoint: ['/app'], env: { VERSION: version } },
  architecture: 'amd64',
});
const open: RegistryAccess = { credentials: [], insecureSkipTLSVerify: false };

const kinds: [string, RegistryOptions, RegistryAccess][] = [
  ['over plain HTTP', {}, open],
  ['over TLS with a certificate that nobody trusts', { tls: true }, { ...open, insecureSkipTLSVerify: true }],
  [
    'over TLS with basic authentication',
    { tls: true, auth: 'basic' },
    { credentials: [testCredentials], insecureSkipTLSVerify: true },
  ],
  ['with bearer tokens and pages of two', { auth: 'token', maxTags: 2 }, { ...open, credentials: [testCredentials] }],
];

for (const [kind, options, access] of kinds) {
  describe(`a registry ${kind}`, () => {
    let server: TestRegistry;
    const digests = new Map<string, string>();
    beforeAll(async () => {
      server = await startRegistry(options);
      for (const tag of ['v1.0.0', 'v1.10.0', 'v1.9.0', 'latest'])
        digests.set(tag, await server.push('team/app', tag, image(tag)));
    });
    afterAll(() => server?.stop());

    tagRegistryContract('DistributionTagRegistry', async () => {
      const registry = new DistributionTagRegistry(new FakeMetrics(), {
        insecureRegistries: options.tls ? [] : [server.host],
        limits: { pageSize: options.maxTags ?? 1_000 },
      });
      return {
        registry,
        host: server.host,
        tags: ['latest', 'v1.0.0', 'v1.10.0', 'v1.9.0'],
        digests,
        access,
        stop: () => registry.close(),
      };
    });
  });
}

describe('DistributionTagRegistry', () => {
  it('reads more tags than fit on a page, in as many requests as there are pages', async () => {
    const server = await startRegistry();
    const registry = new DistributionTagRegistry(new FakeMetrics(), { insecureRegistries: [server.host] });
    try {
      const tags = Array.from({ length: 1_050 }, (_, index) => `v1.0.${index}`);
      await server.push('many', tags[0] ?? '', image('v1'));
      // Side by side: one after the other takes longer than all the rest.
      const rest = tags.slice(1);
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let tag = rest.pop(); tag !== undefined; tag = rest.pop()) await server.push('many', tag, image('v1'));
        }),
      );
      const listed = await registry.listTags({ registry: server.host, repository: 'many' }, open);
      expect([...listed].sort()).toEqual([...tags].sort());
      expect(await server.requests({ path: '/v2/many/tags/list', userAgentPrefix: 'kimup' })).toHaveLength(2);
    } finally {
      await registry.close();
      await server.stop();
    }
  });

  it('asks again without a page size where the registry allows fewer than 1,000', async () => {
    const server = await startRegistry({ maxTags: 2 });
    const registry = new DistributionTagRegistry(new FakeMetrics(), { insecureRegistries: [server.host] });
    try {
      for (const tag of ['v1', 'v2', 'v3']) await server.push('app', tag, image(tag));
      expect(await registry.listTags({ registry: server.host, repository: 'app' }, open)).toEqual(['v1', 'v2', 'v3']);
    } finally {
      await registry.close();
      await server.stop();
    }
  });

  it('refuses a certificate that nobody trusts, and a registry that went away, with what to do', async () => {
    const server = await startRegistry({ tls: true });
    const registry = new DistributionTagRegistry(new FakeMetrics());
    const reference = { registry: server.host, repository: 'app' };
    try {
      const failure = (access: RegistryAccess) => registry.listTags(reference, access).catch((error: unknown) => error);
      expect(await failure(open)).toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('insecureSkipTLSVerify') as string,
      });
      await server.component.stop();
      const gone = await failure({ ...open, insecureSkipTLSVerify: true });
      expect(gone).toBeInstanceOf(RegistryError);
      expect(gone).toMatchObject({ code: 'unreachable', message: expect.stringContaining(server.host) as string });
    } finally {
      await registry.close();
      await server.stop();
    }
  });
});
