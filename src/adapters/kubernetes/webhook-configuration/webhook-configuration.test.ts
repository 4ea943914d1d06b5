import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Namespace } from '../../../application/ports/namespace-store.ts';
import { failurePolicy, inScope } from '../../../domain/assignment/scope.ts';
import { buildWebhooks, type Webhook } from './webhook-configuration.ts';

const ENABLED = [undefined, 'true', 'false', 'maybe'] as const;
const POLICIES = [undefined, 'fail', 'ignore', 'whatever'] as const;
const excluded = ['kube-system', 'kimup-operator'];
const build = (namespaces: readonly Namespace[]) =>
  buildWebhooks({
    namespaces,
    excluded,
    address: { service: { namespace: 'kimup-operator', name: 'kimup-webhook', port: 443, path: '/mutate/image-tag' } },
    authority: 'PEM',
  });

const says = (enabled?: string, policy?: string): Record<string, string> => ({
  ...(enabled === undefined ? {} : { 'kimup.cloudavenue.io/enabled': enabled }),
  ...(policy === undefined ? {} : { 'kimup.cloudavenue.io/failure-policy': policy }),
});
const combinations = ENABLED.flatMap((enabled) => POLICIES.map((policy) => says(enabled, policy)));

/** The API server in small: the CEL that is used here reads as JavaScript, word for word. */
function meets(webhook: Webhook, namespace: string, annotations: Record<string, string> | undefined): boolean {
  const selected = webhook.namespaceSelector.matchExpressions.every(
    ({ operator, values }) => values.includes(namespace) === (operator === 'In'),
  );
  const has = (value: unknown) => value !== undefined;
  return (
    selected &&
    webhook.matchConditions.every(({ expression }) =>
      (
        new Function('object', 'has', `return ${expression}`) as (
          object: object,
          has: (value: unknown) => boolean,
        ) => boolean
      )({ metadata: { annotations } }, has),
    )
  );
}

describe('the entries of the webhook configuration', () => {
  const namespaces = combinations.map((annotations, i): Namespace => ({ name: `n${i}`, annotations }));
  const webhooks = build(namespaces);

  it.each(namespaces.map((namespace) => [JSON.stringify(namespace.annotations), namespace] as const))(
    'have each pod in scope exactly once, with its failure policy, in a namespace that says %s',
    (_, { name, annotations }) => {
      for (const pod of [undefined, ...combinations]) {
        const met = webhooks.filter((webhook) => meets(webhook, name, pod)).map(({ failurePolicy: policy }) => policy);
        const expected = inScope(pod, annotations)
          ? [failurePolicy(pod, annotations) === 'fail' ? 'Fail' : 'Ignore']
          : [];
        expect(met, JSON.stringify(pod)).toEqual(expected);
      }
    },
  );

  it('have pods that opt in in a namespace nobody knows yet', () => {
    expect(
      build([])
        .filter((webhook) => meets(webhook, 'new', says('true')))
        .map(({ name }) => name),
    ).toEqual(['fail.pods.kimup.cloudavenue.io']);
    expect(
      build([])
        .filter((webhook) => meets(webhook, 'new', says('true', 'ignore')))
        .map(({ name }) => name),
    ).toEqual(['ignore.pods.kimup.cloudavenue.io']);
    expect(build([]).some((webhook) => meets(webhook, 'new', undefined))).toBe(false);
  });

  it.each(excluded)('have nothing of %s, whatever it or its pods say', (name) => {
    fc.assert(
      fc.property(fc.constantFrom(...combinations), fc.constantFrom(...combinations), (namespace, pod) => {
        expect(build([{ name, annotations: namespace }]).some((webhook) => meets(webhook, name, pod))).toBe(false);
      }),
    );
  });

  it('have no mirror pods', () => {
    for (const { name } of namespaces) {
      expect(
        webhooks.some((webhook) => meets(webhook, name, { ...says('true'), 'kubernetes.io/config.mirror': 'x' })),
      ).toBe(false);
    }
  });

  it('are the same whatever the order of the namespaces, and two at least', () => {
    expect(build([...namespaces].reverse())).toEqual(webhooks);
    expect(build([]).map(({ name }) => name)).toEqual([
      'fail.pods.kimup.cloudavenue.io',
      'ignore.pods.kimup.cloudavenue.io',
    ]);
    expect(new Set(webhooks.map(({ name }) => name)).size).toBe(6);
  });
});
