import { expect, it } from 'vitest';
import type { PlanEntry } from '../../../application/plan/plan-images.ts';
import { table } from './table.ts';

const ENTRY: PlanEntry = {
  namespace: 'default',
  name: 'demos',
  image: 'registry.test/app',
  currentTag: 'v1.9.0',
  rules: [
    { name: 'minor', type: 'semver-minor', tag: 'v1.10.2', reason: 'v1.10.2 is the highest' },
    { name: 'major', type: 'semver-major', tag: null, reason: 'no tag with a major above 1' },
  ],
  move: { rule: 'minor', tag: 'v1.10.2', action: 'apply' },
};

it('says on top what would happen and why, then what each rule says', () => {
  expect(table([{ entry: ENTRY, why: 'v1.10.2 is the highest' }], false)).toBe(`default/demos  registry.test/app:v1.9.0
  moves v1.9.0 -> v1.10.2 by rule "minor": v1.10.2 is the highest

  RULE   TYPE          TAG      WHY
  minor  semver-minor  v1.10.2  v1.10.2 is the highest
  major  semver-major  -        no tag with a major above 1
`);
});

it.each<[string, Partial<PlanEntry>, string | undefined, string]>([
  [
    'asks for approval',
    { move: { rule: 'minor', tag: 'v1.10.2', action: 'request-approval' } },
    'x',
    'asks for approval to move v1.9.0 -> v1.10.2 by rule "minor": x',
  ],
  [
    'takes the same tag again',
    { move: { rule: 'digest', tag: 'v1.9.0', action: 'apply' } },
    'x',
    'moves v1.9.0 (pushed again with a new digest) by rule "digest": x',
  ],
  [
    'finds nothing',
    { move: null, rules: [ENTRY.rules[1]!] },
    undefined,
    'stays on v1.9.0: no rule finds a tag to move to',
  ],
  [
    'only tells people',
    { move: null },
    undefined,
    'stays on v1.9.0: no rule that finds a tag has the action apply or request-approval',
  ],
  [
    'is under way',
    { move: null },
    'the update to v1.10.2 (minor) is in progress',
    'stays on v1.9.0: the update to v1.10.2 (minor) is in progress',
  ],
  [
    'has a registry that fails',
    { move: null, error: 'registry x answered 500' },
    undefined,
    'error: registry x answered 500',
  ],
])('says of an Image that %s', (_, changes, why, expected) => {
  expect(table([{ entry: { ...ENTRY, ...changes }, why }], false)).toContain(`\n  ${expected}\n`);
});

it('says which triggers are refused, also where the registry fails', () => {
  const triggers = [
    { field: 'spec.triggers[0].value', message: '"@every 1m"\u001B' },
    { field: 'spec.triggers[2].value', message: 'has no fields' },
  ];
  const line = '  invalid: spec.triggers[0].value: "@every 1m"?\n  invalid: spec.triggers[2].value: has no fields\n';
  expect(table([{ entry: { ...ENTRY, triggers }, why: 'x' }], false)).toContain(`by rule "minor": x\n${line}\n  RULE`);
  expect(table([{ entry: { ...ENTRY, triggers, error: 'registry x answered 500' } }], false)).toContain(
    `\n  error: registry x answered 500\n${line}`,
  );
});

it('is coloured only where it is asked to be, and never by what a manifest says', () => {
  const sneaky = { ...ENTRY, rules: [{ ...ENTRY.rules[0]!, name: '\u001B[2Jminor\u202E' }] };
  const plain = table([{ entry: sneaky }], false);
  for (const sneaked of ['\u001B', '\u202E']) expect(plain).not.toContain(sneaked);
  expect(plain).toContain('?[2Jminor?');
  const coloured = table([{ entry: sneaky }], true);
  expect(coloured).toContain('\u001B[32m');
  expect(coloured).not.toContain('\u001B[2J');
});
