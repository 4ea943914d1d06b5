import { expect, it } from 'vitest';
import { formatPinnedTag, type PinnedTag, parsePinnedTag, samePinnedTag } from './pinned-tag.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

it.each<[PinnedTag | undefined, PinnedTag | undefined, boolean]>([
  [{ tag: 'v1' }, { tag: 'v1' }, true],
  [{ tag: 'v1', digest: A }, { tag: 'v1', digest: A }, true],
  [{ tag: 'v1' }, { tag: 'v2' }, false],
  [{ tag: 'v1', digest: A }, { tag: 'v1', digest: B }, false],
  [{ tag: 'v1', digest: A }, { tag: 'v1' }, false],
  [{ tag: 'v1' }, undefined, false],
  [undefined, { tag: 'v1' }, false],
  [undefined, undefined, true],
])('%j and %j are the same: %s', (a, b, expected) => {
  expect(samePinnedTag(a, b)).toBe(expected);
});

it.each(['v1', `v1@${A}`])('reads and writes %s', (text) => {
  expect(formatPinnedTag(parsePinnedTag(text)!)).toBe(text);
});

it.each(['', '@', `@${A}`, 'v1@', 'v1@sha256:short', 'a b'])('does not take %j', (text) => {
  expect(parsePinnedTag(text)).toBeUndefined();
});
