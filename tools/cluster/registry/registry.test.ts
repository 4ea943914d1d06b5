import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSpec } from '../images/image.ts';
import { testCredentials } from './credentials.ts';
import { startRegistry, type TestRegistry } from './registry.ts';

const image = (version: string): ImageSpec => ({
  files: [{ path: '/app/whoami', mode: 0o755, content: Buffer.from('the same in every version') }],
  config: { entrypoint: ['/app/whoami'], env: { VERSION: version } },
});

describe('the test registry', () => {
  let registry: TestRegistry;
  beforeAll(async () => void (registry = await startRegistry()), 600_000);
  afterAll(() => registry.stop());

  it('holds what is pushed, a signature under its tag, and no more what is deleted', async () => {
    const digest = await registry.push('team/app', 'v1.0.0', image('v1.0.0'));
    await registry.push('team/app', 'v1.1.0', image('v1.1.0'));
    const signature = await registry.pushSignature('team/app', digest);
    expect(signature).toMatch(/^sha256-[0-9a-f]{64}\.sig$/);
    expect(await registry.tags('team/app')).toEqual([signature, 'v1.0.0', 'v1.1.0']);
    expect(await registry.digest('team/app', 'v1.0.0')).toBe(digest);
    await registry.deleteManifest('team/app', 'v1.1.0');
    expect(await registry.tags('team/app')).toEqual([signature, 'v1.0.0']);
    expect(await registry.tags('nothing/here')).toEqual([]);
  });

  it('counts the requests of others, not its own', async () => {
    await registry.push('counted', 'v1', image('v1'));
    for (const path of ['/v2/counted/tags/list', '/v2/counted/tags/list?n=10', '/v2/counted/manifests/none']) {
      await (await request(registry.url + path, { headers: { 'user-agent': 'somebody/1' } })).body.dump();
    }
    expect(await registry.requests({ path: '/v2/counted/tags/list' })).toMatchObject([
      { method: 'GET', path: '/v2/counted/tags/list', status: 200, userAgent: 'somebody/1' },
      { path: '/v2/counted/tags/list?n=10' },
    ]);
    expect(await registry.requests({ userAgentPrefix: 'somebody' })).toHaveLength(3);
  });
});

describe('a registry of another kind', () => {
  const basic = `Basic ${Buffer.from(`${testCredentials.username}:${testCredentials.password}`).toString('base64')}`;

  it('speaks TLS with a certificate of its own authority and asks for the test credentials', async () => {
    const registry = await startRegistry({ tls: true, auth: 'basic' });
    try {
      await registry.push('app', 'v1', image('v1'));
      const dispatcher = new Agent({ connect: { ca: registry.ca ?? '' } });
      const status = async (headers: Record<string, string>) =>
        (await request(`${registry.url}/v2/app/tags/list`, { headers, dispatcher })).statusCode;
      await expect(request(`${registry.url}/v2/`)).rejects.toThrow();
      expect(await status({})).toBe(401);
      expect(await status({ authorization: basic })).toBe(200);
      await dispatcher.destroy();
    } finally {
      await registry.stop();
    }
  });

  it('asks for a bearer token, which its token server gives for the test credentials', async () => {
    const registry = await startRegistry({ auth: 'token', maxTags: 2 });
    try {
      for (const tag of ['v1', 'v2', 'v3']) await registry.push('team/app', tag, image(tag));
      const challenge = (await request(`${registry.url}/v2/team/app/tags/list`)).headers['www-authenticate'] as string;
      const [, realm, service, scope] =
        /^Bearer realm="([^"]+)",service="([^"]+)",scope="([^"]+)"/.exec(challenge) ?? [];
      const url = `${realm}?service=${service}&scope=${scope}`;
      expect((await request(url)).statusCode).toBe(401);
      const { token } = (await (await request(url, { headers: { authorization: basic } })).body.json()) as {
        token: string;
      };
      const page = await request(`${registry.url}/v2/team/app/tags/list?n=2`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(await page.body.json()).toEqual({ name: 'team/app', tags: ['v1', 'v2'] });
      expect(page.headers['link']).toContain('rel="next"');
      expect(await registry.tags('team/app')).toEqual(['v1', 'v2', 'v3']);
    } finally {
      await registry.stop();
    }
  });
});
