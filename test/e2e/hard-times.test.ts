// kimup, built and installed, on kwok nodes: what it asks of the API server and of registries, and what it says and does
// when things go wrong.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import { until } from '../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../tools/cluster/hang.ts';
import { startRegistry, type TestRegistry } from '../../tools/cluster/registry/registry.ts';
import { testCredentials } from '../../tools/cluster/registry/credentials.ts';
import { imageManifest, namespaceInScope } from '../support/builders/manifests.ts';
import { buildBundle, install, type Installation } from '../support/path/install.ts';
import { type GivenAnswer, type RegistryServer, startRegistryServer } from '../support/registry-server.ts';

const NAMESPACE = 'hard-times';
const YEARLY = '0 0 0 1 1 *';
/** Pods of these images never get ready. */
const FAILING = '/fragile:v1\\.1\\.0$';

let cluster: Cluster;
let kimup: Installation;
let scripted: RegistryServer;
let guarded: TestRegistry;

beforeAll(async () => {
  await buildBundle();
  [cluster, scripted, guarded] = await Promise.all([
    startCluster({ nodes: 'kwok', name: 'e2e', progress: console.log, failingImages: FAILING }),
    startRegistryServer(),
    startRegistry({ auth: 'basic' }),
  ]);
  kimup = await install(cluster, {
    flags: {
      controller: [
        `--plain-http-registries=${[cluster.registry, scripted, guarded].map(({ host }) => host).join(',')}`,
      ],
    },
  });
  await cluster.apply([namespaceInScope(NAMESPACE)]);
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const component of ['operator', 'controller'] as const)
    console.log(`${component}'s log ends with:\n${await kimup.log(component, 40)}`);
});

afterAll(async () => {
  await Promise.all([cluster?.stop(), scripted?.stop(), guarded?.stop()]);
});

interface Status {
  readonly tag?: string;
  readonly result?: string;
  readonly time?: string;
  readonly update?: { readonly tag: string };
  readonly rollout?: { readonly tag: string; readonly phase: string; readonly message?: string };
  readonly conditions?: ReadonlyArray<{
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }>;
}

function image(name: string, repository: string, spec: object = {}): object {
  return imageManifest({ name, namespace: NAMESPACE, image: repository, baseTag: 'v1.0.0', crontab: YEARLY, spec });
}

function push(repository: string, ...tags: string[]): Promise<unknown> {
  return Promise.all(
    tags.map((tag) =>
      cluster.registry.push(repository, tag, {
        files: [{ path: '/version', content: Buffer.from(tag) }],
        config: { entrypoint: ['/version'] },
      }),
    ),
  );
}

async function statusOf(name: string): Promise<Status> {
  return (
    (JSON.parse(await cluster.kubectl(['get', 'image', name, '-n', NAMESPACE, '-o', 'json'])) as { status?: Status })
      .status ?? {}
  );
}

function condition(status: Status, type: string): NonNullable<Status['conditions']>[number] {
  return status.conditions!.find((found) => found.type === type)!;
}

async function statusWhen(name: string, what: string, holds: (status: Status) => boolean): Promise<Status> {
  let last: Status = {};
  return until(
    async () => {
      last = await statusOf(name);
      return holds(last) ? last : undefined;
    },
    HANG_MS,
    `the Image ${name} to ${what}`,
    100,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; its status: ${JSON.stringify(last)}`);
  });
}

function refresh(name: string): Promise<string> {
  return cluster.kubectl(['annotate', 'image', name, '-n', NAMESPACE, 'kimup.cloudavenue.io/action=refresh']);
}

/** How many ticks of a crontab that fires every `periodMs` there were since then, at most: one may have come before it was looked at. */
function ticksSince(since: Date, periodMs: number): number {
  return Math.floor(Date.now() / periodMs) - Math.floor(since.getTime() / periodMs) + 1;
}

/** Requests of kimup's since then, beside the lead's Lease and the certificate, which replicas look at every few seconds. */
async function askedSince(since: Date): Promise<string[]> {
  return (await cluster.auditLog({ since }))
    .filter(
      ({ user, verb, resource }) =>
        user.startsWith('system:serviceaccount:kimup-operator:') &&
        verb !== 'watch' &&
        !['leases', 'secrets'].includes(resource),
    )
    .map(({ verb, resource, subresource, name, code }) => `${verb} ${resource}/${subresource} ${name} ${code}`);
}

/** The messages of the events of an Image, of one reason. */
async function eventsOf(name: string, reason: string): Promise<string[]> {
  return until(
    async () => {
      const events = JSON.parse(
        await cluster.kubectl([
          'get',
          'events',
          '-n',
          NAMESPACE,
          '--field-selector',
          `involvedObject.name=${name},reason=${reason}`,
          '-o',
          'json',
        ]),
      ) as { items: Array<{ message: string }> };
      return events.items.length > 0 ? events.items.map(({ message }) => message) : undefined;
    },
    HANG_MS,
    `an event ${reason} of the Image ${name}`,
    100,
  );
}

describe('economy', () => {
  it('a scheduled refresh without news is one API write and nothing else', async () => {
    await push('quiet', 'v1.0.0');
    await cluster.apply([
      image('quiet', `${cluster.registry.host}/quiet`, { triggers: [{ type: 'crontab', value: '*/5 * * * * *' }] }),
    ]);
    await statusWhen('quiet', 'be refreshed', ({ result }) => result === 'Success');
    // Whatever its creation asked for has been answered when it was refreshed once more.
    const first = await statusOf('quiet');
    const { time } = await statusWhen('quiet', 'be refreshed again', (status) => status.time !== first.time);
    const since = new Date();
    const asked = await until(
      async () => {
        const found = await askedSince(since);
        return found.length >= 2 ? found : undefined;
      },
      HANG_MS,
      `refreshes after that of ${time}`,
      500,
    );
    expect(new Set(asked)).toEqual(new Set(['patch images/status quiet 200']));
    expect(asked.length).toBeLessThanOrEqual(ticksSince(since, 5_000));
    await cluster.kubectl(['delete', 'image', 'quiet', '-n', NAMESPACE]);
  });

  it('Images of one repository that are due at the same time are one request to the registry', async () => {
    await push('shared', 'v1.0.0');
    const names = Array.from({ length: 10 }, (_, i) => `shared-${i}`);
    await cluster.apply(
      names.map((name) =>
        image(name, `${cluster.registry.host}/shared`, { triggers: [{ type: 'crontab', value: '*/5 * * * * *' }] }),
      ),
    );
    for (const name of names) await statusWhen(name, 'be refreshed', ({ result }) => result === 'Success');
    const lists = async (): Promise<number> =>
      (await cluster.registry.requests({ path: '/v2/shared/tags/list' })).length;
    const [since, before] = [new Date(), await lists()];
    for (const name of names)
      await statusWhen(name, 'be refreshed again', ({ time }) => Date.parse(time!) > since.getTime());
    // Ten Images, and no more lists than there were ticks.
    const asked = (await lists()) - before;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(ticksSince(since, 5_000));
    const refreshed = (await cluster.auditLog({ userAgentPrefix: 'kimup-controller', since })).filter(
      ({ verb, resource }) => verb === 'patch' && resource === 'images',
    );
    expect(new Set(refreshed.map(({ name }) => name))).toEqual(new Set(names));
    await cluster.kubectl(['delete', 'image', '-n', NAMESPACE, ...names]);
  });
});

describe('a registry that fails', () => {
  it.each<[string, GivenAnswer | 'down', string, RegExp]>([
    ['is down', 'down', 'RegistryError', /registry/i],
    [
      'answers 401',
      { status: 401, headers: { 'www-authenticate': 'Basic realm="here"' } },
      'RegistryError',
      /imagePullSecrets/,
    ],
    ['answers 404', { status: 404, body: { errors: [{ code: 'NAME_UNKNOWN' }] } }, 'TagsError', /spec\.image/],
    ['answers 500', { status: 500, body: 'oops' }, 'RegistryError', /500/],
    ['answers garbage', { status: 200, body: '<html>welcome</html>' }, 'TagsError', /JSON|tag list/i],
  ])('because it %s says so, is tried again with backoff, and others go on', async (what, answer, result, message) => {
    const name = what.replaceAll(' ', '-');
    const host = answer === 'down' ? '127.0.0.1:1' : scripted.host;
    scripted.requests.length = 0;
    scripted.answer = () => (answer === 'down' ? undefined : answer);
    await push('fine', 'v1.0.0');
    await cluster.apply([image(name, `${host}/${name}`), image(`beside-${name}`, `${cluster.registry.host}/fine`)]);
    const status = await statusWhen(name, `say ${result}`, (found) => found.result === result);
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: result });
    expect(condition(status, 'Ready').message).toMatch(message);
    expect(condition(status, 'Reconciling')).toMatchObject({ status: 'True', reason: 'Retrying' });
    expect((await eventsOf(name, result))[0]).toMatch(message);
    expect((await statusWhen(`beside-${name}`, 'be refreshed', (found) => found.result !== undefined)).result).toBe(
      'Success',
    );
    // Tried again by itself: it comes right when the registry does.
    await statusWhen(name, 'be tried again', ({ time }) => time !== status.time);
    if (answer !== 'down') {
      scripted.answer = ({ path }) => ({ body: path.includes('/tags/list') ? { name, tags: ['v1.0.0'] } : {} });
      const right = await statusWhen(name, 'come right', (found) => found.result === 'Success');
      expect(condition(right, 'Ready').status).toBe('True');
    }
    await cluster.kubectl(['delete', 'image', '-n', NAMESPACE, name, `beside-${name}`]);
  });

  it('and wants credentials gets those of the pull secret that the Image names, once kimup may read it', async () => {
    await guarded.push('private', 'v1.0.0', {
      files: [{ path: '/version', content: Buffer.from('1') }],
      config: { entrypoint: ['/version'] },
    });
    await cluster.apply([image('private', `${guarded.host}/private`, { imagePullSecrets: [{ name: 'pull' }] })]);
    const refused = await statusWhen('private', 'say PullSecretsError', ({ result }) => result === 'PullSecretsError');
    expect(condition(refused, 'Ready').message).toMatch(/hard-times.*pull|pull.*hard-times/);
    const { username, password } = testCredentials;
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    await cluster.kubectl(['apply', '-n', NAMESPACE, '-f', 'deploy/pull-secrets.yaml']);
    await cluster.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/dockerconfigjson',
        metadata: { name: 'pull', namespace: NAMESPACE },
        stringData: { '.dockerconfigjson': JSON.stringify({ auths: { [guarded.host]: { auth } } }) },
      },
    ]);
    await statusWhen('private', 'be refreshed', ({ result }) => result === 'Success');
    expect(await kimup.log('controller', 1_000)).not.toContain(password);
    await cluster.kubectl(['delete', 'image', '-n', NAMESPACE, 'private']);
  });
});

it("a crontab that can't be understood is a condition and an event that name the field, and other triggers go on", async () => {
  await push('crontab', 'v1.0.0');
  await cluster.apply([
    image('crontab', `${cluster.registry.host}/crontab`, {
      triggers: [
        { type: 'crontab', value: '61 * * * * *' },
        { type: 'crontab', value: '*/2 * * * * *' },
      ],
    }),
  ]);
  const status = await statusWhen('crontab', 'be refreshed', ({ result }) => result === 'Success');
  expect(condition(status, 'Stalled')).toMatchObject({
    status: 'True',
    reason: 'InvalidTrigger',
    message: expect.stringContaining('spec.triggers[0].value'),
  });
  expect((await eventsOf('crontab', 'InvalidTrigger'))[0]).toContain('spec.triggers[0].value');
  await statusWhen('crontab', 'be refreshed again', ({ time }) => time !== status.time);
  await cluster.kubectl(['delete', 'image', '-n', NAMESPACE, 'crontab']);
});

it("a rule that can't be understood stalls the Image, naming the rule", async () => {
  await cluster.apply([
    image('ranged', `${cluster.registry.host}/crontab`, {
      rules: [{ name: 'within', type: 'semver-range', value: 'no range', actions: [{ type: 'apply' }] }],
    }),
  ]);
  const status = await statusWhen('ranged', 'say GetRuleError', ({ result }) => result === 'GetRuleError');
  expect(condition(status, 'Stalled')).toMatchObject({
    status: 'True',
    reason: 'InvalidRule',
    message: expect.stringMatching(/spec\.rules\[0\].*within/),
  });
  await cluster.kubectl(['delete', 'image', '-n', NAMESPACE, 'ranged']);
});

it('a rollout past its deadline goes back to the old ReplicaSet and says so; a newer tag is taken', async () => {
  const repository = `${cluster.registry.host}/fragile`;
  await push('fragile', 'v1.0.0');
  await cluster.apply([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'fragile', namespace: NAMESPACE },
      spec: {
        replicas: 2,
        progressDeadlineSeconds: 3,
        selector: { matchLabels: { app: 'fragile' } },
        template: {
          metadata: { labels: { app: 'fragile' } },
          spec: { containers: [{ name: 'app', image: `${repository}:v1.0.0` }] },
        },
      },
    },
    image('fragile', repository),
  ]);
  await cluster.kubectl(['rollout', 'status', 'deployment/fragile', '-n', NAMESPACE, '--timeout=60s']);
  await statusWhen('fragile', 'be on v1.0.0', ({ tag, result }) => tag === 'v1.0.0' && result === 'Success');

  await push('fragile', 'v1.1.0');
  await refresh('fragile');
  const failed = await statusWhen(
    'fragile',
    'have failed',
    ({ rollout, update }) => rollout?.phase === 'Failed' && update === undefined,
  );
  expect(failed).toMatchObject({ tag: 'v1.0.0', result: 'ActionError' });
  expect(condition(failed, 'Ready')).toMatchObject({
    status: 'False',
    reason: 'RolloutFailed',
    message: expect.stringContaining('Deployment fragile: 1 of 2 pods updated, 0 ready'),
  });
  await cluster.kubectl(['rollout', 'status', 'deployment/fragile', '-n', NAMESPACE, '--timeout=60s']);
  const sets = JSON.parse(
    await cluster.kubectl(['get', 'replicasets', '-n', NAMESPACE, '-l', 'app=fragile', '-o', 'json']),
  ) as { items: Array<{ spec: { replicas: number }; metadata: { annotations: Record<string, string> } }> };
  expect(sets.items.map(({ spec }) => spec.replicas).toSorted()).toEqual([0, 2]);
  expect(
    await cluster.kubectl([
      'get',
      'pods',
      '-n',
      NAMESPACE,
      '-l',
      'app=fragile',
      '-o',
      'jsonpath={.items[*].spec.containers[0].image}',
    ]),
  ).toBe(`${repository}:v1.0.0 ${repository}:v1.0.0`);

  // Not again by itself, but the next one.
  await refresh('fragile');
  await statusWhen('fragile', 'be refreshed', ({ time }) => time !== failed.time);
  expect(await statusOf('fragile')).toMatchObject({ tag: 'v1.0.0', result: 'ActionError' });
  await push('fragile', 'v1.2.0');
  await refresh('fragile');
  await statusWhen('fragile', 'be on v1.2.0', ({ tag, result }) => tag === 'v1.2.0' && result === 'Success');
  await cluster.kubectl(['delete', 'image,deployment', 'fragile', '-n', NAMESPACE]);
});

it('a controller that was away catches up on missed ticks with one refresh', async () => {
  await push('missed', 'v1.0.0');
  await cluster.apply([image('missed', `${cluster.registry.host}/missed`)]);
  await statusWhen('missed', 'be refreshed', ({ result }) => result === 'Success');
  const controller = kimup.process('controller');
  await controller.stop();
  // As if it had been refreshed last some years ago, of which each had its tick.
  await cluster.kubectl([
    'patch',
    'image',
    'missed',
    '-n',
    NAMESPACE,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status: { time: '2020-01-01T00:00:00Z' } }),
  ]);
  const since = new Date();
  await controller.start();
  await statusWhen('missed', 'be refreshed', ({ time }) => Date.parse(time!) > since.getTime());
  // What else it would have written is there when it has refreshed another one.
  await cluster.apply([image('after', `${cluster.registry.host}/missed`)]);
  await statusWhen('after', 'be refreshed', ({ result }) => result === 'Success');
  await cluster.kubectl(['delete', 'image', '-n', NAMESPACE, 'after']);
  const writes = (await cluster.auditLog({ userAgentPrefix: 'kimup-controller', since })).filter(
    ({ resource, verb, name }) => resource === 'images' && verb === 'patch' && name === 'missed',
  );
  expect(writes.map(({ subresource }) => subresource)).toEqual(['status']);
  await cluster.kubectl(['delete', 'image', '-n', NAMESPACE, 'missed']);
});

it('neither component was refused anything by RBAC, but the pull secret before it was given', async () => {
  const refused = (await cluster.auditLog()).filter(
    ({ user, code }) => user.startsWith('system:serviceaccount:kimup-operator:') && code === 403,
  );
  expect(refused.filter(({ resource, name }) => !(resource === 'secrets' && name === 'pull'))).toEqual([]);
});

it('metrics count what was done, under the names of the contract', async () => {
  const controller = await kimup.metrics('controller');
  // The controller began anew in the test before: what it counts is what it did since.
  for (const name of ['kimup_events_triggered_total', 'kimup_rules_evaluated_total', 'kimup_tags_request_total'])
    expect(controller).toMatch(new RegExp(`^${name} [1-9]`, 'm'));
  for (const name of [
    'kimup_actions_executed_total',
    'kimup_actions_executed_error_total',
    'kimup_events_triggerd_error_total',
    'kimup_rules_evaluated_error_total',
    'kimup_tags_request_error_total',
  ]) {
    expect(controller).toMatch(new RegExp(`^${name} 0`, 'm'));
  }
  expect(controller).toMatch(/^kimup_registry_request_total\{registry_name="127\.0\.0\.1:\d+"\} [1-9]/m);
  expect(controller).toMatch(/^kimup_tags_available_sum_count\{image_name="[^"]+"\} [1-9]/m);
  const operator = await kimup.metrics('operator');
  expect(operator).toMatch(/^kimup_mutator_request_total [1-9]/m);
  expect(operator).toMatch(/^kimup_mutator_patch_total [1-9]/m);
  expect(operator).toMatch(/^kimup_mutator_request_duration_count [1-9]/m);
});
