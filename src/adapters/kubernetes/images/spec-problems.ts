import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { ImageSpec } from '../api/image.ts';
import { localChecksOf } from '../api/schema.ts';
import type { FieldPath } from '../../../support/field-path.ts';

/** What is wrong with a field. `path` is from the object's root. */
export interface FieldProblem {
  readonly path: FieldPath;
  readonly message: string;
}

/** What the API server would refuse in the spec of an Image, as far as that can be told without one; none when it would take it. */
export function problemsOfImageSpec(spec: unknown): readonly FieldProblem[] {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec))
    return [{ path: ['spec'], message: 'must be an object' }];
  const instance = plainToInstance(ImageSpec, spec);
  const errors = validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true });
  const problems = errors.flatMap((error) => problemsIn(error, ['spec'], instance));
  // What CEL would look at has to have its types first.
  return problems.length > 0 ? problems : unmetChecks(instance, ['spec']);
}

function problemsIn(error: ValidationError, above: FieldPath, parent: unknown): FieldProblem[] {
  const path = [...above, Array.isArray(parent) ? Number(error.property) : error.property];
  const constraints = error.constraints ?? {};
  const children = (error.children ?? []).flatMap((child) => problemsIn(child, path, error.value));
  if (Object.keys(constraints).length === 0) return children;
  if ('whitelistValidation' in constraints) return [{ path, message: 'unknown field' }];
  if (error.value === undefined) return [{ path, message: 'is required' }];
  // Of a value of a wrong type nothing else is worth a word.
  const wrongType = TYPES.find((type) => type in constraints);
  if (wrongType !== undefined)
    return [
      { path, message: typeMessage(wrongType, error.value) ?? withoutField(constraints[wrongType]!, error.property) },
    ];
  const [message = 'is wrong'] = Object.values(constraints);
  return [{ path, message: withoutField(message, error.property) }, ...children];
}

/** Constraints that say of what type a value has to be, the first the one to tell of. */
const TYPES = ['isArray', 'isBoolean', 'isString', 'isIn'] as const;

/** What to do about it, too: people forget quotes, and YAML makes 1.10 the number 1.1. */
function typeMessage(type: (typeof TYPES)[number], value: unknown): string | undefined {
  switch (type) {
    case 'isArray':
      return 'must be a list';
    case 'isBoolean':
      return 'must be true or false';
    case 'isString':
      return `${Array.isArray(value) ? 'each must' : 'must'} be a string${[value].flat().some((part) => part !== null && typeof part === 'object') ? '' : ': write it in quotes'}`;
    case 'isIn':
      return undefined;
  }
}

/** "type must be …": the field itself is told before. */
function withoutField(message: string, field: string): string {
  return message.replace(new RegExp(`^(nested property )?${field} `), '');
}

function unmetChecks(value: unknown, path: FieldPath): FieldProblem[] {
  if (Array.isArray(value)) return value.flatMap((entry, at) => unmetChecks(entry, [...path, at]));
  if (typeof value !== 'object' || value === null) return [];
  const problems: FieldProblem[] = [];
  for (const { holds, message, fieldPath } of localChecksOf(value.constructor)) {
    if (!holds(value as never))
      problems.push({ path: fieldPath === undefined ? path : [...path, fieldPath.slice(1)], message });
  }
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined || inner === null) continue;
    const here = [...path, name];
    for (const { holds, message } of localChecksOf(value.constructor, name))
      if (!holds(inner as never)) problems.push({ path: here, message });
    problems.push(...unmetChecks(inner, here));
  }
  return problems;
}
