// Many Images over some repositories, for the benches.
import { checksumOf } from '../src/domain/image/checksum.ts';
import { ANNOTATION_PREFIX } from '../src/domain/image/image.ts';
import type { ApiPool } from '../tools/cluster/api-pool.ts';
import type { Cluster } from '../tools/cluster/cluster.ts';
import { until } from '../tools/cluster/process/until.ts';
import type { Installation } from '../test/support/path/install.ts';

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

export interface ImageManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly image: string } & Readonly<Record<string, unknown>>;
}

/** The Image number `i`: on v1.0.0, a minor rule that applies, one crontab. */
export function imageOf(cluster: Cluster, i: number, many: Omit<ManyImages, 'images'>): ImageManifest {
  return {
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata: { name: `image-${i}`, namespace: namespaceOf(i, many) },
    spec: {
      image: `${cluster.registry.host}/${repositoryOf(i, many)}`,
      baseTag: 'v1.0.0',
      triggers: [{ type: 'crontab', value: many.crontab }],
      rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
    },
  };
}

/** Pushes the repositories, each on v1.0.0 without anything newer, applies the Images, and waits until each was refreshed once. */
export async function applyManyImages(cluster: Cluster, many: ManyImages, tell: (line: string) => void): Promise<void> {
  const { images, repositories } = many;
  for (let i = 0; i < repositories; i += 1) {
    for (const tag of ['v1.0.0', 'v0.9.0', 'latest']) {
      await cluster.registry.push(repositoryOf(i, many), tag, {
        files: [{ path: '/version', content: Buffer.from('1') }],
        config: { entrypoint: ['/version'] },
      });
    }
  }
  tell(`${repositories} repositories pushed`);
  const items = Array.from({ length: images }, (_, i) => imageOf(cluster, i, many));
  const namespaces = new Set(items.map(({ metadata }) => metadata.namespace));
  await cluster.apply(
    [...namespaces].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, annotations: { 'kimup.cloudavenue.io/enabled': 'true' } },
    })),
  );
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

/** Creates the Images from number `from` to `to`, with the status that the controller gave to the first of them. The controller is stopped afterwards. */
export async function createRefreshedImages(
  cluster: Cluster,
  kimup: Installation,
  pool: ApiPool,
  many: Omit<ManyImages, 'images'>,
  from: number,
  to: number,
): Promise<void> {
  if (from === 0) await applyManyImages(cluster, { ...many, images: many.repositories }, () => undefined);
  await kimup.process('controller').stop(30_000);
  const {
    metadata: { annotations },
    status,
  } = JSON.parse(await cluster.kubectl(['get', 'image', 'image-0', '-n', namespaceOf(0, many), '-o', 'json'])) as {
    metadata: { annotations: object };
    status: object;
  };
  const numbers = Array.from({ length: to - from }, (_, i) => from + i).filter((i) => i >= many.repositories);
  const namespaces = [...new Set(numbers.map((i) => namespaceOf(i, many)))].filter(
    (name) => name !== namespaceOf(0, many),
  );
  await cluster.apply(
    namespaces.map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, annotations: { 'kimup.cloudavenue.io/enabled': 'true' } },
    })),
  );
  await pool.forEach(numbers, async (i) => {
    const image = imageOf(cluster, i, many);
    const {
      metadata: { name, namespace },
      spec,
    } = image;
    // The checksum is of what the Image is for: with another's, its first refresh would write twice.
    const own = {
      ...annotations,
      [`${ANNOTATION_PREFIX}checksum`]: checksumOf({ image: spec.image, baseTag: 'v1.0.0' }),
    };
    await pool.send('POST', `${imagesOf(namespace)}?fieldManager=kubectl`, {
      ...image,
      metadata: { ...image.metadata, annotations: own },
    });
    await applyStatus(pool, { name, namespace }, { ...status, image: spec.image });
  });
}

/** Applies a status as the controller would, as bare as it can be done. */
export function applyStatus(
  pool: ApiPool,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  status: object,
): Promise<void> {
  return pool.send('PATCH', `${imagesOf(namespace)}/${name}/status?fieldManager=kimup-controller&force=true`, {
    apiVersion: 'kimup.cloudavenue.io/v1alpha1',
    kind: 'Image',
    metadata: { name, namespace },
    status,
  });
}

function imagesOf(namespace: string): string {
  return `/apis/kimup.cloudavenue.io/v1alpha1/namespaces/${namespace}/images`;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
