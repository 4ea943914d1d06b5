import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComponentName } from '../test/support/path/components.ts';
import type { Installation } from '../test/support/path/install.ts';
import { type Cluster, startCluster } from '../tools/cluster/cluster.ts';

/** Runs a bench on a cluster of kwok nodes of its own, with a folder for its files; both are gone afterwards. */
export async function benchCluster<T>(
  tell: (line: string) => void,
  bench: (cluster: Cluster, dir: string) => Promise<T>,
): Promise<T> {
  return benchFolder(async (dir) => {
    const cluster = await startCluster({ nodes: 'kwok', name: 'bench', progress: tell });
    try {
      return await bench(cluster, dir);
    } finally {
      await cluster.stop();
    }
  });
}

/** Runs a bench with a folder for its files, which is gone afterwards. */
export async function benchFolder<T>(bench: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'kimup-bench-'));
  try {
    return await bench(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The memory of a component as it tells itself, MB. */
export async function residentMb(kimup: Installation, component: ComponentName): Promise<number> {
  const bytes = /^process_resident_memory_bytes (\S+)/m.exec(await kimup.metrics(component))?.[1];
  return Math.round(Number(bytes) / 1e6);
}
