// The CRDs as the API server takes them: what works in the contract works, and what doesn't is refused with words that help.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { sharedCluster, type SharedCluster } from './cluster.ts';

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: unknown;
}

const GOOD = join(import.meta.dirname, '../manifests/good');
const goodManifests = readdirSync(GOOD).flatMap((file) =>
  parseAllDocuments(readFileSync(join(GOOD, file), 'utf8')).map((document) => ({
    file,
    manifest: document.toJS() as Manifest,
  })),
);

let cluster: SharedCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await sharedCluster();
  namespace = await cluster.freshNamespace({ prefix: 'crds' });
});

const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(['-n', namespace, ...args]);
const apply = (manifest: object): Promise<string> =>
  cluster.kubectl(['-n', namespace, 'apply', '--server-side', '--field-manager=test', '--validate=strict', '-f', '-'], {
    input: JSON.stringify(manifest),
  });
const read = async (kind: string, name: string): Promise<Record<string, any>> =>
  JSON.parse(await kubectl('get', kind, name, '-o', 'json'));

describe('what works', () => {
  it.each(goodManifests)(
    '$file: $manifest.kind $manifest.metadata.name is taken, and no field of it is lost',
    async ({ manifest }) => {
      await apply(manifest);
      expect((await read(manifest.kind, manifest.metadata.name))['spec']).toMatchObject(manifest.spec as object);
    },
  );

  it('fills in what an Image leaves out', async () => {
    expect((await read('image', 'shortest'))['spec']).toMatchObject({
      baseTag: 'latest',
      insecureSkipTLSVerify: false,
    });
  });

  it('fills in the port of a mail server', async () => {
    expect((await read('alertconfig', 'shortest'))['spec'].email.port).toEqual({ value: '25' });
  });

  it('fills in what a Kimup leaves out', async () => {
    expect((await read('kimup', 'shortest'))['spec']).toEqual({
      name: 'kimup-controller',
      serviceAccountName: 'kimup',
      logLevel: 'info',
      metrics: { enabled: true },
      healthz: { enabled: true },
    });
  });

  it.each([
    'nginx',
    'library/nginx',
    'docker.io/library/nginx',
    'localhost:5000/a',
    '127.0.0.1:5000/a/b',
    '[::1]:5000/a/b',
    'GHCR.io/org/app',
    'a/b-c.d_e__f--g',
    'k8s.gcr.io/pause',
  ])('takes the repository %s', async (image) => {
    await apply(imageWith({ name: 'repository', image }));
  });
});

/** An Image that is good but for what is given. */
function imageWith({ name = 'bad', ...spec }: Record<string, unknown> & { name?: string }): Manifest {
  return {
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata: { name },
    spec: { image: 'nginx', triggers: [{ type: 'webhook' }], rules: [rule({})], ...spec },
  };
}

function rule(changes: Record<string, unknown>): object {
  return { name: 'a rule', type: 'semver-minor', actions: [{ type: 'apply' }], ...changes };
}

const without = (field: string): Manifest => {
  const manifest = imageWith({});
  delete (manifest.spec as Record<string, unknown>)[field];
  return manifest;
};

const alerting = (spec: object): Manifest => ({
  apiVersion: 'kimup.cloudavenue.io/v1alpha1',
  kind: 'AlertConfig',
  metadata: { name: 'bad' },
  spec,
});
const mailing = (email: object): Manifest =>
  alerting({
    email: { host: { value: 'smtp' }, fromAddress: 'a@example.com', toAddress: ['b@example.com'], ...email },
  });
const controller = (spec: object): Manifest => ({
  apiVersion: 'kimup.cloudavenue.io/v1alpha1',
  kind: 'Kimup',
  metadata: { name: 'bad' },
  spec,
});

describe('what does not work, and what the user is told', () => {
  it.each([
    ['no spec.image', without('image'), 'spec.image: Required value'],
    ['no triggers', without('triggers'), 'spec.triggers: Required value'],
    ['no rules', without('rules'), 'spec.rules: Required value'],
    [
      'an empty list of triggers',
      imageWith({ triggers: [] }),
      'spec.triggers: Invalid value: 0: spec.triggers in body should have at least 1 items',
    ],
    [
      'an empty list of rules',
      imageWith({ rules: [] }),
      'spec.rules: Invalid value: 0: spec.rules in body should have at least 1 items',
    ],
    [
      'a repository with a tag',
      imageWith({ image: 'nginx:1.25' }),
      'spec.image: Invalid value: "nginx:1.25": must not contain a tag: put the tag to start from into spec.baseTag',
    ],
    ['a repository on a port, with a tag', imageWith({ image: 'localhost:5000/nginx:1.25' }), 'must not contain a tag'],
    [
      'a repository with a digest',
      imageWith({ image: `nginx@sha256:${'0'.repeat(64)}` }),
      'must not contain a digest: remove the @ and what follows it',
    ],
    ['a URL', imageWith({ image: 'https://ghcr.io/org/app' }), 'must not contain a scheme'],
    [
      'upper case',
      imageWith({ image: 'ghcr.io/Org/app' }),
      'must be a repository name, such as nginx or ghcr.io/org/app',
    ],
    ['a space', imageWith({ image: 'ghcr.io/org/ app' }), 'must be a repository name'],
    ['a slash at the end', imageWith({ image: 'ghcr.io/org/' }), 'must be a repository name'],
    [
      'an empty image',
      imageWith({ image: '' }),
      'spec.image: Invalid value: "": spec.image in body should be at least 1 chars long',
    ],
    [
      'a baseTag that is none',
      imageWith({ baseTag: '-v1' }),
      'spec.baseTag: Invalid value: "-v1": must be a tag: at most 128 letters, digits, _, . and -',
    ],
    ['a baseTag that is too long', imageWith({ baseTag: 'v'.repeat(129) }), 'must be a tag'],
    [
      'a trigger of another type',
      imageWith({ triggers: [{ type: 'cron', value: '* * * * *' }] }),
      'spec.triggers[0].type: Unsupported value: "cron": supported values: "crontab", "webhook"',
    ],
    [
      'a crontab without a value',
      imageWith({ triggers: [{ type: 'crontab' }] }),
      'spec.triggers[0]: Invalid value: a crontab trigger needs a value: a cron expression, e.g. "0 */10 * * * *"',
    ],
    [
      'a crontab of spaces',
      imageWith({ triggers: [{ type: 'crontab', value: '  ' }] }),
      'a crontab trigger needs a value',
    ],
    [
      'a rule without a name',
      imageWith({ rules: [{ type: 'always', actions: [{ type: 'apply' }] }] }),
      'spec.rules[0].name: Required value',
    ],
    [
      'a rule of another type',
      imageWith({ rules: [rule({ type: 'semver' })] }),
      'spec.rules[0].type: Unsupported value: "semver": supported values: "semver-major", "semver-minor", "semver-patch"',
    ],
    [
      'a rule without actions',
      imageWith({ rules: [rule({ actions: [] })] }),
      'spec.rules[0].actions: Invalid value: 0: spec.rules[0].actions in body should have at least 1 items',
    ],
    [
      'a regex without a value',
      imageWith({ rules: [rule({ type: 'regex' })] }),
      'spec.rules[0]: Invalid value: a regex rule needs a value: a regular expression in RE2 syntax',
    ],
    ['a regex that is none', imageWith({ rules: [rule({ type: 'regex', value: '^v(1' })] }), 'missing closing )'],
    [
      'a regex that RE2 has not',
      imageWith({ rules: [rule({ type: 'regex', value: 'v(?!1)' })] }),
      'invalid or unsupported Perl syntax',
    ],
    [
      'a range without a value',
      imageWith({ rules: [rule({ type: 'semver-range', value: ' ' })] }),
      "spec.rules[0]: Invalid value: a semver-range rule needs a value: a range in npm's syntax, e.g. ^1.2 or >=1.9 <3",
    ],
    [
      'a range that is too long',
      imageWith({ rules: [rule({ type: 'semver-range', value: '>=1'.padEnd(257) })] }),
      'spec.rules[0]: Invalid value: value of a semver-range rule must be at most 256 characters long',
    ],
    [
      'a regex that is too long',
      imageWith({ rules: [rule({ type: 'regex', value: 'x'.repeat(1001) })] }),
      'spec.rules[0].value: Too long',
    ],
    [
      'a direction that is none',
      imageWith({ rules: [rule({ type: 'numerical', value: 'up' })] }),
      'spec.rules[0]: Invalid value: value of a numerical or alphabetical rule must be desc',
    ],
    [
      'the same of letters',
      imageWith({ rules: [rule({ type: 'alphabetical', value: 'descending' })] }),
      'must be desc (the default: the highest tag above the current one) or asc',
    ],
    ['an include that is no pattern', imageWith({ tags: { include: 'v(1' } }), 'missing closing )'],
    ['an exclude that RE2 has not', imageWith({ tags: { exclude: '(?<!rc)1' } }), 'spec.tags.exclude'],
    [
      'an extract without a group',
      imageWith({ tags: { extract: '^v1' } }),
      'spec.tags.extract: Invalid value: "^v1": needs a capture group around the part that the rules should see',
    ],
    ['an extract that is no pattern', imageWith({ tags: { extract: '(v1' } }), 'missing closing )'],
    [
      'an empty include',
      imageWith({ tags: { include: '' } }),
      'spec.tags.include in body should be at least 1 chars long',
    ],
    [
      'a platform that is none',
      imageWith({ tags: { platforms: ['linux/amd64', 'amd64'] } }),
      'each platform must be os/architecture or os/architecture/variant, e.g. linux/amd64 or linux/arm64/v8',
    ],
    [
      'a platform in upper case',
      imageWith({ tags: { platforms: ['Linux/AMD64'] } }),
      'each platform must be os/architecture or os/architecture/variant',
    ],
    [
      'too many platforms',
      imageWith({ tags: { platforms: Array.from({ length: 17 }, () => 'linux/amd64') } }),
      'spec.tags.platforms: Too many: 17: must have at most 16 items',
    ],
    [
      'an age that is no duration',
      imageWith({ tags: { minimumAge: '3 days' } }),
      'spec.tags.minimumAge: Invalid value: "3 days": must be a duration, e.g. 90m, 72h or 7d',
    ],
    ['a filter that is not there', imageWith({ tags: { only: 'x' } }), '.spec.tags.only: field not declared in schema'],
    [
      'an action of another type',
      imageWith({ rules: [rule({ actions: [{ type: 'alert-slack' }] })] }),
      'Unsupported value: "alert-slack": supported values: "apply", "request-approval", "alert-discord", "alert-email"',
    ],
    [
      'an alert without its AlertConfig',
      imageWith({ rules: [rule({ actions: [{ type: 'alert-email' }] })] }),
      'spec.rules[0].actions[0]: Invalid value: an alert action needs data.valueFrom.alertConfigRef.name',
    ],
    [
      'an alert to a Secret',
      imageWith({
        rules: [
          rule({
            actions: [{ type: 'alert-discord', data: { valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } } }],
          }),
        ],
      }),
      'an alert action needs data.valueFrom.alertConfigRef.name',
    ],
    [
      'data with both',
      imageWith({
        rules: [
          rule({ actions: [{ type: 'apply', data: { value: 'a', valueFrom: { alertConfigRef: { name: 'a' } } } }] }),
        ],
      }),
      'set exactly one of value and valueFrom',
    ],
    [
      'data with two sources',
      imageWith({
        rules: [
          rule({
            actions: [
              {
                type: 'alert-email',
                data: { valueFrom: { alertConfigRef: { name: 'a' }, secretKeyRef: { name: 'a', key: 'b' } } },
              },
            ],
          }),
        ],
      }),
      'set exactly one of secretKeyRef, configMapKeyRef and alertConfigRef',
    ],
    [
      'a pull secret without a name',
      imageWith({ imagePullSecrets: [{}] }),
      'spec.imagePullSecrets[0].name: Required value',
    ],
    [
      'a pull secret elsewhere',
      imageWith({ imagePullSecrets: [{ name: '../other/secret' }] }),
      'spec.imagePullSecrets[0].name: Invalid value',
    ],
    ['a word where a yes or no belongs', imageWith({ insecureSkipTLSVerify: 'yes' }), 'insecureSkipTLSVerify'],
    ['a field that is not there', imageWith({ tag: 'v1' }), '.spec.tag: field not declared in schema'],
    [
      'too many rules',
      imageWith({ rules: Array.from({ length: 65 }, () => rule({})) }),
      'spec.rules: Too many: 65: must have at most 64 items',
    ],
    [
      'an AlertConfig whose mail has no host',
      alerting({ email: { fromAddress: 'a@example.com', toAddress: ['b@example.com'] } }),
      'spec.email.host: Required value',
    ],
    [
      'mail to nobody',
      mailing({ toAddress: [] }),
      'spec.email.toAddress: Invalid value: 0: spec.email.toAddress in body should have at least 1 items',
    ],
    ['a port that is none', mailing({ port: { value: '70000' } }), 'must be a port number from 1 to 65535, in quotes'],
    ['a port that is a number', mailing({ port: { value: 587 } }), 'spec.email.port.value'],
    [
      'an unknown auth',
      mailing({ auth: 'Digest' }),
      'spec.email.auth: Unsupported value: "Digest": supported values: "Unknown", "Plain", "Login", "CRAMMD5", "None", "OAuth2"',
    ],
    ['an unknown encryption', mailing({ encryption: 'TLS' }), 'spec.email.encryption: Unsupported value: "TLS"'],
    [
      'a password from an AlertConfig',
      mailing({ password: { valueFrom: { alertConfigRef: { name: 'a' } } } }),
      'alertConfigRef is only allowed in the actions of an Image',
    ],
    ['Discord without its URL', alerting({ discord: {} }), 'spec.discord.webhookURL: Required value'],
    [
      'a URL that is nowhere',
      alerting({ discord: { webhookURL: {} } }),
      'spec.discord.webhookURL: Invalid value: set exactly one of value and valueFrom',
    ],
    ['a Kimup without a name', controller({}), 'spec.name: Required value'],
    [
      'an unknown logLevel',
      controller({ name: 'a', logLevel: 'verbose' }),
      'spec.logLevel: Unsupported value: "verbose"',
    ],
    [
      'a port out of range',
      controller({ name: 'a', metrics: { port: 70000 } }),
      'spec.metrics.port: Invalid value: 70000: spec.metrics.port in body should be less than or equal to 65535',
    ],
  ])('%s', async (_, manifest, message) => {
    const told = await apply(manifest).then(
      () => 'taken',
      (error: Error) => error.message,
    );
    expect(told.replace('Invalid value: "object": ', 'Invalid value: ')).toContain(message);
  });
});

describe("an Image's status", () => {
  const at = '2026-11-22T12:00:00Z';
  const full = {
    tag: 'v1.9.0',
    digest: 'sha256:0',
    result: 'Scheduled',
    time: at,
    image: 'nginx',
    baseTag: 'latest',
    observedGeneration: 1,
    update: { tag: 'v1.10.2', digest: 'sha256:1', rule: 'minor', since: at },
    rollout: {
      tag: 'v1.10.2',
      digest: 'sha256:1',
      phase: 'Progressing',
      since: at,
      message: '1 of 2',
      workloads: [
        {
          kind: 'Deployment',
          name: 'web',
          previousTag: 'v1.9.0@sha256:0',
          phase: 'Healthy',
          since: at,
          message: 'done',
        },
        { kind: 'StatefulSet', name: 'db', phase: 'Pending', since: at },
      ],
      leftAlone: [
        { kind: 'Deployment', name: 'slim', message: 'container main keeps nginx:1-alpine: another variant' },
      ],
    },
    candidates: [{ tag: 'v2.0.0', rule: 'minor', reason: 'another major' }],
    firstSeen: [{ tag: 'v1.10.3', digest: 'sha256:2', time: at }],
    origins: [{ tag: 'v1.8.0', baseTag: 'v1.8.0' }],
    history: [
      {
        from: 'v1.8.0',
        to: 'v1.9.0',
        digest: 'sha256:0',
        rule: 'minor',
        began: at,
        ended: at,
        outcome: 'Healthy',
        message: '1 of 1 workload done',
      },
      { from: 'v1.9.0', to: 'v1.10.0', rule: 'minor', began: at, ended: at, outcome: 'Failed' },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'UpToDate',
        message: 'nothing newer',
        observedGeneration: 1,
        lastTransitionTime: at,
      },
    ],
  };
  const applyStatus = (manager: string, status: object): Promise<string> =>
    cluster.kubectl(
      [
        '-n',
        namespace,
        'apply',
        '--server-side',
        '--subresource=status',
        '--force-conflicts',
        `--field-manager=${manager}`,
        '--validate=strict',
        '-f',
        '-',
      ],
      {
        input: JSON.stringify({
          apiVersion: 'kimup.cloudavenue.io/v1alpha1',
          kind: 'Image',
          metadata: { name: 'status' },
          status,
        }),
      },
    );

  beforeAll(() => apply(imageWith({ name: 'status' })));

  it('may have each of its fields alone', async () => {
    for (const [field, value] of Object.entries(full)) await applyStatus('one-field', { [field]: value });
    for (const [field, value] of Object.entries(full.update))
      await applyStatus('one-field', { update: { [field]: value } });
    for (const [field, value] of Object.entries(full.rollout))
      await applyStatus('one-field', { rollout: { [field]: value } });
    await applyStatus('one-field', {
      rollout: { workloads: [{}], leftAlone: [{}] },
      candidates: [{}],
      firstSeen: [{}],
      history: [{}],
      origins: [{}],
      conditions: [{ type: 'Ready' }],
    });
  });

  it('keeps all of them, and shows them in the columns', async () => {
    await applyStatus('all', full);
    expect((await read('image', 'status'))['status']).toEqual(full);
    const [header, row] = (await kubectl('get', 'image', 'status'))
      .trim()
      .split('\n')
      .map((line) => line.split(/\s{2,}/));
    expect(header).toEqual(['NAME', 'IMAGE', 'TAG', 'LAST-RESULT', 'LAST-SYNC', 'READY']);
    expect(row).toEqual([
      'status',
      'nginx',
      'v1.9.0',
      'Scheduled',
      expect.stringMatching(/^\d+[smhdy]|<invalid>/),
      'True',
    ]);
  });

  it('merges conditions of two components by type', async () => {
    await applyStatus('controller', { conditions: [{ type: 'Ready', status: 'True' }] });
    await applyStatus('operator', { conditions: [{ type: 'RolledOut', status: 'False' }] });
    const { conditions } = (await read('image', 'status'))['status'];
    expect(conditions.map((condition: { type: string }) => condition.type).toSorted()).toEqual(['Ready', 'RolledOut']);
    await kubectl('wait', '--for=condition=Ready', 'image/status', '--timeout=60s');
  });

  it('refuses a result that is not in the contract', async () => {
    await expect(applyStatus('all', { result: 'Great' })).rejects.toThrow('status.result: Unsupported value: "Great"');
  });
});

describe('kubectl', () => {
  it('knows the kinds by their names and their category', async () => {
    const names = await kubectl('get', 'image,images,alertconfig,alertconfigs,kimup,kimups', '-o', 'name');
    expect(names).toContain('image.kimup.cloudavenue.io/shortest');
    const all = await kubectl('get', 'kube-image-updater', '-o', 'name');
    expect(
      all
        .trim()
        .split('\n')
        .filter((name) => name.endsWith('/shortest')),
    ).toHaveLength(3);
  });

  it('shows the state of a Kimup', async () => {
    await kubectl(
      'patch',
      'kimups',
      'shortest',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"state":"ready"}}',
    );
    expect(await kubectl('get', 'kimups', 'shortest')).toMatch(/NAME\s+STATE\s+AGE\nshortest\s+ready\s+/);
  });

  it.each(['images', 'alertconfigs', 'kimups'])('explains every field of %s', async (plural) => {
    const { versions } = JSON.parse(
      await cluster.kubectl(['get', 'crd', `${plural}.kimup.cloudavenue.io`, '-o', 'json']),
    ).spec;
    const schema = versions[0].schema.openAPIV3Schema;
    expect(undescribed({ spec: schema.properties.spec, status: schema.properties.status }, plural)).toEqual([]);
    expect(await kubectl('explain', `${plural}.spec`)).toContain(schema.properties.spec.description);
  });
});

function undescribed(properties: Record<string, any>, path: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => [
    ...(schema.description === undefined ? [`${path}.${name}`] : []),
    ...undescribed(schema.properties ?? schema.items?.properties ?? {}, `${path}.${name}`),
  ]);
}
