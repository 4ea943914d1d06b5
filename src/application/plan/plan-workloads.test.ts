import { describe, expect, it } from 'vitest';
import type { Image } from '../../domain/image/image.ts';
import type { ImageSpec } from '../../domain/image/image-spec.ts';
import type { ImageStatus } from '../../domain/image/image-status.ts';
import { buildSpec } from '../../domain/rule/rule-catalogue.ts';
import { ActionCatalogue } from '../action/action-catalogue.ts';
import { RegistryError } from '../ports/tag-registry.ts';
import type { KnownTags } from '../decision/evaluate-image.ts';
import { planImages, TagSource } from './plan-images.ts';
import type { PlannedWorkload, Surroundings, WorkloadToPlan } from './plan-workloads.ts';

const REPOSITORY = 'registry.test/app';
const SINCE = '2026-11-22T12:00:00Z';

class Tags extends TagSource {
  constructor(readonly tags: readonly string[]) {
    super();
  }

  override async of({ spec: { image } }: Image): Promise<KnownTags> {
    if (image.startsWith('down.')) throw new RegistryError('the registry is down', 'unreachable');
    return { tags: this.tags, facts: { unknown: 'the tags come from a file' } };
  }
}

interface Given {
  readonly name?: string;
  readonly namespace?: string;
  readonly spec?: Partial<ImageSpec>;
  readonly status?: Partial<ImageStatus>;
}

function imageOf({ name = 'demos', namespace = 'team', spec: given = {}, status = {} }: Given): Image {
  const spec: ImageSpec = {
    image: REPOSITORY,
    baseTag: '1.9.0',
    imagePullSecrets: [],
    insecureSkipTLSVerify: false,
    triggers: [],
    rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
    ...given,
  };
  return {
    namespace,
    name,
    uid: name,
    generation: 1,
    resourceVersion: '1',
    annotations: {},
    deleting: false,
    spec,
    status: { conditions: [], ...status },
  };
}

function workload(
  images: string | Record<string, string>,
  { annotations = {}, ...over }: Partial<WorkloadToPlan> & { annotations?: Record<string, string> } = {},
): WorkloadToPlan {
  const containers = typeof images === 'string' ? { main: images } : images;
  return {
    kind: 'Deployment',
    namespace: 'team',
    name: 'web',
    pod: {
      metadata: { annotations },
      spec: { containers: Object.entries(containers).map(([name, image]) => ({ name, image })) },
    },
    ...over,
  };
}

/** The workloads of each Image's entry. */
async function planned(
  images: readonly Given[],
  workloads: readonly WorkloadToPlan[],
  {
    tags = ['1.9.0', '1.10.2'],
    namespaces = new Map(),
  }: { tags?: readonly string[]; namespaces?: Surroundings['namespaces'] } = {},
): Promise<readonly (readonly PlannedWorkload[] | undefined)[]> {
  const plans = await planImages(
    images.map((given) => {
      const image = imageOf(given);
      return { image, ...buildSpec(image.spec) };
    }),
    new Tags(tags),
    { explain: false, now: Date.parse(SINCE), actions: new ActionCatalogue() },
    { workloads, namespaces },
  );
  return plans.map(({ entry }) => entry.workloads);
}

/** `image -> becomes: reason` of the only Image's containers. */
async function told(
  given: Given,
  workloads: readonly WorkloadToPlan[],
  more: Parameters<typeof planned>[2] = {},
): Promise<readonly string[]> {
  const [entry] = await planned([given], workloads, more);
  return (entry ?? []).flatMap(({ containers }) =>
    containers.map(
      ({ image, becomes, reason }) =>
        `${image.replace('registry.test/', '')} -> ${becomes?.replace('registry.test/', '') ?? 'stays'}: ${reason}`,
    ),
  );
}

describe('what becomes of workloads', () => {
  it('has the shape that is documented', async () => {
    expect(await planned([{}], [workload({ main: `${REPOSITORY}:1.9.0`, side: 'nginx:1' })])).toEqual([
      [
        {
          kind: 'Deployment',
          namespace: 'team',
          name: 'web',
          containers: [
            {
              name: 'main',
              image: `${REPOSITORY}:1.9.0`,
              becomes: `${REPOSITORY}:1.10.2`,
              reason: 'gets 1.10.2, the tag of Image demos',
            },
          ],
        },
      ],
    ]);
  });

  it.each<[string, string]>([
    ['app:1.9.0', 'app:1.10.2: gets 1.10.2, the tag of Image demos'],
    ['app:1.8.7', 'app:1.10.2: gets 1.10.2, the tag of Image demos'],
    ['app', 'app:1.10.2: gets 1.10.2, the tag of Image demos'],
    ['app:1.10.2', 'stays: it has 1.10.2, the tag of Image demos'],
    ['app:1.11.0', 'stays: its tag is above 1.10.2, the tag of Image demos'],
    ['app:0.9.0', 'stays: no rule of Image demos with apply or request-approval leads from 0.9.0 to 1.10.2'],
    ['app:1.9.0-alpine', 'stays: its variant differs from that of 1.10.2, the tag of Image demos'],
    [`app:1.9.0@sha256:${'a'.repeat(64)}`, 'stays: it is pinned to a digest, which kimup does not change'],
  ])('%s -> %s', async (image, becomes) => {
    expect(await told({}, [workload(`registry.test/${image}`)])).toEqual([`${image} -> ${becomes}`]);
  });

  it('is of the tag after the move: a changed baseTag, an update under way, none where nothing moves', async () => {
    const on = { tag: '1.9.0', image: REPOSITORY, baseTag: '1.9.0' };
    expect(
      await told({ spec: { baseTag: '1.9.5' }, status: on }, [workload(`${REPOSITORY}:1.9.0`)], {
        tags: ['1.9.0', '1.9.5'],
      }),
    ).toEqual(['app:1.9.0 -> app:1.9.5: gets 1.9.5, the tag of Image demos']);
    expect(
      await told({ status: { ...on, update: { tag: '1.9.3', rule: 'minor', since: SINCE } } }, [
        workload(`${REPOSITORY}:1.9.0`),
      ]),
    ).toEqual(['app:1.9.0 -> app:1.9.3: gets 1.9.3, the tag of Image demos']);
    expect(await told({ status: { ...on, tag: '1.10.2' } }, [workload(`${REPOSITORY}:1.9.0`)])).toEqual([
      'app:1.9.0 -> app:1.10.2: gets 1.10.2, the tag of Image demos',
    ]);
  });

  it('is what the template names where nothing moves', async () => {
    const named = workload(`${REPOSITORY}:1.9.0`, { annotations: { 'kimup.cloudavenue.io/images': 'demos=1.9.7' } });
    expect(await told({ status: { tag: '1.10.2', image: REPOSITORY, baseTag: '1.9.0' } }, [named])).toEqual([
      'app:1.9.0 -> app:1.9.7: gets 1.9.7, the tag of Image demos',
    ]);
    expect(await told({}, [named])).toEqual(['app:1.9.0 -> app:1.10.2: gets 1.10.2, the tag of Image demos']);
  });

  it('is for workloads of the namespace alone', async () => {
    expect(await planned([{}], [workload(`${REPOSITORY}:1.9.0`, { namespace: 'other' })])).toEqual([[]]);
  });

  it('is nothing where the files have no workload', async () => {
    expect(await planned([{}], [])).toEqual([undefined]);
  });

  it('is not known where the registry could not be asked', async () => {
    const [down] = await planned([{ spec: { image: 'down.test/app' } }], [workload('down.test/app:1.9.0')]);
    expect(down![0]!.containers).toEqual([
      { name: 'main', image: 'down.test/app:1.9.0', becomes: null, reason: expect.stringContaining('not known') },
    ]);
  });
});

describe('scope', () => {
  const ENABLED = 'kimup.cloudavenue.io/enabled';
  const web = (said?: string): WorkloadToPlan =>
    workload(`${REPOSITORY}:1.9.0`, said === undefined ? {} : { annotations: { [ENABLED]: said } });
  const gets = 'app:1.9.0 -> app:1.10.2: gets 1.10.2, the tag of Image demos';

  it.each<[string, string | undefined, string | undefined | null, string]>([
    ['is taken as given where nothing says otherwise', undefined, undefined, gets],
    ['nor does a namespace that says nothing', undefined, null, gets],
    [
      'is not there where the pods say so',
      'false',
      'true',
      'app:1.9.0 -> stays: not in scope: its pods have kimup.cloudavenue.io/enabled: "false"',
    ],
    [
      'is not there where the namespace says so',
      undefined,
      'false',
      'app:1.9.0 -> stays: not in scope: its namespace has kimup.cloudavenue.io/enabled: "false"',
    ],
    ['is there where the pods say so, whatever the namespace says', 'true', 'false', gets],
  ])('%s', async (_, pod, namespace, expected) => {
    const namespaces = new Map(
      namespace === undefined ? [] : [['team', namespace === null ? undefined : { [ENABLED]: namespace }]],
    );
    expect(await told({}, [web(pod)], { namespaces })).toEqual([expected]);
  });

  it('is never in kube-system', async () => {
    const [entry] = await planned(
      [{ namespace: 'kube-system' }],
      [workload(`${REPOSITORY}:1.9.0`, { namespace: 'kube-system' })],
    );
    expect(entry![0]!.containers[0]!.becomes).toBeNull();
  });
});

describe('several Images for one repository', () => {
  const two: readonly Given[] = [{ name: 'one' }, { name: 'seventeen', spec: { baseTag: '17.0.0' } }];
  const tags = ['1.9.0', '1.10.2', '17.0.0', '17.2.0'];

  it('each have the containers of their own track', async () => {
    const [one, seventeen] = await planned(
      two,
      [workload({ old: `${REPOSITORY}:1.9.0`, new: `${REPOSITORY}:17.1.0` })],
      { tags },
    );
    expect(one![0]!.containers.map(({ becomes, reason }) => [becomes, reason])).toEqual([
      [`${REPOSITORY}:1.10.2`, 'gets 1.10.2, the tag of Image one'],
      [null, 'gets its tag from Image seventeen'],
    ]);
    expect(seventeen![0]!.containers.map(({ becomes, reason }) => [becomes, reason])).toEqual([
      [null, 'gets its tag from Image one'],
      [`${REPOSITORY}:17.2.0`, 'gets 17.2.0, the tag of Image seventeen'],
    ]);
  });

  it('put nothing where a container is on the track of both, unless the pods name one', async () => {
    const both: readonly Given[] = [{ name: 'one' }, { name: 'two' }];
    const [one] = await planned(both, [workload(`${REPOSITORY}:1.9.0`)], { tags });
    expect(one![0]!.containers[0]).toMatchObject({
      becomes: null,
      reason: expect.stringMatching(/several Images.*kimup\.cloudavenue\.io\/image to one of one, two$/),
    });
    const [mine, theirs] = await planned(
      both,
      [workload(`${REPOSITORY}:1.9.0`, { annotations: { 'kimup.cloudavenue.io/image': 'two' } })],
      { tags },
    );
    expect([mine, theirs].map((entry) => entry![0]!.containers[0]!.becomes)).toEqual([null, `${REPOSITORY}:1.10.2`]);
  });
});
