import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type ImageReference, parseImageReference, repositoryId, sameRepository, withTag } from './image-reference.ts';
import { InvalidImageReferenceError, isHost, isTag } from './reference-grammar.ts';

const hex = '0123456789abcdef'.repeat(4);
const sha256 = `sha256:${hex}`;

/** How many characters were looked at, one at a time, while a text was read or refused. */
function looksAt(text: string, problem = ''): number {
  const look = vi.spyOn(String.prototype, 'charCodeAt');
  let message = '';
  try {
    parseImageReference(text);
  } catch (error) {
    ({ message } = error as Error);
  }
  const looks = look.mock.calls.length;
  look.mockRestore();
  expect(message).toContain(problem);
  return looks;
}

describe('an image reference', () => {
  it.each<[text: string, registry: string, repository: string, tag?: string | undefined, digest?: string]>([
    ['nginx', 'docker.io', 'library/nginx'],
    ['nginx:1.9', 'docker.io', 'library/nginx', '1.9'],
    ['docker.io/nginx', 'docker.io', 'library/nginx'],
    ['docker.io/library/nginx', 'docker.io', 'library/nginx'],
    ['index.docker.io/nginx', 'docker.io', 'library/nginx'],
    ['registry-1.docker.io/library/nginx', 'docker.io', 'library/nginx'],
    ['Docker.IO/nginx', 'docker.io', 'library/nginx'],
    ['grafana/grafana:11.0.0', 'docker.io', 'grafana/grafana', '11.0.0'],
    ['ghcr.io/orange-cloudavenue/kube-image-updater', 'ghcr.io', 'orange-cloudavenue/kube-image-updater'],
    ['host:5000/app', 'host:5000', 'app'],
    ['host:5000/app:v1', 'host:5000', 'app', 'v1'],
    ['localhost/app', 'localhost', 'app'],
    ['LOCAL/app', 'LOCAL', 'app'],
    ['local/app', 'docker.io', 'local/app'],
    ['Registry.Example.COM:5000/a/b', 'registry.example.com:5000', 'a/b'],
    ['10.0.0.1:5000/a/b:c', '10.0.0.1:5000', 'a/b', 'c'],
    ['[::1]:5000/a/b', '[::1]:5000', 'a/b'],
    ['[FD00::1]/a', '[fd00::1]', 'a'],
    ['my-host.example/a', 'my-host.example', 'a'],
    ['a_b/c__d/e-f/g---h/i.j', 'docker.io', 'a_b/c__d/e-f/g---h/i.j'],
    [`nginx@${sha256}`, 'docker.io', 'library/nginx', undefined, sha256],
    [`nginx:1.9@${sha256}`, 'docker.io', 'library/nginx', '1.9', sha256],
    [`host:5000/app:v1@sha512:${hex}${hex}`, 'host:5000', 'app', 'v1', `sha512:${hex}${hex}`],
    ['nginx:_UPPER.and-all', 'docker.io', 'library/nginx', '_UPPER.and-all'],
    [`nginx:${'t'.repeat(128)}`, 'docker.io', 'library/nginx', 't'.repeat(128)],
    [`a/${'b'.repeat(253)}`, 'docker.io', `a/${'b'.repeat(253)}`],
    [`localhost/${hex}`, 'localhost', hex],
  ])('%s', (text, registry, repository, tag, digest) => {
    const expected = {
      registry,
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    };
    expect(parseImageReference(text)).toEqual(expected);
  });

  it.each<[text: string, problem: string]>([
    ['', 'is empty'],
    [' nginx', 'has " " in its repository'],
    ['nginx ', 'has " " in its repository'],
    ['https://docker.io/nginx', 'begins with a scheme'],
    ['Nginx', 'has upper case in its repository; write "nginx"'],
    ['ghcr.io/Org/app', 'has upper case in its repository; write "org/app"'],
    ['ghcr.io/', 'has no repository'],
    ['/nginx', 'has an empty part'],
    ['a//b', 'has an empty part'],
    ['a/', 'has an empty part'],
    [':tag', 'has no repository'],
    ['a/:tag', 'has an empty part'],
    ['-a', 'has dots, dashes or underscores in the wrong place'],
    ['a-', 'has a part that ends with "-"'],
    ['a-/b', 'has a part that ends with "-"'],
    ['a..b', 'has dots, dashes or underscores in the wrong place'],
    ['a___b', 'has dots, dashes or underscores in the wrong place'],
    ['a-_b', 'has dots, dashes or underscores in the wrong place'],
    ['näginx', 'has "ä" in its repository'],
    ['a😀', 'has "😀" in its repository'],
    ['a/b$c', 'has "$" in its repository'],
    ['nginx:', 'has nothing after its colon'],
    ['nginx:-a', 'has an invalid tag "-a"'],
    ['nginx:.a', 'has an invalid tag ".a"'],
    ['nginx:a+b', 'has an invalid tag "a+b"'],
    [`nginx:${'t'.repeat(129)}`, 'has a tag of 129 characters; at most 128'],
    ['nginx@', 'has a digest with an unknown algorithm'],
    ['nginx@sha256', 'has a digest with an unknown algorithm'],
    ['nginx@md5:abc', 'has a digest with an unknown algorithm'],
    [`nginx@toString:${hex}`, 'has a digest with an unknown algorithm'],
    [`nginx@sha256:${hex.slice(1)}`, 'has an invalid sha256 digest: use 64 lower-case'],
    [`nginx@sha256:${hex.toUpperCase()}`, 'has an invalid sha256 digest'],
    [`nginx@${sha256}@${sha256}`, 'has an invalid sha256 digest'],
    [`nginx@${sha256}:1.9`, 'has an invalid sha256 digest'],
    ['host:port/app', 'has an invalid port "port"'],
    ['host:/app', 'has an invalid port ""'],
    ['host:65536/app', 'has an invalid port "65536"'],
    ['ho_st.example/app', 'has an invalid host "ho_st.example"'],
    ['-host.example/app', 'has an invalid host'],
    ['host-.example/app', 'has an invalid host'],
    ['host..example/app', 'has an invalid host'],
    ['.example/app', 'has an invalid host'],
    ['[::1/app', 'has no IPv6 address'],
    ['[]:1/app', 'has no IPv6 address'],
    ['[abc.]/app', 'has no IPv6 address'],
    ['[::1]5000/app', 'has something other than :port'],
    [hex, 'is an image id'],
    [`a/${'b'.repeat(254)}`, 'has a repository of 256 characters; at most 255'],
    ['b'.repeat(256), 'has a repository of'],
    ['b'.repeat(2000), 'is 2000 characters long'],
  ])('%s is refused: it %s', (text, problem) => {
    expect(() => parseImageReference(text)).toThrow(InvalidImageReferenceError);
    expect(() => parseImageReference(text)).toThrow(problem);
  });

  it('reads host:5000 alone as a repository and a tag, as container runtimes do', () => {
    expect(parseImageReference('host:5000')).toEqual({
      registry: 'docker.io',
      repository: 'library/host',
      tag: '5000',
    });
    expect(parseImageReference('a.b')).toEqual({ registry: 'docker.io', repository: 'library/a.b' });
  });

  it.each([
    ['docker.io/library/nginx:1.9', 'nginx:1.9'],
    ['docker.io/grafana/grafana', 'grafana/grafana'],
    ['docker.io/library/a/b', 'docker.io/library/a/b'],
    ['docker.io/a.b/c', 'docker.io/a.b/c'],
    ['docker.io/localhost/c', 'docker.io/localhost/c'],
    ['ghcr.io/a/b:1', 'ghcr.io/a/b:1'],
  ])('%s is %s to people', (text, familiar) => {
    expect(parseImageReference(familiar)).toEqual(parseImageReference(text));
  });

  it.each([
    ['nginx:1.9', '1.10', 'nginx:1.10'],
    ['nginx', '1.10', 'nginx:1.10'],
    ['Host:5000/app', 'v2', 'Host:5000/app:v2'],
    ['host:5000/app:v1', 'v2', 'host:5000/app:v2'],
    ['[::1]:5000/a/b:c', 'd', '[::1]:5000/a/b:d'],
    [`docker.io/library/nginx:1.9@${sha256}`, '1.10', 'docker.io/library/nginx:1.10'],
    [`nginx@${sha256}`, '1.10', 'nginx:1.10'],
  ])('%s with the tag %s is %s', (text, tag, expected) => {
    expect(withTag(text, tag)).toBe(expected);
  });

  it('names the same repository in any spelling', () => {
    const spellings = [
      'nginx',
      'nginx:1',
      'library/nginx',
      'docker.io/nginx',
      'Index.Docker.io/library/nginx',
      `registry-1.docker.io/library/nginx@${sha256}`,
    ];
    expect(new Set(spellings.map((text) => repositoryId(parseImageReference(text))))).toEqual(
      new Set(['docker.io/library/nginx']),
    );
    expect(sameRepository(parseImageReference('nginx:1'), parseImageReference('docker.io/library/nginx:2'))).toBe(true);
    expect(sameRepository(parseImageReference('nginx'), parseImageReference('quay.io/library/nginx'))).toBe(false);
    expect(sameRepository(parseImageReference('host:5000/nginx'), parseImageReference('host:5001/nginx'))).toBe(false);
  });
});

const pick = (characters: string, min: number, max: number) =>
  fc.array(fc.constantFrom(...characters), { minLength: min, maxLength: max }).map((all) => all.join(''));
const alphanumerics = pick('abcxyz0189', 1, 6);
const part = fc
  .tuple(
    alphanumerics,
    fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), alphanumerics), { maxLength: 3 }),
  )
  .map(([first, rest]) => first + rest.map(([separator, run]) => separator + run).join(''));
const repository = fc.array(part, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/'));
const registry = fc.oneof(
  fc.constantFrom('docker.io', 'ghcr.io', 'localhost', 'host:5000', '[::1]:5000', '[fe80::1]', '10.0.0.1'),
  fc
    .tuple(alphanumerics, alphanumerics, fc.integer({ min: 0, max: 65_535 }))
    .map(([a, b, port]) => `${a}.${b}:${port}`),
);
const tag = fc.tuple(pick('aZ_09', 1, 1), pick('aZ_09.-', 0, 127)).map(([first, rest]) => first + rest);
const digest = fc.constantFrom(undefined, sha256, `sha512:${hex}${hex}`);
const reference = fc
  .record({ registry, repository, tag: fc.option(tag, { nil: undefined }), digest })
  .map(({ registry: host, repository: path, ...rest }): ImageReference => ({
    registry: host,
    repository: path,
    ...(rest.tag === undefined ? {} : { tag: rest.tag }),
    ...(rest.digest === undefined ? {} : { digest: rest.digest }),
  }));

/** The canonical text: `docker.io/library/nginx:1.9`. */
function format(it: ImageReference): string {
  const { tag: tagOf, digest: digestOf } = it;
  return `${repositoryId(it)}${tagOf === undefined ? '' : `:${tagOf}`}${digestOf === undefined ? '' : `@${digestOf}`}`;
}

/** As people write it: `nginx:1.9` for `docker.io/library/nginx:1.9`. */
function shortened(it: ImageReference): string {
  const text = format(it);
  const [, short = ''] = /^docker\.io\/library\/([^/]+)$/.exec(text) ?? /^docker\.io\/([^/]+\/.+)$/.exec(text) ?? [];
  const first = short.includes('/') ? short.slice(0, short.indexOf('/')) : '';
  return short === '' || first === 'library' || isHost(first) ? text : short;
}

describe('properties', () => {
  it('what is formatted is read back as it was, in both spellings', () => {
    fc.assert(
      fc.property(reference, (it) => {
        expect(parseImageReference(format(it))).toEqual(it);
        expect(parseImageReference(shortened(it))).toEqual(it);
      }),
    );
  });

  it('another tag on a reference leaves its repository and has that tag', () => {
    fc.assert(
      fc.property(reference, tag, (it, other) => {
        const { registry: host, repository: path } = it;
        expect(parseImageReference(withTag(shortened(it), other))).toEqual({
          registry: host,
          repository: path,
          tag: other,
        });
      }),
    );
  });

  it('any other text is read too, canonically, or refused with that one error', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      pick('aB0.-_/:@[]', 0, 40),
      fc
        .tuple(reference.map(format), pick('aB0.-_/:@[] ', 0, 3), fc.nat())
        .map(([it, noise, at]) => it.slice(0, at % it.length) + noise + it.slice(at % it.length)),
    );
    fc.assert(
      fc.property(text, (it) => {
        let read: ImageReference;
        try {
          read = parseImageReference(it);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidImageReferenceError);
          return;
        }
        expect(parseImageReference(format(read))).toEqual(read);
        if (read.tag !== undefined) expect(isTag(read.tag)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  const UNITS = ['a', 'a/', '_', '-', 'a-', '[', ':', '@', 'a.', 'A', '/'];

  it.each(UNITS)('a million times %s is refused by its length, before anything of it is looked at', (unit) => {
    const looks = looksAt(unit.repeat(1_000_000), 'characters long');
    expect(looks).toBe(0);
  });

  it.each(UNITS)('%s as often as may be costs a few looks at each character', (unit) => {
    expect(looksAt(unit.repeat(500 / unit.length))).toBeLessThanOrEqual(8 * 500);
  });
});
