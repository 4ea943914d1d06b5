// The whole path, step by step: a crontab fires, the registry is asked, a rule decides, the workloads are rolled out, the
// webhook puts the tag on the new pods. The demo shows these steps, the end-to-end test asserts them.
import { strict as assert } from 'node:assert';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { imageManifest } from '../builders/manifests.ts';
import { DemoCluster, type Pod, tagOf } from './demo-cluster.ts';
import { demoWorkloads, ELSEWHERE, ENABLED, ROLLED } from './demo-workloads.ts';
import { buildBundle, install, type Installation } from './install.ts';
import { proveMove } from './prove-move.ts';

/** A step: what it does, and what came of it in a few words. It throws when the step fails. */
export interface Step {
  readonly title: string;
  run(tell: Tell): Promise<string>;
}

/** Called with a line of text at a time, for people. */
type Tell = (line: string) => void;

/** What a step may need of those before it. */
export interface Path {
  readonly cluster: Cluster;
  installation?: Installation;
}

const FIRST_TAGS = ['v1.9.0', 'v1.9.5', 'v1.10.0', 'v1.10.2', 'v2.0.0', 'latest'];
const BASE = 'v1.9.0';
const BEST = 'v1.10.2';
const NEXT = 'v1.11.0';

/** The steps, in order, on a cluster that runs. */
export function wholePath(path: Path): Step[] {
  const demo = new DemoCluster(path.cluster);
  return [
    { title: 'build kimup and install it', run: (tell) => installKimup(path, demo, tell) },
    { title: 'push whoami with seven tags', run: () => pushFirstTags(demo) },
    { title: `apply workloads on ${BASE}`, run: () => applyWorkloads(demo) },
    { title: 'apply the Image demos', run: () => applyImage(demo) },
    { title: `update to ${BEST}: decided, rolled out, pods ready`, run: (tell) => proveMove(demo, BEST, tell) },
    { title: `the next pod of the CronJob gets ${BEST}`, run: () => runCronJob(demo) },
    { title: 'the image fields in the manifests are unchanged', run: () => lookAtOwnImageFields(demo) },
    { title: 'workloads that are out of scope are unchanged', run: () => lookOutOfScope(demo) },
    { title: `push ${NEXT} and ask for a refresh by annotation`, run: (tell) => askForRefresh(demo, tell) },
  ];
}

async function installKimup(path: Path, { cluster, real }: DemoCluster, tell: Tell): Promise<string> {
  await buildBundle();
  tell('bundled; installing CRDs, RBAC, operator and controller');
  path.installation = await install(cluster);
  return real
    ? 'operator and controller run as pods, each under its own ServiceAccount'
    : "operator and controller run as processes with their ServiceAccounts' tokens";
}

async function pushFirstTags(demo: DemoCluster): Promise<string> {
  const { registry } = demo.cluster;
  const digests = await Promise.all(FIRST_TAGS.map((tag) => demo.push(tag)));
  await registry.pushSignature('whoami', digests[0]!);
  const tags = await registry.tags('whoami');
  assert.equal(tags.length, FIRST_TAGS.length + 1);
  return tags.map((tag) => (tag.length > 20 ? `${tag.slice(0, 12)}….sig` : tag)).join(' ');
}

async function applyWorkloads(demo: DemoCluster): Promise<string> {
  const { kubectl, apply } = demo.cluster;
  await kubectl(['annotate', 'namespace', 'default', `${ENABLED}=true`, '--overwrite']);
  await apply(demoWorkloads(`${demo.image}:${BASE}`));
  for (const workload of ROLLED) await demo.rolledOut(workload);
  await demo.rolledOut('deployment/web', ELSEWHERE);
  await kubectl(['wait', '--for=condition=Ready', 'pod/left-alone', '--timeout=60s'], { timeoutMs: 70_000 });
  return 'in scope: a Deployment, a StatefulSet, a DaemonSet and a CronJob; out of scope: a Deployment and a pod';
}

async function applyImage({ cluster, image }: DemoCluster): Promise<string> {
  await cluster.apply([
    imageManifest({
      name: 'demos',
      namespace: 'default',
      image,
      baseTag: BASE,
      crontab: '*/15 * * * * *',
      spec: { rules: [{ name: 'Automatic update semver minor', type: 'semver-minor', actions: [{ type: 'apply' }] }] },
    }),
  ]);
  return `${image}, from ${BASE}, every 15 s, semver-minor, apply`;
}

async function runCronJob(demo: DemoCluster): Promise<string> {
  const { kubectl } = demo.cluster;
  await kubectl(['create', 'job', 'report-now', '--from=cronjob/report']);
  const pod = await until(
    async () => (await demo.pods('job-name=report-now'))[0],
    HANG_MS,
    'the Job to create a pod',
    100,
  );
  assert.equal(tagOf(pod), BEST);
  await kubectl(['delete', 'job', 'report-now', '--wait=false']);
  return `pod ${pod.metadata.name} has ${BEST}`;
}

async function lookAtOwnImageFields(demo: DemoCluster): Promise<string> {
  const written = `${demo.image}:${BASE}`;
  for (const workload of ROLLED) {
    const image = await demo.field(workload, '{.spec.template.spec.containers[0].image}');
    assert.equal(image, written, `the image of ${workload} was changed`);
  }
  const ofCronJob = '{.spec.jobTemplate.spec.template.spec.containers[0].image}';
  assert.equal(await demo.field('cronjob/report', ofCronJob), written);
  return `the image fields of the workloads are still ${BASE}`;
}

async function lookOutOfScope(demo: DemoCluster): Promise<string> {
  const [outside] = await demo.pods('app=web', ELSEWHERE);
  assert.equal(tagOf(outside!), BASE);
  const generation = await demo.field('deployment/web', '{.metadata.generation}', ELSEWHERE);
  assert.equal(generation, '1', 'the Deployment out of scope was changed');
  const leftAlone = await demo.get<Pod>('pod', 'left-alone');
  assert.equal(tagOf(leftAlone), BASE);
  if (demo.real) assert.equal(await demo.versionOf(leftAlone), BASE);
  return `the Deployment in ${ELSEWHERE} and the pod with enabled: "false" run ${BASE}`;
}

async function askForRefresh(demo: DemoCluster, tell: Tell): Promise<string> {
  await demo.push(NEXT);
  await demo.cluster.kubectl(['annotate', 'image', 'demos', 'kimup.cloudavenue.io/action=refresh']);
  const outcome = await proveMove(demo, NEXT, tell);
  const annotation = await demo.field('image/demos', '{.metadata.annotations.kimup\\.cloudavenue\\.io/action}');
  assert.equal(annotation, '', 'the annotation was not removed');
  return outcome;
}
