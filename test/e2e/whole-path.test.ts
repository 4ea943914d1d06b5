// The demo's path, on both kinds of nodes.
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Cluster, type NodeKind, startCluster } from '../../tools/cluster/cluster.ts';
import { realNodeUnavailable } from '../../tools/cluster/nodes/real-node.ts';
import { type Path, wholePath } from '../support/path/whole-path.ts';

describe.each<NodeKind>(['kwok', 'real'])('the whole path on %s nodes', (nodes) => {
  const unavailable = nodes === 'real' ? realNodeUnavailable() : undefined;
  if (unavailable !== undefined) {
    it.skip(`is not run: ${unavailable}`, () => {});
    return;
  }
  let cluster: Cluster;
  const path = {} as { -readonly [K in keyof Path]: Path[K] };
  let failed = false;

  beforeAll(async () => {
    cluster = await startCluster({ nodes, name: 'e2e', progress: console.log });
    path.cluster = cluster;
  });
  afterAll(async () => {
    if (failed)
      for (const component of ['operator', 'controller'] as const)
        console.log(`${component}'s log ends with:\n${await path.installation?.log(component, 60)}`);
    await cluster?.stop();
  });

  // The steps are made late, when there is a cluster; their titles don't need one.
  const titles = wholePath({ cluster: { registry: { host: '' }, nodes } as unknown as Cluster }).map(
    ({ title }) => title,
  );
  titles.forEach((title, i) => {
    it(title, async ({ skip }) => {
      if (failed) skip('a step before it failed');
      failed = true;
      await wholePath(path)[i]!.run(() => {});
      failed = false;
    });
  });
});
