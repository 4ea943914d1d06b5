import { ANNOTATION_PREFIX } from '../image/image.ts';

/** On a namespace, a pod or a pod template: `"true"` or `"false"`; anything else says nothing. */
export const ENABLED_ANNOTATION = `${ANNOTATION_PREFIX}enabled`;
/** On a namespace, a pod or a pod template: {@link FailurePolicy}; anything else says nothing. */
export const FAILURE_POLICY_ANNOTATION = `${ANNOTATION_PREFIX}failure-policy`;
/** The API server's own mark on the pods that it shows for a kubelet's static ones: changing those does nothing. */
export const MIRROR_POD_ANNOTATION = 'kubernetes.io/config.mirror';

/** The annotations of an object by their whole key, as Kubernetes has them; absent where there are none. */
export type Annotations = Readonly<Record<string, string>> | undefined;

/** What happens to a pod in scope when kimup cannot answer: it is refused, or it starts as its manifest says. */
export type FailurePolicy = 'fail' | 'ignore';

/** Whether kimup cares for a pod: the pod's word over its namespace's; nothing said means no. */
export function inScope(pod: Annotations, namespace: Annotations): boolean {
  return (saysEnabled(pod) ?? saysEnabled(namespace)) === true;
}

/** What happens to a pod in scope when kimup cannot answer. The pod's own policy counts only where the pod itself says enabled; else its namespace's, else `fail`. */
export function failurePolicy(pod: Annotations, namespace: Annotations): FailurePolicy {
  const own = saysEnabled(pod) === true ? saysPolicy(pod) : undefined;
  return own ?? saysPolicy(namespace) ?? 'fail';
}

/** Namespaces that kimup leaves alone whatever they or their pods say: the cluster's own, and the one that kimup itself starts in. */
export function excludedNamespaces(own: string): readonly string[] {
  return own === 'kube-system' ? [own] : ['kube-system', own];
}

/** What an object itself says about being in scope. */
export function saysEnabled(annotations: Annotations): boolean | undefined {
  const word = annotations?.[ENABLED_ANNOTATION];
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** What an object itself says about failing. */
export function saysPolicy(annotations: Annotations): FailurePolicy | undefined {
  const word = annotations?.[FAILURE_POLICY_ANNOTATION];
  return word === 'fail' || word === 'ignore' ? word : undefined;
}
