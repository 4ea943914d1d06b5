// Many Images over some repositories, for the benches.
import { checksumOf } from '../src/domain/image/checksum.ts';
import { ANNOTATION_PREFIX } from '../src/domain/image/image.ts';
import { type ImageManifest, imageManifest, namespaceInScope } from '../test/support/builders/manifests.ts';
import type { Installation } from '../test/support/path/install.ts';
import type { ApiPool } from '../tools/cluster/api-pool.ts';
import type { Cluster } from '../tools/cluster/cluster.ts';
import { until } from '../tools/cluster/process/until.ts';

const BASE = 'v1.0.0';

export interface ManyImages {
  readonly images: number;
  readonly repositories: number;
  readonly crontab: string;
  /** Images of one repository are in different namespaces, so that none is in another's way: as many as there are of them. */
  readonly namespace: string;
}

/** Where the Image number `i` is. */
export function namespaceOf(
  i: number,
  { namespace, repositories }: Pick<ManyImages, 'namespace' | 'repositories'>,
): string {
  return `${namespace}-${Math.floor(i / repositories)}`;
}

/** The name of the repository of the Image number `i`, without its registry. */
export function repositoryOf(i: number, { repositories }: Pick<ManyImages, 'repositories'>): string {
  return `app-${i % repositories}`;
}

/** The Image number `i`: on v1.0.0, a minor rule that applies, one crontab. */
export function imageOf(cluster: Cluster, i: number, many: Omit<ManyImages, 'images'>): ImageManifest {
  return imageManifest({
    name: `image-${i}`,
    namespace: namespaceOf(i, many),
    image: `${cluster.registry.host}/${repositoryOf(i, many)}`,
    baseTag: BASE,
    crontab: many.crontab,
  });
}

/** Pushes the repositories, each on v1.0.0 without anything newer, applies the Images, and waits until each was refreshed once. */
export async function applyManyImages(cluster: Cluster, many: ManyImages, tell: (line: string) => void): Promise<void> {
  const { images, repositories } = many;
  await pushRepositories(cluster, many);
  tell(`${repositories} repositories pushed`);
  const items = Array.from({ length: images }, (_, i) => imageOf(cluster, i, many));
  const namespaces = new Set(items.map((_, i) => namespaceOf(i, many)));
  await cluster.apply([...namespaces].map((name) => namespaceInScope(name)));
  const began = Date.now();
  await cluster.kubectl(['create', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
    timeoutMs: 240_000,
  });
  await until(
    async () => {
      const results = await cluster.kubectl(['get', 'images', '-A', '-o', 'jsonpath={.items[*].status.result}']);
      return results.split(' ').filter((result) => result === 'Success').length === images || undefined;
    },
    120_000,
    `all ${images} Images to be refreshed once`,
    500,
  );
  tell(`${images} Images created and refreshed once within ${((Date.now() - began) / 1_000).toFixed(1)} s`);
}

async function pushRepositories(cluster: Cluster, { repositories }: ManyImages): Promise<void> {
  for (let i = 0; i < repositories; i += 1) {
    for (const tag of [BASE, 'v0.9.0', 'latest']) {
      await cluster.registry.push(repositoryOf(i, { repositories }), tag, {
        files: [{ path: '/version', content: Buffer.from('1') }],
        config: { entrypoint: ['/version'] },
      });
    }
  }
}

/** What the controller gave to the first of many Images. */
interface Refreshed {
  readonly metadata: { readonly annotations: object };
  readonly status: object;
}

/** Creates the Images from number `from` to `to`, with the status that the controller gave to the first of them. The controller is stopped afterwards. */
export async function createRefreshedImages(
  cluster: Cluster,
  kimup: Installation,
  pool: ApiPool,
  many: Omit<ManyImages, 'images'>,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  if (from === 0) await applyManyImages(cluster, { ...many, images: many.repositories }, () => undefined);
  await kimup.process('controller').stop(30_000);
  const first = namespaceOf(0, many);
  const found = await cluster.kubectl(['get', 'image', 'image-0', '-n', first, '-o', 'json']);
  const refreshed = JSON.parse(found) as Refreshed;
  const numbers = Array.from({ length: to - from }, (_, i) => from + i).filter((i) => i >= many.repositories);
  const namespaces = new Set(numbers.map((i) => namespaceOf(i, many)));
  namespaces.delete(first);
  await cluster.apply([...namespaces].map((name) => namespaceInScope(name)));
  await pool.forEach(numbers, (i) => createRefreshed(pool, namespaceOf(i, many), imageOf(cluster, i, many), refreshed));
}

async function createRefreshed(
  pool: ApiPool,
  namespace: string,
  image: ImageManifest,
  { metadata, status }: Refreshed,
): Promise<void> {
  // The checksum is of what the Image is for: with another's, its first refresh would write twice.
  const checksum = checksumOf({ image: image.spec.image, baseTag: BASE });
  const annotations = { ...metadata.annotations, [`${ANNOTATION_PREFIX}checksum`]: checksum };
  await pool.send('POST', `${imagesOf(namespace)}?fieldManager=kubectl`, {
    ...image,
    metadata: { ...image.metadata, annotations },
  });
  await applyStatus(pool, { name: image.metadata.name, namespace }, { ...status, image: image.spec.image });
}

/** Applies a status as the controller would, as bare as it can be done. */
export function applyStatus(
  pool: ApiPool,
  metadata: { readonly name: string; readonly namespace: string; readonly uid?: string },
  status: object,
): Promise<void> {
  const { name, namespace } = metadata;
  return pool.send('PATCH', `${imagesOf(namespace)}/${name}/status?fieldManager=kimup-controller&force=true`, {
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata,
    status,
  });
}

function imagesOf(namespace: string): string {
  return `/apis/kimup.cloudavenue.io/v1alpha1/namespaces/${namespace}/images`;
}
