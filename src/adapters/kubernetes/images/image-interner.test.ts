import { describe, expect, it } from 'vitest';
import { imageOf, type RawImage } from './image-mapping.ts';
import { SharedValues } from './shared-values.ts';
import { ImageInterner } from './image-interner.ts';

const raw = (name: string, over: object = {}): RawImage =>
  JSON.parse(
    JSON.stringify({
      apiVersion: 'kimup.cloudavenue.io/v1alpha1',
      kind: 'Image',
      metadata: {
        name,
        namespace: 'default',
        uid: `uid-of-${name}`,
        resourceVersion: '7',
        generation: 2,
        labels: { a: 'b' },
        annotations: { 'kimup.cloudavenue.io/tag': 'v1.0.0', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
        managedFields: [{ manager: 'kubectl', fieldsV1: {} }],
      },
      spec: {
        image: `registry.example/${name}`,
        baseTag: 'v1.0.0',
        triggers: [{ type: 'crontab', value: '0 0 * * *' }],
        rules: [{ name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] }],
      },
      status: {
        tag: 'v1.0.0',
        time: '2026-11-22T10:00:00Z',
        conditions: [
          {
            type: 'Ready',
            status: 'True',
            reason: 'UpToDate',
            message: `on v1.0.0; minor: no tag is newer`,
            lastTransitionTime: '2026-11-22T10:00:00Z',
          },
        ],
      },
      ...over,
    }),
  ) as RawImage;

describe('an Image in memory', () => {
  it('reads as the one that came from the API server', () => {
    const slim = new ImageInterner().trim(raw('demos'));
    expect(imageOf(slim)).toEqual(imageOf(raw('demos')));
  });

  it('has let go of everything else', () => {
    const { read: _, ...rest } = new ImageInterner().trim(raw('demos'));
    expect(rest).toEqual({
      apiVersion: 'kimup.cloudavenue.io/v1alpha1',
      kind: 'Image',
      metadata: { name: 'demos', namespace: 'default', uid: 'uid-of-demos', resourceVersion: '7', generation: 2 },
    });
  });

  it('has its triggers, rules and annotations in common with others that say the same', () => {
    const images = new ImageInterner();
    const [a, b] = [imageOf(images.trim(raw('a'))), imageOf(images.trim(raw('b')))];
    expect(a.spec.triggers).toBe(b.spec.triggers);
    expect(a.spec.rules).toBe(b.spec.rules);
    expect(a.annotations).toBe(b.annotations);
    expect(a.spec.image).not.toBe(b.spec.image);
  });

  it("that can't be read stays what it is, without its managedFields", () => {
    const slim = new ImageInterner().trim(raw('broken', { spec: { image: 3 } }));
    expect(slim.spec).toEqual({ image: 3 });
    expect(slim.metadata).not.toHaveProperty('managedFields');
    expect(() => imageOf(slim)).toThrow('spec.image must be a string');
  });
});

describe('shared values', () => {
  it('are the first of those that are equal', () => {
    const values = new SharedValues();
    const first = { a: [1, 'x'] };
    expect(values.share(first)).toBe(first);
    expect(values.share({ a: [1, 'x'] })).toBe(first);
    expect(values.share({ a: [1, 'y'] })).not.toBe(first);
  });

  it('never take a text for what it spells', () => {
    const values = new SharedValues();
    expect(values.share('{"a":1}')).toBe('{"a":1}');
    expect(values.share({ a: 1 })).toEqual({ a: 1 });
    expect(values.share('={"a":1}')).toBe('={"a":1}');
  });

  it('are forgotten when others came in between, and those in use are not', () => {
    const values = new SharedValues();
    const [used, unused] = [{ n: 'used' }, { n: 'unused' }];
    values.share(used);
    values.share(unused);
    for (let i = 0; i < 20_000; i++) {
      values.share({ i });
      if (i % 1_000 === 0) values.share({ n: 'used' });
    }
    expect(values.share({ n: 'used' })).toBe(used);
    expect(values.share({ n: 'unused' })).not.toBe(unused);
  });
});
