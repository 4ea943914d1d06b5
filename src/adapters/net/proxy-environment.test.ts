import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProxyEnvironment } from './proxy-environment.ts';

const proxied = (exceptions: string, url: string) =>
  new ProxyEnvironment({ HTTPS_PROXY: 'http://proxy.test:3128', NO_PROXY: exceptions }).for(new URL(url)) !== undefined;

describe('NO_PROXY', () => {
  it.each<[exceptions: string, url: string, proxied: boolean]>([
    ['', 'https://registry.test', true],
    ['registry.test', 'https://registry.test', false],
    ['registry.test', 'https://registry.test:5000', false],
    ['registry.test', 'https://eu.registry.test', false],
    ['registry.test', 'https://myregistry.test', true],
    ['registry.test', 'https://registry.test.example.org', true],
    ['REGISTRY.test', 'https://registry.TEST', false],
    ['registry.test.', 'https://registry.test', false],
    ['registry.test', 'https://registry.test.', false],
    ['.test', 'https://registry.test', false],
    ['.registry.test', 'https://registry.test', true],
    ['*.registry.test', 'https://eu.registry.test', false],
    ['*.registry.test', 'https://registry.test', true],
    ['registry.test:5000', 'https://registry.test:5000', false],
    ['registry.test:5000', 'https://registry.test', true],
    ['registry.test:443', 'https://registry.test', false],
    ['a.test,,registry.test', 'https://registry.test', false],
    ['a.test registry.test', 'https://registry.test', false],
    ['*', 'https://registry.test', false],
    ['10.0.0.5', 'https://10.0.0.5:5000', false],
    ['10.0.0.5', 'https://10.0.0.6', true],
    ['10.0.0.5:5000', 'https://10.0.0.5:5000', false],
    ['10.0.0.5:5000', 'https://10.0.0.5', true],
    ['10.0.0.0/8', 'https://10.1.2.3', false],
    ['10.0.0.0/8', 'https://11.1.2.3', true],
    ['10.0.0.0/8', 'https://registry.test', true],
    ['10.0.0.0/99', 'https://10.1.2.3', true],
    ['fd00::/8', 'https://[fd00::1]', false],
    ['fd00::/8', 'https://[fe00::1]', true],
    ['::1', 'https://[::1]:5000', false],
    ['[::1]', 'https://[::1]', false],
    ['[::1]:5000', 'https://[::1]:5000', false],
    ['[::1]:5000', 'https://[::1]', true],
    ['0:0:0:0:0:0:0:1', 'https://[::1]', false],
  ])('%s, %s: by the proxy %s', (exceptions, url, expected) => expect(proxied(exceptions, url)).toBe(expected));

  it('never fails, whatever it holds', () => {
    const noise = fc
      .array(fc.oneof(fc.string(), fc.constantFrom(',', '.', '*', '/', ':', '[', ']', '10.0.0.0', '::1', '8')))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(noise, (exceptions) => {
        proxied(exceptions, 'https://registry.test');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the proxy', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    [
      "is the capital variable's where both are set",
      { HTTPS_PROXY: 'http://a.test', https_proxy: 'http://b.test' },
      'http://a.test',
    ],
    [
      "is the small variable's where the capital one is empty",
      { HTTPS_PROXY: '', https_proxy: 'http://b.test' },
      'http://b.test',
    ],
    ['may leave out its scheme', { HTTPS_PROXY: 'a.test:3128' }, 'http://a.test:3128'],
    ['may be asked over TLS', { HTTPS_PROXY: 'https://a.test:3129' }, 'https://a.test:3129'],
    ['is none for HTTPS where only HTTP_PROXY is set', { HTTP_PROXY: 'http://a.test' }, undefined],
  ])('%s', (_, env, origin) =>
    expect(new ProxyEnvironment(env).for(new URL('https://registry.test'))?.origin).toBe(origin),
  );

  it('takes its credentials out of the URL', () => {
    const found = new ProxyEnvironment({ HTTPS_PROXY: 'http://m%65:p%40ss@a.test' }).for(
      new URL('https://registry.test'),
    );
    expect(found).toMatchObject({
      origin: 'http://a.test',
      authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    });
    expect(found?.secrets).toEqual(expect.arrayContaining(['p@ss', 'p%40ss']));
  });
});
