import { describe, expect, it } from 'vitest';
import { IMAGES, NAMESPACES, pathOf, PODS } from './resource.ts';

describe('pathOf', () => {
  it.each([
    [NAMESPACES, {}, '/api/v1/namespaces'],
    [NAMESPACES, { name: 'default' }, '/api/v1/namespaces/default'],
    [PODS, {}, '/api/v1/pods'],
    [PODS, { namespace: 'default' }, '/api/v1/namespaces/default/pods'],
    [
      IMAGES,
      { namespace: 'a', name: 'b.c-d', subresource: 'status' },
      '/apis/kimup.cloudavenue.io/v1alpha1/namespaces/a/images/b.c-d/status',
    ],
  ])('of %o at %o is %s', (resource, at, path) => {
    expect(pathOf(resource, at)).toBe(path);
  });

  it.each(['', '.', '..', 'a/b', '../secrets', 'a?b', 'a%2fb', 'A', 'a b', '-a', 'a-', 'ä', 'a\n', 'x'.repeat(254)])(
    'refuses the name %j',
    (name) => {
      expect(() => pathOf(PODS, { namespace: 'default', name })).toThrow(TypeError);
      expect(() => pathOf(PODS, { namespace: name, name: 'a' })).toThrow(TypeError);
    },
  );

  it('refuses a namespace for what has none, and one object without the namespace that it needs', () => {
    expect(() => pathOf(NAMESPACES, { namespace: 'a', name: 'b' })).toThrow(/has no namespace/);
    expect(() => pathOf(PODS, { name: 'b' })).toThrow(/needs a namespace/);
  });
});
