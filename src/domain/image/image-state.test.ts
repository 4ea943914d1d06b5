import { describe, expect, it } from 'vitest';
import { imageOf } from '../../../test/support/builders/image.ts';
import { isOfPresentSpec, isSameMove, statusIsCurrent } from './image-state.ts';

const SINCE = '2026-01-01T00:00:00.000Z';
const A = `sha256:${'a'.repeat(64)}`;
const move = { tag: 'v1.1', digest: A, since: SINCE };

describe('isSameMove', () => {
  it.each([
    [move, true],
    [{ ...move, tag: 'v1.2' }, false],
    [{ ...move, digest: `sha256:${'b'.repeat(64)}` }, false],
    [{ tag: 'v1.1', since: SINCE }, false],
    [{ ...move, since: '2026-01-01T00:00:01.000Z' }, false],
  ])('%j: %s', (other, expected) => {
    expect(isSameMove(move, other)).toBe(expected);
  });
});

describe('a status', () => {
  const spec = imageOf({}).spec;
  const of = { tag: 'v1.1', image: spec.image, baseTag: spec.baseTag, conditions: [] };
  it.each([
    ['with a tag', of, true, true],
    ['without a tag', { ...of, tag: undefined }, true, false],
    ['of another repository', { ...of, image: 'registry.test/other' }, false, false],
    ['of another base tag', { ...of, baseTag: 'v0' }, false, false],
  ])('%s', (_, { tag, ...rest }, ofPresentSpec, current) => {
    const image = { ...imageOf({}), status: tag === undefined ? rest : { tag, ...rest } };
    expect([isOfPresentSpec(image), statusIsCurrent(image)]).toEqual([ofPresentSpec, current]);
  });
});
