import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DockerConfigError, parseDockerConfig } from './docker-config.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const config = (auths: Record<string, unknown>) => parseDockerConfig(JSON.stringify({ auths }), 'dockerconfigjson');
const ref = (registry: string, repository: string) => ({ registry, repository });
const named = (name: string) => ({ username: name, password: 'x' });

describe('parseDockerConfig', () => {
  it('reads auth, with colons in the password', () => {
    expect(config({ 'host:5000': { auth: base64('me:a:b:c') } }).credentialsFor(ref('host:5000', 'app'))).toEqual({
      username: 'me',
      password: 'a:b:c',
    });
  });

  it('reads username and password', () => {
    expect(config({ host: { username: 'me', password: 'pass' } }).credentialsFor(ref('host', 'app'))).toEqual({
      username: 'me',
      password: 'pass',
    });
  });

  it('reads an identity token beside the user name in auth', () => {
    expect(
      config({ host: { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'tok' } }).credentialsFor(
        ref('host', 'app'),
      ),
    ).toEqual({ username: '00000000-0000-0000-0000-000000000000', password: '', identityToken: 'tok' });
  });

  it('reads the old form without auths', () => {
    const parsed = parseDockerConfig(
      JSON.stringify({ host: { auth: base64('me:pass'), email: 'me@example.org' } }),
      'dockercfg',
    );
    expect(parsed.credentialsFor(ref('host', 'app'))).toEqual({ username: 'me', password: 'pass' });
  });

  it('passes over entries that a credential helper left empty', () => {
    expect(config({ host: {}, other: { auth: '' } }).credentialsFor(ref('host', 'app'))).toBeUndefined();
  });

  it.each([
    ['https://index.docker.io/v1/', 'docker.io', 'library/nginx'],
    ['index.docker.io', 'docker.io', 'library/nginx'],
    ['docker.io', 'docker.io', 'library/nginx'],
    ['https://registry-1.docker.io', 'docker.io', 'library/nginx'],
    ['https://host:5000/v2/', 'host:5000', 'app'],
    ['http://HOST:5000', 'host:5000', 'app'],
    ['host:443', 'host', 'app'],
    ['host/team', 'host', 'team/app'],
    ['host/team/', 'host', 'team'],
    ['*.example.org', 'eu.example.org', 'app'],
    ['eu-*-docker.pkg.dev', 'eu-west1-docker.pkg.dev', 'p/app'],
    ['[::1]:5000', '[::1]:5000', 'a/b'],
  ])('%s is for %s/%s', (key, registry, repository) => {
    expect(config({ [key]: named('me') }).credentialsFor(ref(registry, repository))).toEqual(named('me'));
  });

  it.each([
    ['host:5000', 'host', 'app'],
    ['host', 'host:5000', 'app'],
    ['host/team', 'host', 'teams/app'],
    ['host/team', 'host', 'app'],
    ['example.org', 'eu.example.org', 'app'],
    ['*.example.org', 'a.b.example.org', 'app'],
    ['a*a', 'a', 'app'],
    ['*', 'example.org', 'app'],
  ])('%s is not for %s/%s', (key, registry, repository) => {
    expect(config({ [key]: named('me') }).credentialsFor(ref(registry, repository))).toBeUndefined();
  });

  it('takes the longest matching path, whatever the order', () => {
    const parsed = config({ host: named('all'), 'host/team/app': named('app'), 'host/team': named('team') });
    expect(parsed.credentialsFor(ref('host', 'team/app/web'))).toEqual(named('app'));
    expect(parsed.credentialsFor(ref('host', 'team/other'))).toEqual(named('team'));
    expect(parsed.credentialsFor(ref('host', 'else'))).toEqual(named('all'));
  });

  it('takes a host to the letter before one with a star', () => {
    const parsed = config({ '*.example.org': named('star'), 'eu.example.org': named('eu') });
    expect(parsed.credentialsFor(ref('eu.example.org', 'app'))).toEqual(named('eu'));
  });

  it.each([
    ['{"auths": {"host": {"auth": "hunter2', 'key .dockerconfigjson is not JSON'],
    ['[]', 'key .dockerconfigjson: auths must be an object with one entry per registry'],
    ['{"auths": "hunter2"}', 'key .dockerconfigjson: auths must be an object with one entry per registry'],
    ['{"auths": {"host": "hunter2"}}', 'key .dockerconfigjson: auths["host"] must be an object'],
    [
      '{"auths": {"host": {"auth": "hunter2!"}}}',
      'key .dockerconfigjson: auths["host"].auth must be the base64 of user:password',
    ],
    [
      `{"auths": {"host": {"auth": "${base64('hunter2')}"}}}`,
      'key .dockerconfigjson: auths["host"].auth must be the base64 of user:password',
    ],
    ['{"auths": {"host": {"password": 5}}}', 'key .dockerconfigjson: auths["host"].password must be a string'],
    [
      '{"auths": {"https://me:hunter2@host": {"auth": 5}}}',
      'key .dockerconfigjson: auths["https://…@host"].auth must be a string',
    ],
  ])('says what is wrong with %s, not what it holds', (text, message) => {
    expect(() => parseDockerConfig(text, 'dockerconfigjson')).toThrow(new DockerConfigError(message));
    expect(message).not.toContain('hunter2');
  });

  it('fails with a DockerConfigError and nothing else, whatever the text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.dictionary(fc.string(), fc.anything()).map((auths) => JSON.stringify({ auths })),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom('dockerconfigjson' as const, 'dockercfg' as const), (text, form) => {
        try {
          parseDockerConfig(text, form).credentialsFor(ref('host', 'app'));
        } catch (error) {
          expect(error).toBeInstanceOf(DockerConfigError);
        }
      }),
    );
  });

  it('finds every user and password again that auth can hold', () => {
    const user = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes(':'));
    const password = fc.string({ unit: 'grapheme' }).filter((text) => !text.endsWith('\0'));
    fc.assert(
      fc.property(user, password, (username, pass) => {
        expect(config({ host: { auth: base64(`${username}:${pass}`) } }).credentialsFor(ref('host', 'app'))).toEqual({
          username,
          password: pass,
        });
      }),
    );
  });
});
