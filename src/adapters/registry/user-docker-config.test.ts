import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserDockerConfig } from './user-docker-config.ts';

const auth = Buffer.from('me:secret').toString('base64');
const at = (registry: string) => ({ registry, repository: 'team/app' });
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'kimup-docker-'))));
afterAll(() => rmSync(folder, { recursive: true }));

describe('UserDockerConfig', () => {
  it('gives what `docker login` kept, and nothing for others', async () => {
    const config = UserDockerConfig.parse(
      JSON.stringify({ auths: { 'registry.test:5000': { auth }, 'https://index.docker.io/v1/': { auth } } }),
    );
    expect(await config.credentialsFor(at('registry.test:5000'))).toEqual([{ username: 'me', password: 'secret' }]);
    expect(await config.credentialsFor(at('docker.io'))).toEqual([{ username: 'me', password: 'secret' }]);
    expect(await config.credentialsFor(at('other.test'))).toEqual([]);
  });

  it('is read from $DOCKER_CONFIG, else from the home, else is empty', async () => {
    const text = JSON.stringify({ auths: { 'registry.test': { auth } } });
    writeFileSync(join(folder, 'config.json'), text);
    mkdirSync(join(folder, 'home', '.docker'), { recursive: true });
    writeFileSync(join(folder, 'home', '.docker', 'config.json'), text.replace('registry.test', 'home.test'));
    const known = async (env: Record<string, string>, host: string) =>
      (await (await UserDockerConfig.load(env)).credentialsFor(at(host))).length;
    expect(await known({ DOCKER_CONFIG: folder, HOME: join(folder, 'home') }, 'registry.test')).toBe(1);
    expect(await known({ HOME: join(folder, 'home') }, 'home.test')).toBe(1);
    expect(await known({ DOCKER_CONFIG: join(folder, 'none') }, 'home.test')).toBe(0);
    expect((await UserDockerConfig.load({ DOCKER_CONFIG: folder })).file).toBe(join(folder, 'config.json'));
  });

  it('asks the credential helper that is named for a registry, or for all', async () => {
    const helper = join(folder, 'docker-credential-kimup-test');
    writeFileSync(
      helper,
      '#!/bin/sh\nread server\nif [ "$server" = none.test ]; then echo not found; exit 1; fi\nprintf \'{"ServerURL":"%s","Username":"%s","Secret":"kept"}\' "$server" "$server"\n',
    );
    chmodSync(helper, 0o755);
    const path = process.env['PATH'];
    process.env['PATH'] = `${folder}:${path}`;
    try {
      const config = UserDockerConfig.parse(
        JSON.stringify({ credHelpers: { 'one.test': 'kimup-test' }, auths: { 'two.test': { auth } } }),
      );
      expect(await config.credentialsFor(at('one.test'))).toEqual([{ username: 'one.test', password: 'kept' }]);
      expect(await config.credentialsFor(at('two.test'))).toEqual([{ username: 'me', password: 'secret' }]);
      for (const key of ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io']) {
        const hub = UserDockerConfig.parse(JSON.stringify({ credHelpers: { [key]: 'kimup-test' } }));
        expect(await hub.credentialsFor(at('docker.io'))).toEqual([
          { username: 'https://index.docker.io/v1/', password: 'kept' },
        ]);
      }
      for (const key of [
        'https://one.test',
        'http://ONE.test/v2/',
        'one.test/v1/',
        'one.test/',
        'one.test:443',
        'one.test/team',
      ]) {
        const spelt = UserDockerConfig.parse(
          JSON.stringify({ credHelpers: { [key]: 'kimup-test', 'one.test/other': 'no-such-helper' } }),
        );
        expect(await spelt.credentialsFor(at('one.test'))).toEqual([{ username: 'one.test', password: 'kept' }]);
        expect(await spelt.credentialsFor(at('two.test'))).toEqual([]);
      }
      const store = UserDockerConfig.parse(JSON.stringify({ credsStore: 'kimup-test' }));
      expect(await store.credentialsFor(at('docker.io'))).toEqual([
        { username: 'https://index.docker.io/v1/', password: 'kept' },
      ]);
      expect(await store.credentialsFor(at('none.test'))).toEqual([]);
      expect(await UserDockerConfig.parse('{"credsStore": "no-such-helper"}').credentialsFor(at('one.test'))).toEqual(
        [],
      );
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('says which file is wrong, and never what is in it', async () => {
    writeFileSync(join(folder, 'config.json'), '{"auths": {"registry.test": {"auth": "hunter2');
    const told = await UserDockerConfig.load({ DOCKER_CONFIG: folder }).catch((error: Error) => error.message);
    expect(told).toContain(join(folder, 'config.json'));
    expect(told).not.toContain('hunter2');
  });
});
