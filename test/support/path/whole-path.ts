// The whole path, step by step: a crontab fires, the registry is asked, a rule decides, the workloads are rolled out, the
// webhook puts the tag on the new pods. The demo shows these steps, the end-to-end test asserts them.
import { strict as assert } from 'node:assert';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { buildBundle, install, type Installation } from './install.ts';

/** A step: what it does, and what came of it in a few words. It throws when the step fails. */
export interface Step {
  readonly title: string;
  run(tell: (line: string) => void): Promise<string>;
}

/** What a step may need of those before it. */
export interface Path {
  readonly cluster: Cluster;
  installation?: Installation;
}

const FIRST_TAGS = ['v1.9.0', 'v1.9.5', 'v1.10.0', 'v1.10.2', 'v2.0.0', 'latest'];
const BASE = 'v1.9.0';
const BEST = 'v1.10.2';
const NEXT = 'v1.11.0';
const ELSEWHERE = 'out-of-scope';
const ENABLED = 'kimup.cloudavenue.io/enabled';

/** The workloads that the Image moves, as `kubectl` names them. */
const ROLLED = ['deployment/web', 'statefulset/db', 'daemonset/agent'] as const;

/** The steps, in order, on a cluster that runs. */
export function wholePath(path: Path): Step[] {
  const { cluster } = path;
  const { kubectl, registry } = cluster;
  const image = `${registry.host}/whoami`;
  const real = cluster.nodes === 'real';

  const push = (tag: string): Promise<string> =>
    registry.push('whoami', tag, {
      files: [{ path: '/whoami', mode: 0o755, content: cluster.parts.whoami! }],
      config: { entrypoint: ['/whoami'], env: { VERSION: tag }, user: '65532', exposedPorts: ['8080/tcp'] },
    });
  const of = (object: string, field: string, namespace = 'default'): Promise<string> =>
    kubectl(['get', object, '-n', namespace, '-o', `jsonpath=${field}`]);
  const pods = async (selector: string, namespace = 'default'): Promise<Pod[]> =>
    (
      JSON.parse(await kubectl(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'json'])) as { items: Pod[] }
    ).items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  /** What the web server in a pod says its version is; on nodes that run no process, the tag that the pod was given. */
  const versionOf = async (pod: Pod): Promise<string> =>
    real
      ? (
          await kubectl([
            'get',
            '--raw',
            `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}:8080/proxy/`,
          ])
        ).trim()
      : tagOf(pod);

  /** Waits until the Image is on `tag`, telling of what happens meanwhile, and checks every pod in scope. */
  const proven = async (tag: string, tell: (line: string) => void): Promise<string> => {
    let last = '';
    await until(
      async () => {
        const { status = {} } = JSON.parse(await kubectl(['get', 'image', 'demos', '-o', 'json'])) as {
          status?: ImageStatus;
        };
        const workloads = (status.rollout?.workloads ?? [])
          .map(({ kind, name, phase }) => `${kind}/${name} ${phase}`)
          .join(', ');
        const line =
          status.update === undefined
            ? `on ${status.tag ?? 'no tag yet'}, last result ${status.result ?? 'none'}`
            : `on ${status.tag}, moving to ${status.update.tag} by rule "${status.update.rule}"${workloads === '' ? '' : `: ${workloads}`}`;
        if (line !== last) tell((last = line));
        return status.tag === tag && status.update === undefined ? true : undefined;
      },
      HANG_MS,
      `the Image to be on ${tag} (last seen: ${last})`,
      100,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; last seen: ${last}`);
    });
    await kubectl(['wait', '--for=condition=Ready', 'image/demos', '--timeout=30s']);
    const running: string[] = [];
    for (const [app, count] of [
      ['web', 2],
      ['db', 1],
      ['agent', 1],
    ] as const) {
      const found = await pods(`app=${app}`);
      assert.equal(found.length >= count, true, `${app} has ${found.length} pods`);
      for (const pod of found) {
        assert.equal(tagOf(pod), tag, `pod ${pod.metadata.name} has the image ${pod.spec.containers[0]?.image}`);
        assert.equal(
          await versionOf(pod),
          tag,
          `the web server in pod ${pod.metadata.name} answers with another version`,
        );
        running.push(pod.metadata.name);
      }
    }
    return `${running.length} pods run ${tag}`;
  };

  return [
    {
      title: 'build kimup and install it',
      async run(tell) {
        await buildBundle();
        tell('bundled; installing CRDs, RBAC, operator and controller');
        path.installation = await install(cluster);
        return real
          ? 'operator and controller run as pods, each under its own ServiceAccount'
          : "operator and controller run as processes with their ServiceAccounts' tokens";
      },
    },
    {
      title: 'push whoami with seven tags',
      async run() {
        const digests = await Promise.all(FIRST_TAGS.map(push));
        await registry.pushSignature('whoami', digests[0]!);
        const tags = await registry.tags('whoami');
        assert.equal(tags.length, FIRST_TAGS.length + 1);
        return tags.map((tag) => (tag.length > 20 ? `${tag.slice(0, 12)}….sig` : tag)).join(' ');
      },
    },
    {
      title: `apply workloads on ${BASE}`,
      async run() {
        await kubectl(['annotate', 'namespace', 'default', `${ENABLED}=true`, '--overwrite']);
        await cluster.apply([
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ELSEWHERE } },
          ...workloads(image),
        ]);
        for (const workload of ROLLED)
          await kubectl(['rollout', 'status', workload, '--timeout=60s'], { timeoutMs: 70_000 });
        await kubectl(['rollout', 'status', 'deployment/web', '-n', ELSEWHERE, '--timeout=60s'], { timeoutMs: 70_000 });
        await kubectl(['wait', '--for=condition=Ready', 'pod/left-alone', '--timeout=60s'], { timeoutMs: 70_000 });
        return 'Deployment, StatefulSet, DaemonSet and CronJob in scope; a Deployment and a pod that are not';
      },
    },
    {
      title: 'apply the Image demos',
      async run() {
        await cluster.apply([
          {
            apiVersion: 'kimup.cloudavenue.io/v1alpha1',
            kind: 'Image',
            metadata: { name: 'demos', namespace: 'default' },
            spec: {
              image,
              baseTag: BASE,
              triggers: [{ type: 'crontab', value: '*/15 * * * * *' }],
              rules: [{ name: 'Automatic update semver minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
            },
          },
        ]);
        return `${image}, from ${BASE}, every 15 s, semver-minor, apply`;
      },
    },
    { title: `update to ${BEST}: decided, rolled out, proven`, run: (tell) => proven(BEST, tell) },
    {
      title: 'the CronJob takes it with its next pod',
      async run() {
        await kubectl(['create', 'job', 'report-now', '--from=cronjob/report']);
        const [pod] = await until(
          async () => {
            const found = await pods('job-name=report-now');
            return found.length > 0 ? found : undefined;
          },
          HANG_MS,
          'the Job to make a pod',
          100,
        );
        assert.equal(tagOf(pod!), BEST);
        await kubectl(['delete', 'job', 'report-now', '--wait=false']);
        return `pod ${pod!.metadata.name} has ${BEST}`;
      },
    },
    {
      title: 'what people wrote is as they wrote it',
      async run() {
        for (const workload of ROLLED) {
          assert.equal(
            await of(workload, '{.spec.template.spec.containers[0].image}'),
            `${image}:${BASE}`,
            `the image of ${workload} was changed`,
          );
        }
        assert.equal(
          await of('cronjob/report', '{.spec.jobTemplate.spec.template.spec.containers[0].image}'),
          `${image}:${BASE}`,
        );
        return `the workloads' own image fields say ${BASE}`;
      },
    },
    {
      title: 'what is out of scope is untouched',
      async run() {
        const [outside] = await pods('app=web', ELSEWHERE);
        assert.equal(tagOf(outside!), BASE);
        assert.equal(
          await of('deployment/web', '{.metadata.generation}', ELSEWHERE),
          '1',
          'the Deployment out of scope was changed',
        );
        const leftAlone = JSON.parse(await kubectl(['get', 'pod', 'left-alone', '-o', 'json'])) as Pod;
        assert.equal(tagOf(leftAlone), BASE);
        if (real) assert.equal(await versionOf(leftAlone), BASE);
        return `the Deployment in ${ELSEWHERE} and the pod with enabled: "false" run ${BASE}`;
      },
    },
    {
      title: `push ${NEXT} and ask for a refresh by annotation`,
      async run(tell) {
        await push(NEXT);
        await kubectl(['annotate', 'image', 'demos', 'kimup.cloudavenue.io/action=refresh']);
        const outcome = await proven(NEXT, tell);
        assert.equal(
          await of('image/demos', '{.metadata.annotations.kimup\\.cloudavenue\\.io/action}'),
          '',
          'the annotation was not taken away',
        );
        return outcome;
      },
    },
  ];
}

/** What the demo applies beside the Image. */
function workloads(image: string): object[] {
  const container = {
    name: 'whoami',
    image: `${image}:${BASE}`,
    readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
  };
  const template = (app: string): object => ({
    metadata: { labels: { app } },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  });
  const workload = (kind: string, name: string, spec: object, namespace = 'default'): object => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, template: template(name), ...spec },
  });
  return [
    workload('Deployment', 'web', { replicas: 2 }),
    workload('StatefulSet', 'db', { replicas: 1, serviceName: 'db' }),
    workload('DaemonSet', 'agent', {}),
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'report', namespace: 'default' },
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          spec: {
            template: {
              metadata: { labels: { app: 'report' } },
              spec: {
                restartPolicy: 'Never',
                terminationGracePeriodSeconds: 1,
                containers: [{ name: 'whoami', image: `${image}:${BASE}` }],
              },
            },
          },
        },
      },
    },
    workload('Deployment', 'web', { replicas: 1 }, ELSEWHERE),
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'left-alone', namespace: 'default', annotations: { [ENABLED]: 'false' } },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    },
  ];
}

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: ReadonlyArray<{ readonly image: string }> };
}

interface ImageStatus {
  readonly tag?: string;
  readonly result?: string;
  readonly update?: { readonly tag: string; readonly rule: string };
  readonly rollout?: {
    readonly workloads?: ReadonlyArray<{ readonly kind: string; readonly name: string; readonly phase: string }>;
  };
}

/** The tag of a pod's first container. */
function tagOf(pod: Pod): string {
  const image = pod.spec.containers[0]?.image ?? '';
  return image.slice(image.lastIndexOf(':') + 1);
}
