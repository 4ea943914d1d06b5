import { strict as assert } from 'node:assert';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { type DemoCluster, tagOf } from './demo-cluster.ts';

interface ImageStatus {
  readonly tag?: string;
  readonly result?: string;
  readonly update?: { readonly tag: string; readonly rule: string };
  readonly rollout?: {
    readonly workloads?: ReadonlyArray<{ readonly kind: string; readonly name: string; readonly phase: string }>;
  };
}

/** The apps in scope, and how many pods each has at least. */
const APPS = [
  ['web', 2],
  ['db', 1],
  ['agent', 1],
] as const;

/**
 * Waits until the Image is on `tag`, telling of what happens meanwhile, and checks every pod in scope.
 * @throws Error that says what was seen last, or which pod has something else
 */
export async function proveMove(demo: DemoCluster, tag: string, tell: (line: string) => void): Promise<string> {
  await imageIsOn(demo, tag, tell);
  await demo.cluster.kubectl(['wait', '--for=condition=Ready', 'image/demos', '--timeout=30s']);
  let running = 0;
  for (const [app, count] of APPS) {
    const pods = await demo.pods(`app=${app}`);
    assert.equal(pods.length >= count, true, `${app} has ${pods.length} pods`);
    for (const pod of pods) {
      const { name } = pod.metadata;
      assert.equal(tagOf(pod), tag, `pod ${name} has the image ${pod.spec.containers[0]?.image}`);
      assert.equal(await demo.versionOf(pod), tag, `the web server in pod ${name} answers with another version`);
    }
    running += pods.length;
  }
  return `${running} pods run ${tag}`;
}

async function imageIsOn(demo: DemoCluster, tag: string, tell: (line: string) => void): Promise<void> {
  let last = '';
  await until(
    async () => {
      const { status = {} } = await demo.get<{ status?: ImageStatus }>('image', 'demos');
      const line = inWords(status);
      if (line !== last) tell((last = line));
      return status.tag === tag && status.update === undefined ? true : undefined;
    },
    HANG_MS,
    `the Image to reach ${tag}`,
    100,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; last seen: ${last}`);
  });
}

function inWords({ tag, result, update, rollout }: ImageStatus): string {
  if (update === undefined) return `on ${tag ?? 'no tag yet'}, last result ${result ?? 'none'}`;
  const workloads = (rollout?.workloads ?? []).map(({ kind, name, phase }) => `${kind}/${name} ${phase}`).join(', ');
  return `on ${tag}, moving to ${update.tag} by rule "${update.rule}"${workloads === '' ? '' : `: ${workloads}`}`;
}
