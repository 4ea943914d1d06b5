// kimup, built and installed, on kwok nodes: digests that move and are pinned, platforms, and why a tag is not taken.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import { until } from '../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../tools/cluster/hang.ts';
import { imageManifest, namespaceInScope } from '../support/builders/manifests.ts';
import { buildBundle, install, type Installation } from '../support/path/install.ts';

const NAMESPACE = 'rules';
const YEARLY = '0 0 0 1 1 *';

let cluster: Cluster;
let kimup: Installation;

beforeAll(async () => {
  await buildBundle();
  cluster = await startCluster({ nodes: 'kwok', name: 'e2e-rules', progress: console.log });
  kimup = await install(cluster);
  await cluster.apply([namespaceInScope(NAMESPACE)]);
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const component of ['operator', 'controller'] as const)
    console.log(`${component}'s log ends with:\n${await kimup.log(component, 40)}`);
});

afterAll(async () => {
  await cluster?.stop();
});

interface Status {
  readonly tag?: string;
  readonly digest?: string;
  readonly result?: string;
  readonly time?: string;
  readonly update?: { readonly tag: string };
  readonly candidates?: ReadonlyArray<{ readonly tag: string; readonly rule: string; readonly reason: string }>;
  readonly history?: ReadonlyArray<object>;
  readonly firstSeen?: ReadonlyArray<{ readonly tag: string; readonly time: string }>;
  readonly conditions?: ReadonlyArray<{
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }>;
}

const rule = (type: string, more: object = {}) => ({ name: `by ${type}`, type, actions: [{ type: 'apply' }], ...more });

function image(name: string, spec: object): object {
  const repository = `${cluster.registry.host}/${name}`;
  return imageManifest({ name, namespace: NAMESPACE, image: repository, baseTag: 'v1.0.0', crontab: YEARLY, spec });
}

function deployment(repository: string, tag = 'v1.0.0', name = repository): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'app', image: `${cluster.registry.host}/${repository}:${tag}` }] },
      },
    },
  };
}

/** Pushes an image that is unlike all others, and returns its digest. */
function push(repository: string, tag: string, content = tag, architecture = 'amd64'): Promise<string> {
  return cluster.registry.push(repository, tag, {
    files: [{ path: '/version', content: Buffer.from(content) }],
    config: { entrypoint: ['/version'] },
    architecture,
  });
}

async function statusWhen(name: string, what: string, holds: (status: Status) => boolean): Promise<Status> {
  let last: Status = {};
  return until(
    async () => {
      last =
        (
          JSON.parse(await cluster.kubectl(['get', 'image', name, '-n', NAMESPACE, '-o', 'json'])) as {
            status?: Status;
          }
        ).status ?? {};
      return holds(last) ? last : undefined;
    },
    HANG_MS,
    `the Image ${name} to ${what}`,
    100,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; its status: ${JSON.stringify(last)}`);
  });
}

/** Asks for a refresh, and waits until it was made. */
async function refreshed(name: string): Promise<Status> {
  const { time } = await statusWhen(name, 'have been refreshed before', (status) => status.time !== undefined);
  await refresh(name);
  return statusWhen(name, 'be refreshed again', (status) => status.time !== time);
}

const refresh = (name: string) =>
  cluster.kubectl(['annotate', 'image', name, '-n', NAMESPACE, 'kimup.cloudavenue.io/action=refresh']);
const describeImage = (name: string) => cluster.kubectl(['describe', 'image', name, '-n', NAMESPACE]);

/** The images of all pods of a Deployment once they are two, and all this one. */
function podsOn(repository: string, reference: string, name = repository): Promise<true> {
  return until(
    async () => {
      const images = (
        await cluster.kubectl([
          'get',
          'pods',
          '-n',
          NAMESPACE,
          '-l',
          `app=${name}`,
          '-o',
          'jsonpath={.items[*].spec.containers[0].image}',
        ])
      ).split(' ');
      return images.length === 2 && images.every((one) => one === `${cluster.registry.host}/${repository}:${reference}`)
        ? true
        : undefined;
    },
    HANG_MS,
    `the pods of ${name} to be on ${reference}`,
    100,
  );
}

describe('a rule of type digest', () => {
  it('brings a tag that is pushed anew to the pods as tag@digest, and proves it', async () => {
    const before = await push('moving', 'v1.0.0');
    await cluster.apply([image('moving', { rules: [rule('digest')] })]);
    await statusWhen('moving', 'know its digest', ({ digest, result }) => digest === before && result === 'Success');
    await cluster.apply([deployment('moving')]);
    await podsOn('moving', `v1.0.0@${before}`);
    expect((await refreshed('moving')).update).toBeUndefined();

    const after = await push('moving', 'v1.0.0', 'the same tag, another image');
    await refresh('moving');
    await statusWhen(
      'moving',
      'be on the new digest',
      ({ digest, result, update }) => digest === after && result === 'Success' && update === undefined,
    );
    await podsOn('moving', `v1.0.0@${after}`);
    await until(
      async () =>
        (await describeImage('moving')).includes(`v1.0.0@${before} -> v1.0.0@${after} by rule "by digest"`)
          ? true
          : undefined,
      HANG_MS,
      'the event',
      200,
    );
    // What kimup put is stable: nothing is rolled again.
    const revisions = () =>
      cluster.kubectl([
        'get',
        'deployment',
        'moving',
        '-n',
        NAMESPACE,
        '-o',
        'jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}',
      ]);
    const revision = await revisions();
    expect((await refreshed('moving')).update).toBeUndefined();
    expect(await revisions()).toBe(revision);
  });
});

describe('spec.pinDigest', () => {
  it('puts the digest beside the tag, whatever the rule', async () => {
    await push('pinned', 'v1.0.0');
    await cluster.apply([image('pinned', { rules: [rule('semver-minor')], pinDigest: true }), deployment('pinned')]);
    await statusWhen(
      'pinned',
      'be on v1.0.0',
      ({ tag, result, digest }) => tag === 'v1.0.0' && result === 'Success' && digest !== undefined,
    );
    const digest = await push('pinned', 'v1.1.0');
    await refresh('pinned');
    await statusWhen('pinned', 'be on v1.1.0', ({ tag, result }) => tag === 'v1.1.0' && result === 'Success');
    await podsOn('pinned', `v1.1.0@${digest}`);
  });
});

describe('the track of an Image', () => {
  const EXTRACT = String.raw`^(\d+(?:\.\d+){3})-ls\d+$`;
  const [OLD, NEW] = ['4.0.16.2944-ls299', '4.0.17.2952-ls301'];

  it('takes a tag to the pods where the build stands at its end, also to those that are made later from an older one', async () => {
    await push('build', OLD);
    await cluster.apply([
      image('build', { baseTag: OLD, tags: { extract: EXTRACT }, rules: [rule('semver-patch')] }),
      deployment('build', OLD),
    ]);
    await statusWhen('build', 'be on its base tag', ({ tag, result }) => tag === OLD && result === 'Success');
    await podsOn('build', OLD);
    await push('build', NEW);
    await refresh('build');
    const { history } = await statusWhen(
      'build',
      'be on the new tag',
      ({ tag, result }) => tag === NEW && result === 'Success',
    );
    await podsOn('build', NEW);
    expect(history).toMatchObject([{ from: OLD, to: NEW, rule: 'by semver-patch', outcome: 'Healthy' }]);
    await cluster.apply([deployment('build', '4.0.16.2950-ls300', 'build-late')]);
    await podsOn('build', NEW, 'build-late');
  });

  it('says of a workload that it leaves alone which container keeps what, and why, in the condition and in an event', async () => {
    await push('alone', 'v1.0.0');
    await cluster.apply([image('alone', { rules: [rule('semver-minor')] }), deployment('alone', 'v1.0.0-alpine')]);
    await statusWhen('alone', 'be on v1.0.0', ({ tag, result }) => tag === 'v1.0.0' && result === 'Success');
    await push('alone', 'v1.1.0');
    await refresh('alone');
    const why = `Deployment alone: container app keeps ${cluster.registry.host}/alone:v1.0.0-alpine: its variant differs from that of v1.1.0, the tag of Image alone`;
    const { conditions } = await statusWhen(
      'alone',
      'be on v1.1.0',
      ({ tag, result }) => tag === 'v1.1.0' && result === 'Success',
    );
    expect(conditions!.find(({ type }) => type === 'RolledOut')).toMatchObject({
      status: 'True',
      reason: 'LeftAlone',
      message: expect.stringContaining(why) as string,
    });
    await podsOn('alone', 'v1.0.0-alpine');
    await until(
      async () =>
        (await describeImage('alone')).includes(`v1.1.0: left unchanged because of their tags: ${why}`)
          ? true
          : undefined,
      HANG_MS,
      'the event',
      200,
    );
  });

  it('is told from that of another Image for the same repository by the tags of the workloads', async () => {
    for (const tag of ['v1.0.0', 'v17.0.0']) await push('two', tag);
    const named = (name: string, baseTag: string) => ({
      ...image('two', { baseTag, rules: [rule('semver-minor')] }),
      metadata: { name, namespace: NAMESPACE },
    });
    await cluster.apply([
      named('two', 'v1.0.0'),
      named('two-17', 'v17.0.0'),
      deployment('two', 'v1.0.0'),
      deployment('two', 'v17.0.0', 'two-17'),
    ]);
    for (const name of ['two', 'two-17'])
      await statusWhen(name, 'have been refreshed', ({ result }) => result === 'Success');
    for (const tag of ['v1.1.0', 'v17.1.0']) await push('two', tag);
    await refresh('two');
    await refresh('two-17');
    await podsOn('two', 'v1.1.0');
    await podsOn('two', 'v17.1.0', 'two-17');
    const { conditions } = await statusWhen(
      'two',
      'be on v1.1.0',
      ({ tag, result }) => tag === 'v1.1.0' && result === 'Success',
    );
    expect(conditions!.find(({ type }) => type === 'Ambiguous')).toBeUndefined();
  });
});

describe('why not', () => {
  it('a tag that lacks a platform is not taken, and the status and kubectl describe say why', async () => {
    await push('lacking', 'v1.0.0');
    await push('lacking', 'v1.1.0');
    await push('lacking', 'v1.2.0', 'v1.2.0', 'arm64');
    await push('lacking', 'v2.0.0');
    await cluster.apply([image('lacking', { rules: [rule('semver-minor')], tags: { platforms: ['linux/amd64'] } })]);
    const { candidates } = await statusWhen(
      'lacking',
      'be on v1.1.0',
      ({ tag, result }) => tag === 'v1.1.0' && result === 'Success',
    );
    expect(candidates).toContainEqual({ tag: 'v1.2.0', rule: 'by semver-minor', reason: 'lacks linux/amd64' });
    expect(candidates).toContainEqual({ tag: 'v2.0.0', rule: 'by semver-minor', reason: 'is from a different major' });
    const told = await describeImage('lacking');
    expect(told).toMatch(
      /Candidates:\n\s+Reason:\s+is from a different major\n\s+Rule:\s+by semver-minor\n\s+Tag:\s+v2\.0\.0/,
    );
    expect(told).toMatch(/Reason:\s+lacks linux\/amd64/);
  });

  it('a tag that is too young waits', async () => {
    await push('young', 'v1.0.0');
    await push('young', 'v1.1.0');
    await cluster.apply([image('young', { rules: [rule('semver-minor')], tags: { minimumAge: '1h' } })]);
    const { firstSeen, candidates } = await statusWhen('young', 'be refreshed', ({ result }) => result === 'Success');
    expect(firstSeen?.map(({ tag }) => tag)).toEqual(['v1.1.0']);
    expect(candidates).toEqual([
      {
        tag: 'v1.1.0',
        rule: 'by semver-minor',
        reason: expect.stringContaining('younger than spec.tags.minimumAge') as string,
      },
    ]);
  });

  it('a pattern is refused when it is written, and what can be told only later is a condition that names the rule', async () => {
    await expect(cluster.apply([image('wrong', { rules: [rule('regex', { value: 'v(1' })] })])).rejects.toThrow(
      'missing closing )',
    );
    await cluster.apply([
      image('wrong', { rules: [rule('semver-minor'), rule('semver-range', { value: 'newer, please' })] }),
    ]);
    const { conditions } = await statusWhen('wrong', 'be stalled', ({ result }) => result === 'GetRuleError');
    expect(conditions!.find(({ type }) => type === 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'InvalidRule',
      message: expect.stringContaining('spec.rules[1] ("by semver-range"): "newer, please" is not a range') as string,
    });
  });
});
