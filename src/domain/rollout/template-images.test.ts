import { describe, expect, it } from 'vitest';
import { imageOf, MINOR } from '../../../test/support/builders/image.ts';
import { podOf, workload } from '../../../test/support/builders/workload.ts';
import { tracked } from '../../../test/support/domain/rules.ts';
import type { Image } from '../image/image.ts';
import { getsAnother, leftBehind, missing, runsOlder, troubleOf } from './template-images.ts';
import type { PinnedTag } from '../reference/pinned-tag.ts';
import type { PodState, Workload } from './workload.ts';
import { RepositoryImages, WorkloadTags } from './workload-tags.ts';

const IMAGE = imageOf({
  spec: {
    image: 'registry.test/whoami',
    rules: [MINOR],
  },
});
const [A, B] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
const TO: PinnedTag = { tag: 'v1.10.2' };
const tagsOf = (of: Workload, image: Image = IMAGE): WorkloadTags =>
  new WorkloadTags(new RepositoryImages(tracked(image), []), of);
const named = (image: string, text?: string) =>
  workload({ image, ...(text === undefined ? {} : { annotations: { 'kimup.cloudavenue.io/images': text } }) });

describe("whether a template's pods would get another image", () => {
  it.each<[string, string, PinnedTag | undefined, PinnedTag, boolean]>([
    ['an older one', 'registry.test/whoami:v1.9.0', undefined, TO, true],
    ['an older one that gets an older tag now', 'registry.test/whoami:v1.9.0', { tag: 'v1.10.0' }, TO, true],
    ['one that gets the tag now', 'registry.test/whoami:v1.9.0', { tag: 'v1.10.2' }, TO, false],
    ['one that has the tag itself', 'registry.test/whoami:v1.10.2', undefined, TO, false],
    ['one without a tag', 'registry.test/whoami', undefined, TO, true],
    ['a higher one', 'registry.test/whoami:v2.0.0', undefined, TO, false],
    ['another variant', 'registry.test/whoami:v1.9.0-alpine', undefined, TO, false],
    ['a digest', `registry.test/whoami@${A}`, undefined, TO, false],
    ['another repository', 'registry.test/other:v1.9.0', undefined, TO, false],
    ['one that gets a higher tag now: a move down', 'registry.test/whoami:v1.9.0', { tag: 'v1.11.0' }, TO, true],
    ['the same tag of another digest', 'registry.test/whoami:v1.9.0', { ...TO, digest: A }, { ...TO, digest: B }, true],
    ['the same tag and digest', 'registry.test/whoami:v1.9.0', { ...TO, digest: A }, { ...TO, digest: A }, false],
    ['the same tag, its digest not known', 'registry.test/whoami:v1.9.0', TO, { ...TO, digest: A }, false],
  ])('%s', (_, image, now, to, expected) => {
    expect(getsAnother(named(image), tagsOf(named(image)), now, to)).toBe(expected);
  });

  it("is a matter of the Image's own containers", () => {
    expect(tagsOf(named('registry.test/whoami:v1.9.0')).concernedBy(TO)).toBe(true);
    expect(tagsOf(named('registry.test/other:v1.9.0')).concernedBy(TO)).toBe(false);
  });
});

describe('the pods of a workload', () => {
  const web = named('registry.test/whoami:v1.9.0', 'demos=v1.10.2');
  const good = podOf(web, { image: 'registry.test/whoami:v1.10.2' });
  const trouble = 'container main: ErrImagePull: not found';

  it.each([
    ['nothing is missing when they carry the tag and are ready', [good], undefined],
    ['one that is not there', [], '0 of 1 pods exist'],
    ['one that is not ready', [{ ...good, ready: false, trouble }], `pod web-0 is not ready: ${trouble}`],
    [
      'one on another tag',
      [podOf(web)],
      "pod web-0: container main runs registry.test/whoami:v1.9.0, not v1.10.2: the pod was created without kimup's webhook (check that the API server can reach it)",
    ],
    ['one that ends does not count', [{ ...good, deleting: true }], '0 of 1 pods exist'],
    ['one that has ended does not count', [{ ...good, finished: true }], '0 of 1 pods exist'],
    [
      'one of another owner with the same labels does not count',
      [{ ...good, owner: { kind: 'ReplicaSet', name: 'web-api-5d4f8', uid: 'x' } }],
      '0 of 1 pods exist',
    ],
    ['one without an owner does not count', [{ ...good, owner: undefined! }], '0 of 1 pods exist'],
  ])('%s', (_, pods, expected) => {
    expect(missing(web, pods, tagsOf(web), IMAGE, TO, 1)).toBe(expected);
  });

  it("below a StatefulSet's partition stay as they are", () => {
    const set = workload({
      kind: 'StatefulSet',
      name: 'db',
      replicas: 2,
      partition: 1,
      annotations: web.template.annotations,
    });
    const pods = [podOf(set, { name: 'db-0' }), podOf(set, { name: 'db-1', image: 'registry.test/whoami:v1.10.2' })];
    expect(missing(set, pods, tagsOf(set), IMAGE, TO, 1)).toBeUndefined();
  });

  it('that run an older tag are told from those above it', () => {
    const plain = named('registry.test/whoami:v1.9.0');
    expect(runsOlder(plain, [podOf(plain)], tagsOf(plain), TO)).toBe(true);
    expect(runsOlder(plain, [podOf(plain, { image: 'registry.test/whoami:v1.10.2' })], tagsOf(plain), TO)).toBe(false);
    expect(runsOlder(plain, [podOf(plain, { image: 'registry.test/whoami:v1.11.0' })], tagsOf(plain), TO)).toBe(false);
  });

  it('that carry a digest are told by it: only the one to be put will do, and another one of the same tag is older', () => {
    const pinning = imageOf({ name: 'pinned', spec: { ...IMAGE.spec, pinDigest: true } });
    const plain = named('registry.test/whoami:v1.9.0', `pinned=v1.10.2@${B}`);
    const to: PinnedTag = { ...TO, digest: B };
    const [before, now, bare] = [`@${A}`, `@${B}`, ''].map((digest) =>
      podOf(plain, { image: `registry.test/whoami:v1.10.2${digest}` }),
    ) as [PodState, PodState, PodState];
    expect(missing(plain, [now], tagsOf(plain, pinning), pinning, to, 1)).toBeUndefined();
    expect(missing(plain, [before], tagsOf(plain, pinning), pinning, to, 1)).toContain(
      `runs registry.test/whoami:v1.10.2@${A}, not v1.10.2@${B}`,
    );
    expect(missing(plain, [bare], tagsOf(plain, pinning), pinning, to, 1)).toContain(
      'runs registry.test/whoami:v1.10.2, not v1.10.2@',
    );
    expect(runsOlder(plain, [before], tagsOf(plain, pinning), to)).toBe(true);
    expect(runsOlder(plain, [now], tagsOf(plain, pinning), to)).toBe(false);
    // A pod of before the digest was known, or was put: nothing is rolled because an Image begins to pin.
    expect(runsOlder(plain, [bare], tagsOf(plain, pinning), to)).toBe(false);
  });

  it('tell why a rollout is stuck: those of the new template, not old ones that were broken before', () => {
    const old = {
      ...podOf(named('registry.test/whoami:v1.9.0')),
      name: 'old',
      ready: false,
      trouble: 'container main: CrashLoopBackOff',
    };
    expect(troubleOf(web, [old], IMAGE)).toBeUndefined();
    expect(troubleOf(web, [old, { ...good, ready: false, trouble }], IMAGE)).toBe(`pod web-0: ${trouble}`);
  });

  it('are left behind when they are not ready and of another template than the present one', () => {
    const back = workload({ kind: 'StatefulSet', name: 'db', replicas: 2 });
    const held = { ...podOf(back, { name: 'db-1', ready: false }), imagesAnnotation: 'demos=v1.10.2' };
    const pods = [podOf(back, { name: 'db-0', ready: false }), held, { ...held, name: 'db-2', ready: true }];
    expect(leftBehind(back, pods, IMAGE)).toEqual([held]);
  });
});
