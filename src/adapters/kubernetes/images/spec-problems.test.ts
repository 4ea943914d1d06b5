import { describe, expect, it } from 'vitest';
import { LONGEST_PATTERN, type TagsSpec } from '../../../domain/tag/tags-spec.ts';
import type { RuleSpec } from '../../../domain/rule/rule-spec.ts';
import { LONGEST_RANGE } from '../../../domain/rule/rule-value.ts';
import { buildRule } from '../../../domain/rule/rule-catalogue.ts';
import { buildTagFilter } from '../../../domain/tag/tag-filter.ts';
import { problemsOfImageSpec } from './spec-problems.ts';

const always: RuleSpec = { name: 'a', type: 'always', actions: [{ type: 'apply' }] };
const spec = { image: 'nginx', triggers: [{ type: 'webhook' }], rules: [always] };

/** What the API server says first, and what kimup itself says. */
function both(part: object, build: () => unknown): readonly [string, string] {
  let own = '';
  try {
    build();
  } catch (error) {
    own = (error as Error).message;
  }
  return [problemsOfImageSpec({ ...spec, ...part })[0]?.message ?? '', own];
}

const pattern = (length: number): string => `(${'x'.repeat(length - 2)})`;
const range = (length: number): string => '>=1'.padEnd(length);

describe('the API server and the rules agree', () => {
  it.each<[what: string, tags: TagsSpec, taken: boolean]>([
    ...(['include', 'exclude', 'extract'] as const).flatMap((field): [string, TagsSpec, boolean][] => [
      [`${field} of ${LONGEST_PATTERN} characters`, { [field]: pattern(LONGEST_PATTERN) }, true],
      [`${field} of one more`, { [field]: pattern(LONGEST_PATTERN + 1) }, false],
    ]),
    ...[
      'linux/amd64',
      'linux/arm64/v8',
      'linux/arm/v7',
      'linux/x86_64',
      'wasi/wasm',
      'windows/amd64/10.0-20348',
      'linux/amd64/v_2',
    ].map((platform): [string, TagsSpec, boolean] => [platform, { platforms: [platform] }, true]),
    ...[
      'amd64',
      'linux/',
      '/amd64',
      'linux/arm64/',
      'linux/arm64/v8/x',
      'Linux/AMD64',
      'linux/arm64/V8',
      'linux/amd64\n',
      'linux amd64',
    ].map((platform): [string, TagsSpec, boolean] => [JSON.stringify(platform), { platforms: [platform] }, false]),
    ...['90m', '1d12h', '999999w'].map((minimumAge): [string, TagsSpec, boolean] => [minimumAge, { minimumAge }, true]),
    ...['1.5h', '1 h', '9999999d', '7'].map((minimumAge): [string, TagsSpec, boolean] => [
      minimumAge,
      { minimumAge },
      false,
    ]),
  ])('about spec.tags with %s', (_what, tags, taken) => {
    const [theirs, own] = both({ tags }, () => buildTagFilter(tags));
    expect([theirs === '', own === ''], `${theirs} | ${own}`).toEqual([taken, taken]);
  });

  it.each<[what: string, rule: Pick<RuleSpec, 'type' | 'value'>, taken: boolean]>([
    [`a regex of ${LONGEST_PATTERN} characters`, { type: 'regex', value: pattern(LONGEST_PATTERN) }, true],
    ['a regex of one more', { type: 'regex', value: pattern(LONGEST_PATTERN + 1) }, false],
    [`a range of ${LONGEST_RANGE} characters`, { type: 'semver-range', value: range(LONGEST_RANGE) }, true],
    ['a range of one more', { type: 'semver-range', value: range(LONGEST_RANGE + 1) }, false],
    ['a direction', { type: 'numerical', value: 'asc' }, true],
    ['another direction', { type: 'alphabetical', value: 'up' }, false],
  ])('about %s', (_what, { type, value = '' }, taken) => {
    const rule: RuleSpec = { ...always, type, value };
    const [theirs, own] = both({ rules: [rule] }, () => buildRule(rule, 0));
    expect([theirs === '', own === ''], `${theirs} | ${own}`).toEqual([taken, taken]);
  });
});
