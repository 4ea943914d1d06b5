import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { GivenImage } from '../../../test/support/builders/image.ts';
import { FakeImageStore } from '../../../test/support/fakes/fake-image-store.ts';
import { FakeNamespaceStore } from '../../../test/support/fakes/fake-namespace-store.ts';
import { ImageIndex } from '../images/image-index.ts';
import { RuleCache } from '../images/rule-cache.ts';
import { AdmissionOptions, StaleCacheError, type PodReview, ReviewPod } from './review-pod.ts';

describe('the review of a pod', () => {
  let images: FakeImageStore;
  let namespaces: FakeNamespaceStore;
  let reviewPod: ReviewPod;

  const demos = (over: GivenImage & { tag?: string } = {}): GivenImage => ({
    name: 'demos',
    namespace: 'default',
    spec: { image: 'acme/whoami', baseTag: 'v1.9.0' },
    status: { tag: over.tag ?? 'v1.10.2', image: 'acme/whoami', baseTag: 'v1.9.0' },
    ...over,
  });
  const asked = (over: Partial<PodReview> = {}, annotations: Record<string, string> = {}): PodReview => ({
    namespace: 'default',
    operation: 'CREATE',
    subResource: '',
    pod: {
      metadata: { annotations },
      spec: {
        containers: [
          { name: 'side', image: 'nginx' },
          { name: 'main', image: 'acme/whoami:v1.9.0' },
        ],
      },
    },
    ...over,
  });
  const changed = [{ op: 'replace', path: '/spec/containers/1/image', value: 'acme/whoami:v1.10.2' }];

  beforeEach(() => {
    images = new FakeImageStore();
    namespaces = new FakeNamespaceStore();
    namespaces.put('default', { enabled: 'true' });
    images.put(demos());
    reviewPod = new ReviewPod(
      images,
      new ImageIndex(images, new RuleCache()),
      namespaces,
      new AdmissionOptions('kimup-operator'),
    );
  });

  it('replaces the image of the containers in question, and nothing else', () => {
    expect(reviewPod.review(asked())).toEqual({ patch: changed, warnings: [] });
  });

  it('lets pods out of scope by: the pod’s word over the namespace’s', () => {
    expect(reviewPod.review(asked({}, { 'kimup.cloudavenue.io/enabled': 'false' })).patch).toEqual([]);
    namespaces.put('default');
    expect(reviewPod.review(asked()).patch).toEqual([]);
    expect(reviewPod.review(asked({}, { 'kimup.cloudavenue.io/enabled': 'true' })).patch).toEqual(changed);
    namespaces.delete('default');
    expect(reviewPod.review(asked()).patch).toEqual([]);
  });

  it.each(['kube-system', 'kimup-operator'])('leaves %s alone whatever anybody says', (namespace) => {
    namespaces.put(namespace, { enabled: 'true' });
    images.put(demos({ namespace }));
    expect(reviewPod.review(asked({ namespace }, { 'kimup.cloudavenue.io/enabled': 'true' })).patch).toEqual([]);
  });

  it('refuses a pod whose template names an Image that it may not have heard of, and lets it in where the Image is gone', () => {
    const named = { 'kimup.cloudavenue.io/images': 'new=v1.10.2' };
    expect(reviewPod.review(asked({}, named)).patch).toEqual(changed);
    images.downMs = 1;
    expect(() => reviewPod.review(asked({}, named))).toThrow(StaleCacheError);
    namespaces.put('fresh', { enabled: 'true' });
    expect(() => reviewPod.review(asked({ namespace: 'fresh' }, named))).toThrow('fresh/new');
    namespaces.put('early', { enabled: 'true' });
    images.put({ name: 'new', namespace: 'early', spec: { image: 'acme/whoami', baseTag: 'v1.9.0' } });
    expect(() => reviewPod.review(asked({ namespace: 'early' }, named))).toThrow('early/new');
    // What it has heard of it goes on serving.
    expect(reviewPod.review(asked({}, { 'kimup.cloudavenue.io/images': 'demos=v1.10.2' })).patch).toEqual(changed);
    expect(reviewPod.review(asked()).patch).toEqual(changed);
  });

  it('leaves mirror pods alone', () => {
    expect(reviewPod.review(asked({}, { 'kubernetes.io/config.mirror': 'abc' })).patch).toEqual([]);
  });

  it('has only the new ephemeral containers of a running pod', () => {
    const before = { spec: { containers: [{ name: 'main', image: 'acme/whoami:v1.9.0' }] } };
    const pod = { spec: { ...before.spec, ephemeralContainers: [{ name: 'debug', image: 'acme/whoami' }] } };
    expect(
      reviewPod.review(asked({ operation: 'UPDATE', subResource: 'ephemeralcontainers', pod, before })).patch,
    ).toEqual([{ op: 'replace', path: '/spec/ephemeralContainers/0/image', value: 'acme/whoami:v1.10.2' }]);
    expect(reviewPod.review(asked({ operation: 'UPDATE', pod, before })).patch).toEqual([]);
    expect(reviewPod.review(asked({ subResource: 'eviction' })).patch).toEqual([]);
  });

  it('knows an Image by its namespace', () => {
    namespaces.put('other', { enabled: 'true' });
    expect(reviewPod.review(asked({ namespace: 'other' })).patch).toEqual([]);
  });

  it('follows the Images: changed, pointed elsewhere, made unreadable, deleted', () => {
    images.put(demos({ tag: 'v1.11.0' }));
    expect(reviewPod.review(asked()).patch[0]?.value).toBe('acme/whoami:v1.11.0');
    images.put({
      name: 'demos',
      spec: { image: 'acme/other' },
      status: { tag: 'v2', image: 'acme/other', baseTag: 'latest' },
    });
    expect(reviewPod.review(asked()).patch).toEqual([]);
    images.put({ name: 'demos', spec: { image: 'Not A Reference' } });
    expect(reviewPod.review(asked()).patch).toEqual([]);
    images.put(demos());
    expect(reviewPod.review(asked()).patch).toEqual(changed);
    images.delete({ namespace: 'default', name: 'demos' });
    expect(reviewPod.review(asked()).patch).toEqual([]);
  });

  it('warns of a tie until one of the two goes', () => {
    images.put(demos({ name: 'second', tag: 'v1.9.5' }));
    expect(reviewPod.review(asked())).toEqual({ patch: [], warnings: [expect.stringContaining('demos, second')] });
    expect(reviewPod.review(asked({}, { 'kimup.cloudavenue.io/image': 'second' })).patch[0]?.value).toBe(
      'acme/whoami:v1.9.5',
    );
    images.put(demos({ name: 'second', deleting: true }));
    expect(reviewPod.review(asked()).patch).toEqual(changed);
  });

  it('is ready once all Images and namespaces were seen', () => {
    expect(reviewPod.ready()).toBe(true);
    namespaces.setSynced(false);
    expect(reviewPod.ready()).toBe(false);
    namespaces.setSynced(true);
    images.setSynced(false);
    expect(reviewPod.ready()).toBe(false);
  });

  it('looks at no other Image, however many there are beside those of its repository', () => {
    const looks = vi.fn<(name: string) => void>();
    const watched = (name: string, spec: NonNullable<GivenImage['spec']>): void => {
      const image = images.put({ name, spec });
      // The Image as the review gets it, through a store that tells what is looked at.
      for (const field of ['status', 'spec'] as const) {
        const value = image[field];
        Object.defineProperty(image, field, { get: () => (looks(name), value) });
      }
    };
    for (let i = 0; i < 1_000; i++) watched(`i${i}`, { image: `acme/app-${i}` });
    looks.mockClear();
    expect(reviewPod.review(asked()).patch).toEqual(changed);
    expect(looks).not.toHaveBeenCalled();
  });
});
