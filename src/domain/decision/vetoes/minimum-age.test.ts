import { expect, it } from 'vitest';
import { ruleOf } from '../../../../test/support/domain/rules.ts';
import { buildTagFilter } from '../../tag/tag-filter.ts';
import type { TagFacts } from '../facts.ts';
import { tooYoung } from './minimum-age.ts';
import type { Exclusion, MissingFacts } from './veto.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;

it.each<[string, string | undefined, TagFacts | undefined, Exclusion | MissingFacts | undefined]>([
  ['no age is asked for', undefined, undefined, undefined],
  ['its age is not known yet', '2h', undefined, { tag: '1.1', missing: ['firstSeen'] }],
  ['nobody knows its age', '2h', { firstSeen: { unknown: 'a file' } }, { reason: 'has an unknown age: a file' }],
  ['it is old enough to the millisecond', '2h', { firstSeen: NOW - 2 * HOUR }, undefined],
  [
    'it is too young',
    '2h',
    { firstSeen: NOW - HOUR },
    {
      reason: 'is younger than spec.tags.minimumAge, until 2026-01-01T13:00:00.000Z',
      recheckAt: NOW + HOUR,
    },
  ],
])('where %s', (_, minimumAge, known, expected) => {
  const veto = tooYoung(
    { tag: '1.1', rule: ruleOf('semver-minor') },
    {
      rules: [],
      currentTag: '1.0',
      tags: ['1.0', '1.1'],
      now: NOW,
      filter: buildTagFilter(minimumAge === undefined ? undefined : { minimumAge }),
      facts: new Map(known === undefined ? [] : [['1.1', known]]),
    },
  );
  expect(veto).toEqual(expected);
});
