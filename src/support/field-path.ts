/** Where something stands in an object, from its root: `['spec', 'rules', 0, 'type']`. */
export type FieldPath = readonly (string | number)[];

/** The text of a path as the API server writes it: `spec.rules[0].type`. */
export function fieldText(path: FieldPath): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? part : `.${part}`)).join('');
}
