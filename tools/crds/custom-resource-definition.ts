import { stringify } from 'yaml';
import { kindOf } from '../../src/adapters/kubernetes/api/schema.ts';
import { schemaOfClass } from './schema-of-class.ts';

const GROUP = 'kimup.cloudavenue.io';
const VERSION = 'v1alpha1';
/** `kubectl get kube-image-updater` lists all kinds. It can't be `kimup`: `kubectl get kimup NAME` would no longer work. */
const CATEGORY = 'kube-image-updater';

type Class = new () => object;

/** The file in crds/ of a kind's class. */
export function fileName(target: Class): string {
  return `${GROUP}_${kindOf(target).plural}.yaml`;
}

/** The CustomResourceDefinition of a kind's class. */
export function customResourceDefinition(target: Class): object {
  const { kind, plural, singular, shortNames } = kindOf(target);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}`, labels: { 'app.kubernetes.io/name': 'kimup' } },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        ...(shortNames === undefined ? {} : { shortNames }),
        categories: [CATEGORY],
      },
      scope: 'Namespaced',
      versions: [version(target)],
    },
  };
}

/** The one version that is served and stored. */
function version(target: Class): object {
  const { properties, ...schema } = schemaOfClass(target);
  const metadata = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } };
  return {
    name: VERSION,
    served: true,
    storage: true,
    subresources: { status: {} },
    additionalPrinterColumns: kindOf(target).columns,
    schema: { openAPIV3Schema: { ...schema, properties: { ...metadata, ...properties } } },
  };
}

/** YAML as people and `kubectl apply` read it. */
export function toYaml(definition: object): string {
  return `# Generated from src/adapters/kubernetes/api by \`npm run crds\`. Change it there.\n${stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
