// What a field's decorators of class-validator can't say about a custom resource. Read by tools/crds only.
import 'reflect-metadata';

/** A structural schema of apiextensions.k8s.io/v1, or a part of one. */
export interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema;
  'x-kubernetes-validations'?: Validation[];
  [keyword: string]: unknown;
}

/** A CEL rule, with the message that a user gets who breaks it. */
export interface Validation {
  readonly rule: string;
  readonly message: string;
  /** Where under the field that is at fault stands, e.g. `.value`. */
  readonly fieldPath?: string;
}

/** A column of `kubectl get`. `priority` 1 is for `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

/** How the API server names and shows a kind. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly columns: readonly Column[];
}

const SCHEMA = Symbol('kimup:schema');
const KIND = Symbol('kimup:kind');

type ClassOrProperty = (target: object, property?: string | symbol) => void;

/** Adds keywords to the schema of a property, or of a class. Lists of CEL rules add up. */
export function Schema(keywords: Schema): ClassOrProperty {
  return (target, property) => {
    const constructor = property === undefined ? target : target.constructor;
    const before = schemaOf(constructor, property);
    const validations = [
      ...(keywords['x-kubernetes-validations'] ?? []),
      ...(before['x-kubernetes-validations'] ?? []),
    ];
    const after = {
      ...before,
      ...keywords,
      ...(validations.length === 0 ? {} : { 'x-kubernetes-validations': validations }),
    };
    Reflect.defineMetadata(SCHEMA, after, constructor, ...key(property));
  };
}

/** What `kubectl explain` says. */
export const Describe = (description: string): ClassOrProperty => Schema({ description });

/** What the API server fills in where the field is missing. */
export const Default = (value: unknown): ClassOrProperty => Schema({ default: value });

/** A CEL rule as this program can check it too, without an API server. */
export interface LocalCheck {
  readonly holds: (value: never) => boolean;
  readonly message: string;
  readonly fieldPath?: string | undefined;
}

const LOCAL_CHECKS = Symbol('kimup:local-checks');

/**
 * A CEL rule on a property, or on an object of the class.
 * @param holds the same in TypeScript, for whoever has a manifest and no API server
 */
export const Check =
  <T = never>(rule: string, message: string, fieldPath?: string, holds?: (value: T) => boolean): ClassOrProperty =>
  (target, property) => {
    Schema({ 'x-kubernetes-validations': [{ rule, message, ...(fieldPath === undefined ? {} : { fieldPath }) }] })(
      target,
      property,
    );
    if (holds === undefined) return;
    const constructor = property === undefined ? target : target.constructor;
    Reflect.defineMetadata(
      LOCAL_CHECKS,
      [{ holds, message, fieldPath }, ...localChecksOf(constructor, property)],
      constructor,
      ...key(property),
    );
  };

/** What {@link Check} said of a class, or of one of its properties, that can be checked here. */
export function localChecksOf(constructor: object, property?: string | symbol): readonly LocalCheck[] {
  return (Reflect.getMetadata(LOCAL_CHECKS, constructor, ...key(property)) ?? []) as readonly LocalCheck[];
}

/** An object of Kubernetes' own whose schema is not repeated here: the API server takes it as it is. */
export const Opaque = (type: 'object' | 'array'): ClassOrProperty =>
  Schema(
    type === 'object'
      ? { type, 'x-kubernetes-preserve-unknown-fields': true }
      : { type, items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  );

/** A map from string to string, values at most `maxLength` long. */
export const StringMap = (maxLength: number): ClassOrProperty =>
  Schema({ type: 'object', additionalProperties: { type: 'string', maxLength } });

/** Marks the class of a kind. */
export const CustomResource =
  (kind: Kind) =>
  (target: object): void =>
    Reflect.defineMetadata(KIND, kind, target);

/** What {@link Schema} and its like said of a class, or of one of its properties. */
export function schemaOf(constructor: object, property?: string | symbol): Schema {
  return (Reflect.getMetadata(SCHEMA, constructor, ...key(property)) ?? {}) as Schema;
}

/** What {@link CustomResource} said of a class. */
export function kindOf(constructor: object): Kind {
  const kind = Reflect.getMetadata(KIND, constructor) as Kind | undefined;
  if (kind === undefined) throw new TypeError('the class has no @CustomResource');
  return kind;
}

/** Reflect's optional last argument. */
function key(property: string | symbol | undefined): [string] {
  return (property === undefined ? [] : [property]) as [string];
}
