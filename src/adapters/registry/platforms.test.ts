import { describe, expect, it } from 'vitest';
import { readConfiguration, readManifest } from './platforms.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const CONFIG = `sha256:${'a'.repeat(64)}`;

describe('readManifest', () => {
  it.each<[string, unknown, unknown]>([
    [
      'an index, its platforms sorted, attestations left out',
      {
        manifests: [
          { platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
          { platform: { os: 'linux', architecture: 'amd64' } },
          { platform: { os: 'linux', architecture: 'amd64' } },
          { platform: { os: 'unknown', architecture: 'unknown' } },
          { digest: 'sha256:0' },
        ],
      },
      { platforms: ['linux/amd64', 'linux/arm64/v8'] },
    ],
    ['an index without entries', { manifests: [] }, { platforms: [] }],
    ['a single image', { config: { digest: CONFIG } }, { config: CONFIG }],
    ['a configuration that is no digest', { config: { digest: '../../x' } }, undefined],
    ['the first schema, which nobody pushes any more', { schemaVersion: 1, architecture: 'amd64' }, undefined],
    ['a list', [], undefined],
    [
      'platforms that are no words',
      { manifests: [{ platform: { os: 'linux', architecture: '<script>' } }, { platform: 7 }, null] },
      { platforms: [] },
    ],
  ])('reads %s', (_, content, expected) => {
    expect(readManifest(json(content))).toEqual(expected);
  });

  it('reads nothing from what is not JSON', () => {
    expect(readManifest(Buffer.from('<html>'))).toBeUndefined();
  });
});

describe('readConfiguration', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }, ['linux/amd64']],
    ['a variant', { os: 'linux', architecture: 'arm', variant: 'v7' }, ['linux/arm/v7']],
    ['nothing of a chart', { name: 'chart', version: '1.0.0' }, []],
  ])('reads %s', (_, content, expected) => {
    expect(readConfiguration(json(content))).toEqual(expected);
  });
});
