import type { Namespace } from '../../../application/ports/namespace-store.ts';
import {
  ENABLED_ANNOTATION,
  FAILURE_POLICY_ANNOTATION,
  MIRROR_POD_ANNOTATION,
  saysEnabled,
  saysPolicy,
} from '../../../domain/assignment/scope.ts';

/** The contract's name for kimup's MutatingWebhookConfiguration. */
export const WEBHOOK_CONFIGURATION = 'kimup-mutator';

/** Where the API server reaches the webhook: a Service in the cluster, or the whole URL of a process outside. */
export type WebhookAddress =
  | {
      readonly service: {
        readonly namespace: string;
        readonly name: string;
        readonly port: number;
        readonly path: string;
      };
    }
  | { readonly url: string };

/** What the configuration is made of. */
export interface WebhookConfigurationInput {
  readonly namespaces: readonly Namespace[];
  /** Left alone whatever they or their pods say. */
  readonly excluded: readonly string[];
  readonly address: WebhookAddress;
  /** PEM. */
  readonly authority: string;
}

/** An entry of `webhooks`, with every field that the API server would default, so that equal means equal. */
export interface Webhook {
  readonly name: string;
  readonly failurePolicy: 'Fail' | 'Ignore';
  readonly namespaceSelector: {
    readonly matchExpressions: readonly {
      readonly key: string;
      readonly operator: 'In' | 'NotIn';
      readonly values: readonly string[];
    }[];
  };
  readonly matchConditions: readonly { readonly name: string; readonly expression: string }[];
  readonly [field: string]: unknown;
}

/**
 * The `webhooks` of kimup's MutatingWebhookConfiguration: every pod in scope meets exactly one entry, with the failure policy
 * that it has; every other pod meets none, so that the API server does not even ask. A pod says its part itself, by
 * matchConditions; what namespaces say is kept as lists of their names, since no condition sees a pod's namespace.
 */
export function buildWebhooks(input: WebhookConfigurationInput): readonly Webhook[] {
  const said = input.namespaces.filter(({ name }) => !input.excluded.includes(name));
  const ignoring = said.filter(({ annotations }) => saysPolicy(annotations) === 'ignore');
  const others = said.filter(({ annotations }) => saysPolicy(annotations) !== 'ignore');
  return [...entriesOfNamespaces(input, ignoring, others), ...entriesOfPods(input, ignoring, others)];
}

const OPTED_IN = says(ENABLED_ANNOTATION, 'true');
const NOT_OPTED_OUT = not(says(ENABLED_ANNOTATION, 'false'));
const FAILS = says(FAILURE_POLICY_ANNOTATION, 'fail');
const IGNORES = says(FAILURE_POLICY_ANNOTATION, 'ignore');

/** Namespaces in scope: their pods, but for those that opt out or have a policy of their own that is the other one. */
function entriesOfNamespaces(
  input: WebhookConfigurationInput,
  ignoring: readonly Namespace[],
  others: readonly Namespace[],
): readonly Webhook[] {
  return [
    ...entry(input, 'fail.namespaces', 'Fail', isIn(others.filter(enabled)), {
      'is-not-opted-out': NOT_OPTED_OUT,
      fails: not(`${OPTED_IN} && ${IGNORES}`),
    }),
    ...entry(input, 'ignore.namespaces', 'Ignore', isIn(ignoring.filter(enabled)), {
      'is-not-opted-out': NOT_OPTED_OUT,
      ignores: not(`${OPTED_IN} && ${FAILS}`),
    }),
  ];
}

/** Pods that opt in themselves, wherever the entries of namespaces do not have them already. */
function entriesOfPods(
  input: WebhookConfigurationInput,
  ignoring: readonly Namespace[],
  others: readonly Namespace[],
): readonly Webhook[] {
  const optedIn = { 'is-opted-in': OPTED_IN };
  const notIn = (namespaces: readonly Namespace[]): Selection => ({
    operator: 'NotIn',
    values: [...input.excluded, ...names(namespaces)],
  });
  return [
    ...entry(input, 'fail.pods', 'Fail', notIn([...ignoring, ...others.filter(enabled)]), {
      ...optedIn,
      fails: not(IGNORES),
    }),
    ...entry(input, 'fail.pods.in-ignoring-namespaces', 'Fail', isIn(ignoring), { ...optedIn, fails: FAILS }),
    ...entry(input, 'ignore.pods', 'Ignore', notIn(ignoring), { ...optedIn, ignores: IGNORES }),
    ...entry(input, 'ignore.pods.in-ignoring-namespaces', 'Ignore', isIn(ignoring.filter((one) => !enabled(one))), {
      ...optedIn,
      ignores: not(FAILS),
    }),
  ];
}

/** Which namespaces an entry is for, by their names. */
interface Selection {
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

function isIn(namespaces: readonly Namespace[]): Selection {
  return { operator: 'In', values: names(namespaces) };
}

function enabled({ annotations }: Namespace): boolean {
  return saysEnabled(annotations) === true;
}

/**
 * One entry; none where no namespace is selected.
 * @param pod what is asked of the pod itself, in CEL, by the conditions' names
 */
function entry(
  input: WebhookConfigurationInput,
  name: string,
  failurePolicy: 'Fail' | 'Ignore',
  { operator, values }: Selection,
  pod: Readonly<Record<string, string>>,
): Webhook[] {
  if (operator === 'In' && values.length === 0) return [];
  const conditions = { 'is-no-mirror-pod': not(has(MIRROR_POD_ANNOTATION)), ...pod };
  return [
    {
      ...common(input),
      name: `${name}.kimup.cloudavenue.io`,
      failurePolicy,
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator, values: [...values].sort() }],
      },
      matchConditions: Object.entries(conditions).map(([condition, expression]) => ({ name: condition, expression })),
    },
  ];
}

/** What all entries have alike. */
function common({ address, authority }: WebhookConfigurationInput): Readonly<Record<string, unknown>> {
  return {
    admissionReviewVersions: ['v1'],
    clientConfig: { ...address, caBundle: Buffer.from(authority).toString('base64') },
    matchPolicy: 'Equivalent',
    objectSelector: {},
    // Answering twice changes nothing, and a container that another webhook adds after us gets its tag too.
    reinvocationPolicy: 'IfNeeded',
    rules: [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' },
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        operations: ['UPDATE'],
        resources: ['pods/ephemeralcontainers'],
        scope: 'Namespaced',
      },
    ],
    sideEffects: 'None',
    timeoutSeconds: 5,
  };
}

function names(namespaces: readonly Namespace[]): string[] {
  return namespaces.map(({ name }) => name);
}

/** CEL: whether the object has the annotation. */
function has(annotation: string): string {
  return `(has(object.metadata.annotations) && '${annotation}' in object.metadata.annotations)`;
}

/** CEL: whether the object has the annotation with this value. */
function says(annotation: string, value: string): string {
  return `(has(object.metadata.annotations) && '${annotation}' in object.metadata.annotations && object.metadata.annotations['${annotation}'] == '${value}')`;
}

function not(expression: string): string {
  return `!(${expression})`;
}
