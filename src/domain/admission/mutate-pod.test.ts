import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/builders/image.ts';
import { tracked } from '../../../test/support/domain/rules.ts';
import type { Image } from '../image/image.ts';
import type { ImageStatus } from '../image/image-status.ts';
import type { RuleSpec } from '../rule/rule-spec.ts';
import { parseImageReference, repositoryId } from '../reference/image-reference.ts';
import type { Pod } from '../assignment/pod.ts';
import { mutatePod } from './mutate-pod.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const otherDigest = `sha256:${'b'.repeat(64)}`;

const BASE = 'v1.0.0';

/** A rule that reaches every higher version of a series. */
const MAJOR: RuleSpec = { name: 'major', type: 'semver-major', actions: [{ type: 'apply' }] };

function image(
  over: { name?: string; image?: string; tag?: string; status?: Partial<ImageStatus>; deleting?: boolean } = {},
): Image {
  const { name = 'demos', image: of = 'docker.io/acme/whoami', tag = 'v1.10.2' } = over;
  return imageOf({
    name,
    uid: name,
    deleting: over.deleting ?? false,
    spec: { image: of, baseTag: BASE, rules: [MAJOR] },
    status: { tag, image: of, baseTag: BASE, ...over.status },
  });
}

const among =
  (...images: Image[]) =>
  (repository: string) =>
    images.filter((one) => repositoryId(parseImageReference(one.spec.image)) === repository).map(tracked);

const pod = (containers: string | string[], annotations?: Record<string, string>): Pod => ({
  ...(annotations === undefined ? {} : { metadata: { annotations } }),
  spec: { containers: [containers].flat().map((of, index) => ({ name: `c${index}`, image: of })) },
});

/** What the containers of the pod have afterwards. */
function after(before: Pod, images: Image[]): (string | undefined)[] {
  const { patches } = mutatePod(before, among(...images));
  return (before.spec?.containers ?? []).map(
    ({ image: own }, index) =>
      patches.find((patch) => patch.list === 'containers' && patch.index === index)?.image ?? own,
  );
}

describe('which tag a container gets', () => {
  it.each([
    // the container's image, the Image's tag, what becomes of it
    ['acme/whoami:v1.9.0', 'v1.10.2', 'acme/whoami:v1.10.2'],
    ['docker.io/acme/whoami:v1.9.0', 'v1.10.2', 'docker.io/acme/whoami:v1.10.2'],
    ['index.docker.io/acme/whoami', 'v1.10.2', 'index.docker.io/acme/whoami:v1.10.2'],
    ['acme/whoami', 'v1.10.2', 'acme/whoami:v1.10.2'],
    ['acme/whoami', 'latest', 'acme/whoami:latest'],
    ['acme/whoami:latest', 'v1.10.2', 'acme/whoami:v1.10.2'],
    ['acme/whoami:v1.9.0-rc.1', 'v1.9.0', 'acme/whoami:v1.9.0'],
    ['acme/whoami:2024.1', '2024.01', 'acme/whoami:2024.01'],
    ['acme/whoami:1.9-alpine', '1.10-alpine', 'acme/whoami:1.10-alpine'],
  ])('%s and %s make %s', (own, tag, expected) => {
    expect(after(pod(own), [image({ tag })])).toEqual([expected]);
  });

  it.each([
    // the container's image, the Image's tag, what the warning says
    ['acme/whoami:v1.10.2', 'v1.10.2', undefined],
    [`acme/whoami@${digest}`, 'v1.10.2', undefined],
    [`acme/whoami:v1.9.0@${digest}`, 'v1.10.2', undefined],
    ['acme/whoami:v1.11.0', 'v1.10.2', 'above v1.10.2'],
    ['acme/whoami:v10.0.0', 'v9.0.0', 'above v9.0.0'],
    ['acme/whoami:v1.10.2', 'v1.10.2-rc.1', 'above v1.10.2-rc.1'],
    ['acme/whoami:v1.9.0-alpine', 'v1.10.2', 'its variant differs from that of v1.10.2'],
    ['acme/whoami:v1.9.0', 'v1.10.2-alpine', 'its variant differs from that of v1.10.2-alpine'],
    ['acme/whoami:v1.9.0', 'latest', 'its tag is a version, but latest, the tag of Image demos, is not'],
    ['acme/whoami:stable', 'edge', 'its format differs from that of edge'],
    ['acme/whoami:v1', 'v1.10.2', 'its format differs from that of v1.10.2'],
    ['acme/other:v1.9.0', 'v1.10.2', undefined],
    ['quay.io/acme/whoami:v1.9.0', 'v1.10.2', undefined],
    ['Not A Reference', 'v1.10.2', undefined],
    ['', 'v1.10.2', undefined],
  ])('%s stays under %s, with the warning %s', (own, tag, warning) => {
    const { patches: puts, warnings } = mutatePod(pod(own), among(image({ tag })));
    expect(puts).toEqual([]);
    expect(warnings).toEqual(warning === undefined ? [] : [expect.stringContaining(warning)]);
    if (warning !== undefined) expect(warnings[0]).toContain(`container c0 keeps ${own}`);
  });

  it('is none before the controller has caught up with another image or baseTag, or found any tag', () => {
    expect(after(pod('acme/whoami:v1.9.0'), [image({ status: { baseTag: 'v1.8.0' } })])).toEqual([
      'acme/whoami:v1.9.0',
    ]);
    expect(after(pod('acme/whoami:v1.9.0'), [image({ status: { image: 'acme/whoami' } })])).toEqual([
      'acme/whoami:v1.9.0',
    ]);
    const { tag: _, ...untagged } = image().status;
    expect(after(pod('acme/whoami:v1.9.0'), [{ ...image(), status: untagged }])).toEqual(['acme/whoami:v1.9.0']);
  });

  it('is none of an Image that is being deleted, and never a text that is no tag', () => {
    expect(after(pod('acme/whoami:v1.9.0'), [image({ deleting: true })])).toEqual(['acme/whoami:v1.9.0']);
    expect(after(pod('acme/whoami'), [image({ tag: 'a b' })])).toEqual(['acme/whoami']);
  });
});

describe('an Image that pins digests', () => {
  const pinning = (status: Partial<ImageStatus> = { digest }, spec: object = { pinDigest: true }): Image => {
    const plain = image({ status });
    return { ...plain, spec: { ...plain.spec, ...spec } };
  };

  it.each<[string, string, string]>([
    // the container's image, what becomes of it
    ['an older tag', 'acme/whoami:v1.9.0', `acme/whoami:v1.10.2@${digest}`],
    ['the same tag', 'acme/whoami:v1.10.2', `acme/whoami:v1.10.2@${digest}`],
    ['no tag', 'acme/whoami', `acme/whoami:v1.10.2@${digest}`],
    ['what it put itself', `acme/whoami:v1.10.2@${digest}`, `acme/whoami:v1.10.2@${digest}`],
    ["another digest, a person's word", `acme/whoami:v1.10.2@${otherDigest}`, `acme/whoami:v1.10.2@${otherDigest}`],
    ['that digest without the tag, or with another', `acme/whoami@${digest}`, `acme/whoami@${digest}`],
    ['a higher tag', 'acme/whoami:v1.11.0', 'acme/whoami:v1.11.0'],
  ])('puts both in place of %s', (_, own, expected) => {
    expect(after(pod(own), [pinning()])).toEqual([expected]);
    expect(after(pod(expected), [pinning()])).toEqual([expected]);
  });

  it('does so by a rule of type digest, too, and takes the digest that the template names', () => {
    const rules = [MAJOR, { name: 'same tag', type: 'digest', actions: [{ type: 'apply' }] }];
    expect(after(pod('acme/whoami:v1.9.0'), [pinning({ digest }, { rules })])).toEqual([
      `acme/whoami:v1.10.2@${digest}`,
    ]);
    const named = pod('acme/whoami:v1.9.0', { 'kimup.cloudavenue.io/images': `demos=v1.10.2@${otherDigest}` });
    expect(after(named, [pinning({ digest }, { rules })])).toEqual([`acme/whoami:v1.10.2@${otherDigest}`]);
  });

  it('puts the tag alone while no digest is known, and never what is no digest', () => {
    expect(after(pod('acme/whoami:v1.9.0'), [pinning({})])).toEqual(['acme/whoami:v1.10.2']);
    expect(after(pod('acme/whoami:v1.9.0'), [pinning({ digest: 'sha256:x' })])).toEqual(['acme/whoami:v1.10.2']);
  });
});

describe('what the template of a pod names', () => {
  const named = (text: string) => pod('acme/whoami:v1.9.0', { 'kimup.cloudavenue.io/images': text });

  it('goes before the tag of the Image, higher or lower', () => {
    expect(after(named(`demos=v1.11.0@${digest}`), [image()])).toEqual(['acme/whoami:v1.11.0']);
    expect(after(named('demos=v1.9.5'), [image()])).toEqual(['acme/whoami:v1.9.5']);
  });

  it('counts for its own Image alone', () => {
    expect(after(named('others=v1.11.0'), [image()])).toEqual(['acme/whoami:v1.10.2']);
    expect(after(named('garbage'), [image()])).toEqual(['acme/whoami:v1.10.2']);
  });

  it.each([
    ['a pod of that Deployment', 'ReplicaSet', 'web-5d4f8', {}, 'v1.9.1'],
    [
      'whatever its template names for others',
      'ReplicaSet',
      'web-5d4f8',
      { 'kimup.cloudavenue.io/images': 'others=v3' },
      'v1.9.1',
    ],
    [
      'not where its template names a tag again',
      'ReplicaSet',
      'web-5d4f8',
      { 'kimup.cloudavenue.io/images': 'demos=v1.9.2' },
      'v1.9.2',
    ],
    ['no pod of another Deployment', 'ReplicaSet', 'web-front-5d4f8', {}, 'v1.10.2'],
    ['no pod of another kind', 'StatefulSet', 'web', {}, 'v1.10.2'],
  ])('is the one that a workload which a person took back was left on: %s', (_, kind, name, annotations, expected) => {
    const workloads = [
      { kind: 'Deployment' as const, name: 'web', phase: 'Overridden' as const, since: '', pinnedTag: 'v1.9.1' },
    ];
    const of = image({ status: { rollout: { tag: 'v1.10.2', phase: 'Healthy', since: '', workloads } } });
    const made: Pod = {
      ...pod('acme/whoami:v1.9.0'),
      metadata: {
        annotations,
        ownerReferences: [
          { kind: 'Node', name: 'web' },
          { kind, name, controller: true },
        ],
      },
    };
    expect(after(made, [of])).toEqual([`acme/whoami:${expected}`]);
  });

  it("counts where what failed was another repository's", () => {
    const rollout = { tag: 'v1.11.0', image: 'docker.io/acme/old', phase: 'Failed' as const, since: '', workloads: [] };
    expect(
      after(pod('acme/whoami:v1.9.0', { 'kimup.cloudavenue.io/images': 'demos=v1.11.0' }), [
        image({ status: { rollout } }),
      ]),
    ).toEqual(['acme/whoami:v1.11.0']);
  });

  it('does not count where its rollout failed, by digest where both are known', () => {
    const failed = (over: object = {}) =>
      image({ status: { rollout: { tag: 'v1.11.0', phase: 'Failed', since: '', workloads: [], ...over } } });
    expect(after(named('demos=v1.11.0'), [failed()])).toEqual(['acme/whoami:v1.10.2']);
    expect(after(named(`demos=v1.11.0@${digest}`), [failed({ digest })])).toEqual(['acme/whoami:v1.10.2']);
    expect(after(named(`demos=v1.11.0@${otherDigest}`), [failed({ digest })])).toEqual(['acme/whoami:v1.11.0']);
    expect(after(named('demos=v1.12.0'), [failed()])).toEqual(['acme/whoami:v1.12.0']);
    expect(after(named('demos=v1.11.0'), [failed({ phase: 'Progressing' })])).toEqual(['acme/whoami:v1.11.0']);
  });
});

describe('which Image', () => {
  const images = [image({ name: 'one' }), image({ name: 'two', tag: 'v1.9.5' })];

  it('is the one that the pod names', () => {
    expect(after(pod('acme/whoami:v1.9.0', { 'kimup.cloudavenue.io/image': 'two' }), images)).toEqual([
      'acme/whoami:v1.9.5',
    ]);
  });

  it('is none for a tie, and a warning names both', () => {
    for (const annotations of [undefined, { 'kimup.cloudavenue.io/image': 'three' }]) {
      const { patches: puts, warnings } = mutatePod(
        pod(['acme/whoami:v1.9.0', 'acme/whoami:v1.8.0'], annotations),
        among(...images),
      );
      expect(puts).toEqual([]);
      expect(warnings).toEqual([expect.stringMatching(/docker\.io\/acme\/whoami.*one, two$/)]);
    }
  });

  it('is the one on whose track the container is, before one that would take any word', () => {
    const server = {
      ...image({ name: 'server', tag: 'server-0.7.0' }),
      spec: { ...image().spec, baseTag: 'server-0.1.0', tags: { extract: '^server-(.*)$' } },
    };
    const status = { ...server.status, baseTag: 'server-0.1.0' };
    expect(after(pod(['acme/whoami:server-0.5.0', 'acme/whoami:v1.9.0']), [image(), { ...server, status }])).toEqual([
      'acme/whoami:server-0.7.0',
      'acme/whoami:v1.10.2',
    ]);
  });

  it('is found for each repository of a pod by itself', () => {
    expect(
      after(pod(['acme/whoami:v1.9.0', 'nginx:1.26']), [image(), image({ name: 'web', image: 'nginx', tag: '1.27' })]),
    ).toEqual(['acme/whoami:v1.10.2', 'nginx:1.27']);
  });
});

describe('which containers', () => {
  const all: Pod = {
    spec: {
      initContainers: [{ name: 'init', image: 'acme/whoami:v1.9.0' }],
      containers: [{ name: 'side', image: 'nginx:1' }, { name: 'main', image: 'acme/whoami:v1.9.0' }, { name: 'none' }],
      ephemeralContainers: [
        { name: 'old', image: 'acme/whoami:v1.9.0' },
        { name: 'new', image: 'acme/whoami:v1.9.0' },
      ],
    },
  };

  it('are those of every list', () => {
    expect(mutatePod(all, among(image())).patches).toEqual([
      { list: 'initContainers', index: 0, image: 'acme/whoami:v1.10.2' },
      { list: 'containers', index: 1, image: 'acme/whoami:v1.10.2' },
      { list: 'ephemeralContainers', index: 0, image: 'acme/whoami:v1.10.2' },
      { list: 'ephemeralContainers', index: 1, image: 'acme/whoami:v1.10.2' },
    ]);
  });

  it('are only the new ephemeral ones of a running pod', () => {
    const before: Pod = { spec: { ...all.spec, ephemeralContainers: all.spec!.ephemeralContainers!.slice(0, 1) } };
    expect(mutatePod(all, among(image()), before).patches).toEqual([
      { list: 'ephemeralContainers', index: 1, image: 'acme/whoami:v1.10.2' },
    ]);
  });

  it('may be none', () => {
    expect(mutatePod({}, among(image()))).toEqual({ patches: [], warnings: [] });
  });
});

describe('answering twice', () => {
  const tag = fc.constantFrom(
    'latest',
    'v1',
    'v1.9.0',
    'v1.10.2',
    '1.10.2',
    'v1.10.2-alpine',
    'v2.0.0-rc.1',
    'v2',
    'edge',
    '20240101',
    '2024.01',
  );
  const container = fc
    .tuple(
      fc.constantFrom('nginx', 'docker.io/library/nginx', 'localhost:5000/app', 'other/app'),
      fc.option(tag, { nil: undefined }),
      fc.boolean(),
    )
    .map(([name, of, pinned]) => `${name}${of === undefined ? '' : `:${of}`}${pinned ? `@${digest}` : ''}`);
  const images = fc.tuple(tag, tag, fc.option(tag)).map(([a, b, failed]) => [
    image({
      name: 'web',
      image: 'nginx',
      tag: a,
      status: failed === null ? {} : { rollout: { tag: failed, phase: 'Failed', since: '', workloads: [] } },
    }),
    image({ name: 'app', image: 'localhost:5000/app', tag: b }),
  ]);
  const annotations = fc.record({ 'kimup.cloudavenue.io/images': tag.map((of) => `web=${of}`) }, { requiredKeys: [] });

  it('changes nothing, and a digest or another repository never changes at all', () => {
    fc.assert(
      fc.property(fc.array(container, { maxLength: 5 }), images, annotations, (containers, of, says) => {
        const once = after(pod(containers, says), of);
        expect(after(pod(once as string[], says), of)).toEqual(once);
        containers.forEach((own, index) => {
          if (own.includes('@') || own.startsWith('other/')) expect(once[index]).toBe(own);
        });
      }),
    );
  });
});
