// A rolling update of the operator on a real node, under constant pod creation in scope with the policy fail: every pod is let in
// and has its tag, the lead moves on at once, and the pods end in time.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiPool, type ApiPool } from '../../tools/cluster/api-pool.ts';
import { type Cluster, startCluster } from '../../tools/cluster/cluster.ts';
import { realNodeUnavailable } from '../../tools/cluster/nodes/real-node.ts';
import { until } from '../../tools/cluster/process/until.ts';
import { HANG_MS } from '../../tools/cluster/hang.ts';
import { imageManifest, namespaceInScope, podManifest } from '../support/builders/manifests.ts';
import { buildBundle, install } from '../support/path/install.ts';

const NAMESPACE = 'rolling';
const OWN = 'kimup-operator';
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${OWN}/leases/71be4586.kimup.cloudavenue.io`;
const TAG = 'v1.10.2';
const CREATORS = 4;
const unavailable = realNodeUnavailable();

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: ReadonlyArray<{ readonly image: string }> };
  readonly status: { readonly containerStatuses?: ReadonlyArray<{ readonly restartCount: number }> };
}

describe.skipIf(unavailable !== undefined)(
  `a rolling update of the operator on a real node${unavailable === undefined ? '' : ` (skipped: ${unavailable})`}`,
  () => {
    let cluster: Cluster;
    let api: ApiPool;
    let pod: object;

    beforeAll(async () => {
      await buildBundle();
      cluster = await startCluster({ nodes: 'real', name: 'rolling', progress: console.log });
      await install(cluster);
      api = await apiPool(cluster, CREATORS + 1);
      const image = `${cluster.registry.host}/rolling`;
      pod = podManifest(`${image}:v1.0.0`, { generateName: 'made-', namespace: NAMESPACE });
      for (const tag of ['v1.0.0', TAG])
        await cluster.registry.push('rolling', tag, {
          files: [{ path: '/version', content: Buffer.from(tag) }],
          config: { entrypoint: ['/version'] },
        });
      await cluster.apply([
        namespaceInScope(NAMESPACE, { 'failure-policy': 'fail' }),
        imageManifest({
          name: 'rolling',
          namespace: NAMESPACE,
          image,
          baseTag: 'v1.0.0',
          crontab: '0 0 0 1 1 *',
        }),
      ]);
      await cluster.kubectl(['create', 'serviceaccount', 'default', '-n', NAMESPACE]).catch(() => undefined);
      await until(
        async () => (await made()).image?.endsWith(`:${TAG}`) || undefined,
        HANG_MS,
        `pods to get ${TAG}`,
        200,
      );
    });
    afterAll(async () => {
      await api?.close();
      await cluster?.stop();
    });

    /** Creates a pod without keeping it; the API server asks the webhook all the same. */
    async function made(): Promise<{ status: number; image: string | undefined; message: string }> {
      const { status, body } = await api.ask('POST', `/api/v1/namespaces/${NAMESPACE}/pods?dryRun=All`, pod);
      return {
        status,
        image: (body as Pod).spec?.containers[0]?.image,
        message: (body as { message?: string }).message ?? '',
      };
    }
    const operators = async (): Promise<Pod[]> =>
      (
        JSON.parse(
          await cluster.kubectl(['get', 'pods', '-n', OWN, '-l', 'app.kubernetes.io/component=operator', '-o', 'json']),
        ) as { items: Pod[] }
      ).items;

    it('lets every pod in, with its tag, while the lead is given back and taken', async () => {
      const before = (await operators()).map(({ metadata }) => metadata.name);
      expect(before).toHaveLength(2);
      const stop = new AbortController();
      const refused: string[] = [];
      let created = 0;
      let slowestMs = 0;
      const creating = Promise.all(
        Array.from({ length: CREATORS }, async () => {
          while (!stop.signal.aborted) {
            const began = performance.now();
            const { status, image, message } = await made();
            slowestMs = Math.max(slowestMs, performance.now() - began);
            created += 1;
            if (status !== 201) refused.push(`${status} ${message}`);
            else if (!image?.endsWith(`:${TAG}`)) refused.push(`${image}, as if kimup were not there`);
            await sleep(10);
          }
        }),
      );
      const holders: Array<{ name: string; at: number }> = [];
      const watching = (async () => {
        while (!stop.signal.aborted) {
          const { body } = await api.ask('GET', LEASE);
          const name = (body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity ?? '';
          if (name !== holders.at(-1)?.name) holders.push({ name, at: performance.now() });
          await sleep(20);
        }
      })();
      try {
        await until(async () => (holders.at(-1)?.name ?? '') !== '' || undefined, HANG_MS, 'an operator to lead', 50);
        await cluster.kubectl(['rollout', 'restart', 'deployment/kimup-operator', '-n', OWN]);
        await cluster.kubectl(['rollout', 'status', 'deployment/kimup-operator', '-n', OWN, '--timeout=300s'], {
          timeoutMs: 310_000,
        });
        await until(
          async () => {
            const names = (await operators()).map(({ metadata }) => metadata.name);
            return (names.length === 2 && names.every((name) => !before.includes(name))) || undefined;
          },
          HANG_MS,
          'the former pods to be gone',
          200,
        );
        await until(
          async () => {
            const holder = holders.at(-1)?.name ?? '';
            return (holder !== '' && !before.some((name) => holder.startsWith(name))) || undefined;
          },
          HANG_MS,
          'a new pod to lead',
          50,
        );
      } finally {
        stop.abort();
        await Promise.all([creating, watching]);
      }
      // How long that took is for whoever reads this: nobody holds a Lease that was given back; one that expires goes from hand to hand.
      const gaps = holders.flatMap(({ name, at }, i) =>
        name === '' ? [Math.round((holders[i + 1]?.at ?? Infinity) - at)] : [],
      );
      console.log(
        `${created} pods, the slowest after ${slowestMs.toFixed(0)} ms; the lead was nobody's for ${gaps.join(', ')} ms`,
      );
      expect(refused).toEqual([]);
      expect(created).toBeGreaterThan(200);
      expect(gaps.length).toBeGreaterThan(0);
      for (const { status } of await operators()) expect(status.containerStatuses?.[0]?.restartCount).toBe(0);
    });
  },
);
