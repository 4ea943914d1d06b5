// The schema of a class: what its class-validator decorators say, and what those of api/schema.ts add.
import { createRequire } from 'node:module';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import { type Schema, schemaOf } from '../../src/adapters/kubernetes/api/schema.ts';

type Class = new () => object;

/** What class-transformer knows of `@Type`. It has no public way to it, and an ES module of its own that knows nothing. */
const { defaultMetadataStorage: types } = createRequire(import.meta.url)('class-transformer/cjs/storage.js') as {
  defaultMetadataStorage: { findTypeMetadata(target: object, property: string): { typeFunction(): Class } | undefined };
};

/**
 * A structural schema for the API server: nested classes written out, every property described.
 * @throws TypeError naming the property that has no description or no type
 */
export function schemaOfClass(target: Class): Schema {
  const own = validated(target);
  const properties: Record<string, Schema> = {};
  for (const name of propertiesOf(target)) {
    const property = withKeywords(own.properties?.[name] ?? {}, schemaOf(target, name));
    if (property.description === undefined) throw new TypeError(`${target.name}.${name} has no @Describe`);
    if (property.type === undefined)
      throw new TypeError(`${target.name}.${name} has no type: decorate it with @IsString() or the like`);
    properties[name] = property;
  }
  return {
    ...schemaOf(target),
    type: 'object',
    properties,
    ...(own.required === undefined ? {} : { required: own.required.toSorted() }),
  };
}

/** A property's own CEL rules come before those of its class. */
function withKeywords(schema: Schema, keywords: Schema): Schema {
  const validations = [...(keywords['x-kubernetes-validations'] ?? []), ...(schema['x-kubernetes-validations'] ?? [])];
  return { ...schema, ...keywords, ...(validations.length === 0 ? {} : { 'x-kubernetes-validations': validations }) };
}

function validated(target: Class): Schema {
  return targetConstructorToSchema(target, {
    classTransformerMetadataStorage: types as never,
    additionalConverters: {
      [ValidationTypes.NESTED_VALIDATION]: (meta) => {
        const type = types.findTypeMetadata(meta.target as Class, meta.propertyName);
        if (type === undefined) throw new TypeError(`${(meta.target as Class).name}.${meta.propertyName} has no @Type`);
        return schemaOfClass(type.typeFunction()) as never;
      },
      // The rest of a list's schema is in what its elements are; the API server refuses an empty one.
      isArray: { type: 'array' },
      arrayMinSize: (meta) => ({ type: 'array', minItems: meta.constraints[0] }),
      arrayMaxSize: (meta) => ({ type: 'array', maxItems: meta.constraints[0] }),
    },
  }) as Schema;
}

/** In the order in which the class declares them. */
function propertiesOf(target: Class): string[] {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(target, '', true, false);
  return [...new Set(metadata.map((meta) => meta.propertyName))];
}
