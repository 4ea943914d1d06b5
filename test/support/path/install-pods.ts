// kimup as pods, from the image and the manifests that a user would take.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import { buildAndPush } from '../../../tools/cluster/images/build-and-push.ts';
import { flagsOf, type InstallOptions } from './component-process.ts';
import { type ComponentName, COMPONENTS, NAMESPACE } from './components.ts';
import type { Installation } from './install.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Builds the image and applies the manifests. The ground must be there. */
export async function installPods(cluster: Cluster, options: InstallOptions): Promise<Installation> {
  const image = await buildAndPush({ context: ROOT, registry: cluster.registry, repository: 'kimup', tag: 'local' });
  await cluster.kubectl(['apply', '-k', writeOverlay(cluster, image, options)]);
  for (const component of COMPONENTS) await rolledOut(cluster, component);
  return {
    metrics: (component) => podMetrics(cluster, component),
    log: (component, lines = 20) => podLog(cluster, component, lines),
    process: () => {
      throw new Error('on real nodes the components are pods, not processes');
    },
    ready: () => {
      throw new Error('on real nodes the components are pods, not processes');
    },
  };
}

/** Writes a kustomization of deploy/ with this image and these flags, and returns its folder. */
function writeOverlay(cluster: Cluster, image: string, options: InstallOptions): string {
  const overlay = join(cluster.dir, 'kimup');
  mkdirSync(overlay, { recursive: true });
  const patches = COMPONENTS.map((component) => ({
    target: { kind: 'Deployment', name: `kimup-${component}` },
    patch: JSON.stringify(
      flagsOf(cluster, component, options).map((value) => ({
        op: 'add',
        path: '/spec/template/spec/containers/0/args/-',
        value,
      })),
    ),
  }));
  const colon = image.lastIndexOf(':');
  const kustomization = {
    resources: [relative(overlay, join(ROOT, 'deploy'))],
    images: [{ name: 'kimup', newName: image.slice(0, colon), newTag: image.slice(colon + 1) }],
    patches: patches.filter(({ patch }) => patch !== '[]'),
  };
  writeFileSync(join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
  return overlay;
}

async function rolledOut(cluster: Cluster, component: ComponentName): Promise<void> {
  const rollout = ['rollout', 'status', `deployment/kimup-${component}`, '-n', NAMESPACE, '--timeout=120s'];
  await cluster.kubectl(rollout, { timeoutMs: 130_000 }).catch(async (error: Error) => {
    const pods = await cluster.kubectl(['describe', 'pods', '-n', NAMESPACE]).catch(String);
    throw new Error(
      `kimup-${component} is not ready: ${error.message}\n${await podLog(cluster, component, 30)}\n${pods}`,
    );
  });
}

async function podMetrics({ kubectl }: Cluster, component: ComponentName): Promise<string> {
  const label = `app.kubernetes.io/component=${component}`;
  const name = 'jsonpath={.items[0].metadata.name}';
  const pod = await kubectl(['get', 'pods', '-n', NAMESPACE, '-l', label, '-o', name]);
  return kubectl(['get', '--raw', `/api/v1/namespaces/${NAMESPACE}/pods/${pod}:9080/proxy/metrics`]);
}

function podLog({ kubectl }: Cluster, component: ComponentName, lines: number): Promise<string> {
  return kubectl(['logs', '-n', NAMESPACE, `deployment/kimup-${component}`, `--tail=${lines}`]).catch(
    (error: Error) => error.message,
  );
}
