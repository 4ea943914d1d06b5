import { describe, expect, it } from 'vitest';
import { excludedNamespaces, failurePolicy, inScope } from './scope.ts';

const says = (enabled?: string, policy?: string) => ({
  ...(enabled === undefined ? {} : { 'kimup.cloudavenue.io/enabled': enabled }),
  ...(policy === undefined ? {} : { 'kimup.cloudavenue.io/failure-policy': policy }),
});

describe('scope', () => {
  it.each([
    // pod, namespace, in scope
    [undefined, undefined, false],
    ['true', undefined, true],
    ['false', undefined, false],
    [undefined, 'true', true],
    [undefined, 'false', false],
    ['true', 'false', true],
    ['false', 'true', false],
    ['maybe', 'true', true],
    ['maybe', undefined, false],
    ['', 'true', true],
    ['True', undefined, false],
  ])('of a pod that says %s in a namespace that says %s is %s', (pod, namespace, expected) => {
    expect(inScope(says(pod), says(namespace))).toBe(expected);
  });

  it('is no for objects without annotations', () => {
    expect(inScope(undefined, undefined)).toBe(false);
    expect(inScope(undefined, says('true'))).toBe(true);
  });
});

describe('the failure policy', () => {
  it.each([
    // the pod's enabled and policy, the namespace's policy
    [undefined, undefined, undefined, 'fail'],
    ['true', undefined, undefined, 'fail'],
    ['true', 'ignore', undefined, 'ignore'],
    ['true', 'ignore', 'fail', 'ignore'],
    ['true', 'fail', 'ignore', 'fail'],
    ['true', undefined, 'ignore', 'ignore'],
    ['true', 'whatever', 'ignore', 'ignore'],
    [undefined, 'ignore', undefined, 'fail'],
    [undefined, 'fail', 'ignore', 'ignore'],
    [undefined, undefined, 'ignore', 'ignore'],
    [undefined, undefined, 'whatever', 'fail'],
  ])(
    'of a pod with enabled %s and policy %s in a namespace with policy %s is %s',
    (enabled, policy, namespace, expected) => {
      expect(failurePolicy(says(enabled, policy), says('true', namespace))).toBe(expected);
    },
  );
});

it('leaves out kube-system and the namespace of kimup', () => {
  expect(excludedNamespaces('kimup-operator')).toEqual(['kube-system', 'kimup-operator']);
  expect(excludedNamespaces('kube-system')).toEqual(['kube-system']);
});
