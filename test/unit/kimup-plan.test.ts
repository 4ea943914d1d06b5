// kimup plan as a user runs it: a process of its own, from a clone.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { imageManifest } from '../support/builders/manifests.ts';
import { type Answering, type RegistryServer, startRegistryServer } from '../support/registry-server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TAGS = ['v1.9.0', 'v1.9.5', 'v1.10.0', 'v1.10.2', 'v1.11.0-rc1', 'v2.0.0', 'latest'];

let folder: string;
let server: RegistryServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kimup-plan-'));
  server = await startRegistryServer();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function kimup(
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  return ran(process.execPath, [join(ROOT, 'scripts', 'kimup.mjs'), ...args], { input, env });
}

function ran(
  command: string,
  args: readonly string[],
  { input, env }: { input: string; env: Record<string, string> },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, DOCKER_CONFIG: join(folder, 'no-docker'), ...env },
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...said }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

function image(name: string, spec: object = {}, status?: object): object {
  return imageManifest({ name, namespace: 'team', image: 'registry.test/app', baseTag: 'v1.9.0', spec, status });
}

const json = <T = any>(text: string): T => JSON.parse(text) as T;

describe('kimup plan with tags from a file', () => {
  it('is run by npm from a clone, and says nothing but the result', async () => {
    const args = [
      'run',
      '-s',
      'kimup',
      '--',
      'plan',
      '-f',
      file('one.yaml', image('demos')),
      '--tags-file',
      file('tags.txt', TAGS.join('\n')),
    ];
    const { status, stdout, stderr } = await ran('npm', args, {
      input: '',
      env: { npm_config_update_notifier: 'false' },
    });
    expect(stderr.replace(/^npm warn .*\n/gm, '')).toBe('');
    expect(status).toBe(0);
    expect(stdout).toBe(`team/demos  registry.test/app:v1.9.0
  moves v1.9.0 -> v1.10.2 by rule "minor": v1.10.2 is the highest with major 1 and a minor above 9

  RULE   TYPE          TAG      WHY
  minor  semver-minor  v1.10.2  v1.10.2 is the highest with major 1 and a minor above 9
`);
  });

  it('gives JSON of exactly that shape, in the order of the files, current tags from the status', async () => {
    const two = `${stringify(image('two', {}, { tag: 'v1.10.2' }))}---\n${stringify({ apiVersion: 'v1', kind: 'List', items: [image('three', { baseTag: 'latest' })] })}`;
    const { status, stdout } = await kimup(
      [
        'plan',
        '-f',
        file('one.yaml', image('one')),
        '-f',
        '-',
        '--tags-file',
        file('tags.json', JSON.stringify({ 'registry.test/app': TAGS })),
        '-o',
        'json',
      ],
      { input: two },
    );
    expect(status).toBe(0);
    const reason = expect.stringMatching(/./) as string;
    expect(json(stdout)).toEqual([
      {
        namespace: 'team',
        name: 'one',
        image: 'registry.test/app',
        currentTag: 'v1.9.0',
        rules: [{ name: 'minor', type: 'semver-minor', tag: 'v1.10.2', reason }],
        move: { rule: 'minor', tag: 'v1.10.2', action: 'apply' },
      },
      {
        namespace: 'team',
        name: 'two',
        image: 'registry.test/app',
        currentTag: 'v1.10.2',
        rules: [{ name: 'minor', type: 'semver-minor', tag: null, reason }],
        move: null,
      },
      {
        namespace: 'team',
        name: 'three',
        image: 'registry.test/app',
        currentTag: 'latest',
        rules: [
          { name: 'minor', type: 'semver-minor', tag: null, reason: expect.stringContaining('spec.baseTag') as string },
        ],
        move: null,
      },
    ]);
  });

  it('explains each tag and rule once, in YAML as in JSON', async () => {
    const rules = [
      { name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] },
      { name: 'major', type: 'semver-major', actions: [{ type: 'request-approval' }] },
    ];
    const args = [
      'plan',
      '-f',
      file('two-rules.yaml', image('demos', { rules })),
      '--tags-file',
      file('tags.txt', [...TAGS, ...TAGS].join('\n')),
      '--explain',
      '-o',
    ];
    const [asJson, asYaml] = await Promise.all([kimup([...args, 'json']), kimup([...args, 'yaml'])]);
    expect(parse(asYaml.stdout)).toEqual(json(asJson.stdout));
    const [entry] = json(asJson.stdout);
    expect(entry.candidates.map(({ tag, rule }: { tag: string; rule: string }) => `${rule} ${tag}`).sort()).toEqual(
      ['minor', 'major'].flatMap((rule) => TAGS.map((tag) => `${rule} ${tag}`)).sort(),
    );
    expect(
      entry.candidates
        .filter(({ verdict }: { verdict: string }) => verdict === 'selected')
        .map(({ tag }: { tag: string }) => tag),
    ).toEqual(['v1.10.2', 'v2.0.0']);
    expect(entry.candidates).toContainEqual({
      tag: 'v1.9.5',
      rule: 'minor',
      verdict: 'older',
      reason: 'is below v1.10.2',
    });
    expect(entry.candidates).toContainEqual({
      tag: 'v2.0.0',
      rule: 'minor',
      verdict: 'excluded',
      reason: 'is from a different major',
    });
    expect(Object.keys(entry.candidates[0]).sort()).toEqual(['reason', 'rule', 'tag', 'verdict']);
  });

  it('does not know what only a registry knows, and says so', async () => {
    const known = async (spec: object) =>
      json(
        (
          await kimup([
            'plan',
            '-f',
            file('asking.yaml', image('demos', spec, { tag: 'v1.9.0', digest: `sha256:${'0'.repeat(64)}` })),
            '--tags-file',
            file('tags.txt', TAGS.join('\n')),
            '-o',
            'json',
          ])
        ).stdout,
      )[0];
    for (const spec of [
      { tags: { platforms: ['linux/amd64'] } },
      { tags: { minimumAge: '1h' } },
      { rules: [{ name: 'again', type: 'digest', actions: [{ type: 'apply' }] }] },
    ]) {
      const { move, rules } = await known(spec);
      expect(move).toBeNull();
      expect(rules[0].reason).toMatch(/unknown.*: the tags come from a file/);
    }
  });

  it('holds what is under way, and does not take again what failed', async () => {
    const planned = async (status: object) =>
      json(
        (
          await kimup([
            'plan',
            '-f',
            file(
              'status.yaml',
              image('demos', {}, { tag: 'v1.9.0', image: 'registry.test/app', baseTag: 'v1.9.0', ...status }),
            ),
            '--tags-file',
            file('tags.txt', TAGS.join('\n')),
            '-o',
            'json',
          ])
        ).stdout,
      )[0];
    const since = '2026-11-22T12:00:00Z';
    expect((await planned({ update: { tag: 'v1.10.2', rule: 'minor', since } })).move).toBeNull();
    expect(await planned({ rollout: { tag: 'v1.10.2', phase: 'Failed', since, message: 'it crashed' } })).toMatchObject(
      { move: null, rules: [{ tag: null, reason: expect.stringContaining('it crashed') as string }] },
    );
  });
});

describe('kimup plan with tags from registries', () => {
  const manifest = JSON.stringify({ manifests: [{ platform: { os: 'linux', architecture: 'amd64' } }] });
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  const serving: Answering = ({ path }) => {
    if (path.includes('/tags/list')) return { body: { tags: TAGS } };
    return { headers: { 'docker-content-digest': digest }, body: manifest };
  };
  const images = (...given: object[]) => given.map((one) => stringify(one)).join('---\n');

  it('asks each repository once, under the docker config of the user', async () => {
    server.requests.length = 0;
    server.answer = (request, response) =>
      request.authorization === `Basic ${Buffer.from('me:secret').toString('base64')}`
        ? serving(request, response)
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="here"' } };
    file(
      'config.json',
      JSON.stringify({ auths: { [server.host]: { auth: Buffer.from('me:secret').toString('base64') } } }),
    );
    const input = images(
      ...Array.from({ length: 20 }, (_, at) =>
        image(`i${at}`, { image: `${server.host}/app`, tags: { platforms: ['linux/amd64'] } }),
      ),
    );
    const { status, stdout, stderr } = await kimup(
      ['plan', '-f', '-', '--plain-http-registries', server.host, '-o', 'json'],
      { input, env: { DOCKER_CONFIG: folder } },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(json<any[]>(stdout).map(({ move }) => move?.tag)).toEqual(Array.from({ length: 20 }, () => 'v1.10.2'));
    const answered = server.requests.filter(({ authorization }) => authorization !== undefined);
    expect(answered.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET /v2/app/tags/list?n=1000`,
      'HEAD /v2/app/manifests/v1.10.2',
      `GET /v2/app/manifests/${digest}`,
    ]);
  });

  it('tells what a tag lacks', async () => {
    server.answer = serving;
    const input = images(
      image('demos', { image: `${server.host}/app`, tags: { platforms: ['linux/amd64', 'linux/arm64'] } }),
    );
    const { stdout } = await kimup(['plan', '-f', '-', `--plain-http-registries=${server.host}`], { input });
    expect(stdout).toContain('stays on v1.9.0');
    expect(stdout).toContain('v1.10.2 lacks linux/arm64');
  });

  it('ends with 1 when a registry fails: that is told of, the others are planned', async () => {
    server.answer = (request, response) =>
      request.path.startsWith('/v2/down/') ? { status: 500 } : serving(request, response);
    const input = images(
      image('bad', { image: `${server.host}/down` }),
      image('good', { image: `${server.host}/app` }),
    );
    const { status, stdout, stderr } = await kimup(
      ['plan', '-f', '-', `--plain-http-registries=${server.host}`, '-o', 'json'],
      { input },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^team\/bad: registry \S+ answered 500 to the request for the tag list of down/);
    const [bad, good] = json(stdout);
    expect(bad).toMatchObject({
      name: 'bad',
      move: null,
      rules: [{ name: 'minor', tag: null, reason: expect.stringContaining('answered 500') as string }],
    });
    expect(good.move).toEqual({ rule: 'minor', tag: 'v1.10.2', action: 'apply' });
  });
});

describe("what kimup plan can't read", () => {
  it.each<[string, () => readonly string[], RegExp]>([
    [
      'a file that is not there',
      () => ['-f', join(folder, 'none.yaml')],
      /none\.yaml: can't be read: there is no such file/,
    ],
    [
      'a wrong field',
      () => ['-f', file('wrong.yaml', image('x', { baseTag: '-' }))],
      /wrong\.yaml:8: spec\.baseTag: must be a tag/,
    ],
    [
      'a wrong pattern',
      () => ['-f', file('pattern.yaml', image('x', { tags: { include: '(' } }))],
      /pattern\.yaml:\d+: spec\.tags\.include: .*missing closing \)/,
    ],
    [
      'tags that are none',
      () => ['-f', file('one.yaml', image('x')), '--tags-file', file('tags.txt', 'a b')],
      /tags\.txt:1: expected one tag per line/,
    ],
    [
      'tags of other repositories',
      () => ['-f', file('one.yaml', image('x')), '--tags-file', file('tags.yaml', 'nginx: [v1]\n')],
      /tags\.yaml: registry\.test\/app: has no entry, but the Image team\/x uses it/,
    ],
    ['a broken docker config', () => ['-f', file('one.yaml', image('x'))], /config\.json: is not JSON/],
    ['a wrong flag', () => ['-f', 'a', '--explian'], /"--explian" is not a flag of kimup plan; see kimup plan --help/],
  ])('%s: status 2, and where it is', async (_, args, message) => {
    file('config.json', '{');
    const { status, stdout, stderr } = await kimup(['plan', ...args()], { env: { DOCKER_CONFIG: folder } });
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  it('is explained by the help, with examples', async () => {
    const { status, stdout } = await kimup(['plan', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('Examples:\n  kimup plan -f image.yaml');
    expect((await kimup([])).status).toBe(2);
  });
});
