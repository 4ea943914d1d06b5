// What goes on all the time while something happens to the API server.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { IMAGES, NAMESPACES, PODS } from '../../../src/adapters/kubernetes/client/resource.ts';
import { HANG_MS } from '../../../tools/cluster/hang.ts';
import { until } from '../../../tools/cluster/process/until.ts';
import { imageManifest, namespaceInScope } from '../builders/manifests.ts';
import { BASE } from './app.ts';
import type { ChaosRun } from './chaos-run.ts';
import { OFTEN, type World } from './world.ts';

/**
 * Does `work` while Images without news are refreshed and pods are made one after the other, all in the namespace `name`, and
 * checks afterwards that every Image is refreshed again and that no pod was let in without its tag.
 */
export async function underLoad({ world, size }: ChaosRun, name: string, work: () => Promise<void>): Promise<void> {
  // What was done to the API server before: a replica that has not heard of the Images yet leaves their pods alone.
  await world.replicas.allHear();
  await world.push(name, BASE);
  const repository = `${world.cluster.registry.host}/${name}`;
  await world.cluster.apply([
    namespaceInScope(name),
    ...Array.from({ length: size.images }, (_, i) =>
      imageManifest({ name: `load-${i}`, namespace: name, image: repository, baseTag: BASE, crontab: OFTEN }),
    ),
  ]);
  await allRefreshed(world, name, 'all Images to be refreshed', (time) => time !== '');
  const pods = makePods(world, name, `${repository}:v1.0.0-rc.1`);
  try {
    await work();
    const returned = new Date().toISOString();
    await allRefreshed(world, name, 'all Images to be refreshed again', (time) => time > returned);
  } finally {
    await pods.stop();
  }
  // Every pod that was let in has the tag: none slipped by.
  const made = await world.client.list<{ spec: { containers: { image: string }[] } }>(PODS, { namespace: name });
  expect(new Set(made.map(({ spec }) => spec.containers[0]?.image))).toEqual(new Set([`${repository}:${BASE}`]));
  await world.client.delete(NAMESPACES, { name });
}

/** Waits until the time of the last refresh is so for every Image of a namespace; '' stands for none. */
async function allRefreshed(
  { client }: World,
  namespace: string,
  what: string,
  holds: (time: string) => boolean,
): Promise<void> {
  await until(
    async () => {
      const images = await client.list<{ status?: { time?: string } }>(IMAGES, { namespace });
      return images.every(({ status }) => holds(status?.time ?? '')) ? true : undefined;
    },
    HANG_MS,
    what,
    100,
  );
}

/** Makes pods one after the other, of the Image load-0; those that the API server does not take are not missed. */
function makePods({ client }: World, namespace: string, image: string): { stop(): Promise<void> } {
  let over = false;
  const made = (async () => {
    for (let i = 0; !over; i++) {
      const annotations = { 'kimup.cloudavenue.io/image': 'load-0' };
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `pod-${i}`, namespace, annotations },
        spec: { containers: [{ name: 'app', image }] },
      };
      await client.create(PODS, { namespace }, pod).catch(() => undefined);
      await sleep(50);
    }
  })();
  return {
    stop: async () => {
      over = true;
      await made;
    },
  };
}
