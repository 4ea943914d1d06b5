import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../../../test/support/domain/rules.ts';
import { buildTagFilter } from '../../tag/tag-filter.ts';
import type { TagFacts } from '../facts.ts';
import { hasPlatform, lacksPlatform } from './platforms.ts';
import type { Exclusion, MissingFacts } from './veto.ts';

const BOTH = ['linux/amd64', 'linux/arm64'];

it.each<[string, readonly string[], TagFacts | undefined, Exclusion | MissingFacts | undefined]>([
  ['no platform is asked for', [], undefined, undefined],
  ['its platforms are not known yet', BOTH, undefined, { tag: '1.1', missing: ['platforms'] }],
  [
    'nobody knows its platforms',
    BOTH,
    { platforms: { unknown: 'a file' } },
    { reason: 'has unknown platforms: a file' },
  ],
  ['it has all', BOTH, { platforms: ['linux/arm64/v8', 'linux/amd64'] }, undefined],
  ['it lacks one', BOTH, { platforms: ['linux/amd64'] }, { reason: 'lacks linux/arm64' }],
  ['it lacks all', BOTH, { platforms: [] }, { reason: 'lacks linux/amd64, linux/arm64' }],
])('where %s', (_, platforms, known, expected) => {
  const veto = lacksPlatform(
    { tag: '1.1', rule: ruleOf('semver-minor') },
    {
      rules: [],
      currentTag: '1.0',
      tags: ['1.0', '1.1'],
      filter: buildTagFilter({ platforms }),
      facts: new Map(known === undefined ? [] : [['1.1', known]]),
    },
  );
  expect(veto).toEqual(expected);
});

describe('a platform', () => {
  it.each<[platforms: string, wanted: string, has: boolean]>([
    ['linux/amd64 linux/arm64/v8', 'linux/amd64', true],
    ['linux/amd64 linux/arm64/v8', 'linux/arm64', true],
    ['linux/amd64 linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm', 'linux/arm/v7', true],
    ['linux/arm', 'linux/arm/v6', false],
    ['linux/arm/v6', 'linux/arm/v7', false],
    ['linux/arm/v6 linux/arm/v7', 'linux/arm', true],
    ['windows/amd64', 'linux/amd64', false],
    ['', 'linux/amd64', false],
    ['Linux/AMD64', 'linux/amd64', true],
  ])('of [%s]: %s is there: %s', (platforms, wanted, has) => {
    expect(hasPlatform(platforms.split(' '), wanted)).toBe(has);
  });
});
